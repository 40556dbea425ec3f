//! The writer of the log: adds records to the pending ones, and commits them in groups ([`super::group_commit`]).

use super::file::{LogFile, LogPosition, NextFile, Totals};
use super::group_commit::{GroupCommit, SwitchPoint};
use super::record::{self, Payload};
use crate::error;
use crate::poison::Poison;
use crate::resource_shortage::ResourceShortage;
use crate::storage::Storage;
use base::store::{Outage, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Beyond this many pending bytes an appender commits, whatever durability it asked for: this bounds the memory, and slows
/// senders down to the speed of the disk.
const PENDING_BYTES_MAX: u64 = 8 << 20;

/// A working disk takes less than this for one write and sync, however busy it is.
const HANGING_AFTER: Duration = Duration::from_secs(10);

/// Appends records to the log, and commits them in groups.
#[derive(Debug)]
pub(crate) struct LogWriter {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    group: GroupCommit<LogFile>,
    totals: Arc<Totals>,
}

impl LogWriter {
    /// Creates file `file_number`; `last_sequence` is the last record before it.
    pub(crate) fn create(
        storage: Arc<dyn Storage>,
        dir: &Path,
        poison: Arc<Poison>,
        shortage: ResourceShortage,
        file_number: u64,
        last_sequence: u64,
    ) -> Result<Self, StoreError> {
        let totals = Arc::new(Totals::default());
        let file = LogFile::create(
            storage.as_ref(),
            dir,
            file_number,
            last_sequence + 1,
            Arc::clone(&totals),
        )?;
        Ok(Self {
            storage,
            dir: dir.to_owned(),
            group: GroupCommit::new(file, file_number, last_sequence, poison, shortage),
            totals,
        })
    }

    /// Adds a record to the pending ones; returns its sequence. The caller holds the lock that gives records the same order as
    /// their effects on the head.
    pub(crate) fn push(&self, payload: &Payload) -> u64 {
        let encode = |out: &mut Vec<u8>, sequence| record::encode(out, sequence, payload);
        self.group.push(payload.record_bytes(), encode)
    }

    /// The last record.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.group.last_sequence()
    }

    /// The number of the current file.
    pub(crate) fn file_number(&self) -> u64 {
        self.group.file_number()
    }

    /// The end of the log on stable storage; waits until no leader writes.
    pub(crate) fn position(&self) -> LogPosition {
        self.group.sink().position()
    }

    /// Whether so many bytes are pending that the appender must commit.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.waiting() > PENDING_BYTES_MAX
    }

    /// Bytes that are pending.
    pub(crate) fn waiting(&self) -> u64 {
        self.group.waiting()
    }

    /// Bytes written since the start.
    pub(crate) fn bytes(&self) -> u64 {
        self.totals.bytes.load(Ordering::Relaxed)
    }

    /// Bytes written since the last switch.
    pub(crate) fn bytes_in_file(&self) -> u64 {
        self.totals.bytes_in_file.load(Ordering::Relaxed)
    }

    /// Syncs since the start.
    pub(crate) fn syncs(&self) -> u64 {
        self.totals.syncs.load(Ordering::Relaxed)
    }

    /// Checks that the disk answers, without waiting for it.
    ///
    /// # Errors
    /// [`Outage::Stuck`] when one write and sync takes longer than [`HANGING_AFTER`].
    pub(crate) fn check_disk(&self, now: Instant) -> Result<(), StoreError> {
        let since = self.group.leader_since();
        let waited = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if waited < HANGING_AFTER {
            return Ok(());
        }
        let seconds = waited.as_secs();
        Err(error::unavailable(
            Outage::Stuck,
            format!("the store has waited for its disk for {seconds} s"),
        ))
    }

    /// The resource that was short when the pending records were written, if any.
    pub(crate) const fn shortage(&self) -> &ResourceShortage {
        self.group.shortage()
    }

    /// Refuses further records while something is short for the pending ones: they would only fill the memory.
    pub(crate) fn require_resources(&self) -> Result<(), StoreError> {
        if self.shortage().is_present() {
            self.commit(self.last_sequence())?;
        }
        Ok(())
    }

    /// Returns once all records up to `sequence` are on stable storage.
    pub(crate) fn commit(&self, sequence: u64) -> Result<(), StoreError> {
        self.group.commit(sequence)
    }

    /// Creates the next file in advance. No lock is needed.
    pub(crate) fn make_next(&self) -> Result<NextFile, StoreError> {
        NextFile::make(self.storage.as_ref(), &self.dir, self.file_number() + 1)
    }

    /// From here on, records go to `next`. The caller prevents concurrent calls of [`Self::push`]; [`Self::switch_to`] does the
    /// rest.
    pub(crate) fn begin_switch(&self, next: NextFile) -> SwitchPoint {
        self.group.begin_switch(next)
    }

    /// Returns once file `file_number` is the current one, and all records of the files before it are on stable storage.
    pub(crate) fn switch_to(&self, file_number: u64) -> Result<(), StoreError> {
        self.group.switch_to(file_number)
    }
}
