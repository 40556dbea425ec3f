//! The log's writing end: records are added to those that wait, and committed in groups ([`super::group_commit`]).

use super::file::{LogFile, LogPosition, NextFile, Totals};
use super::group_commit::{GroupCommit, SwitchPoint};
use super::record::{self, Payload};
use crate::disk_space::DiskSpace;
use crate::error;
use crate::poison::Poison;
use crate::storage::Storage;
use base::store::{Outage, StoreError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Beyond this many unwritten bytes an appender commits, whatever durability it asked for: that bounds memory and slows
/// senders down to the disk.
const PENDING_BYTES_MAX: u64 = 8 << 20;

/// A disk that works takes no longer for what has gathered, however busy it is.
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
    /// Begins file `file_number`; `last_sequence` is the last record there is.
    pub(crate) fn create(
        storage: Arc<dyn Storage>,
        dir: &Path,
        poison: Arc<Poison>,
        room: DiskSpace,
        file_number: u64,
        last_sequence: u64,
    ) -> Result<Self, StoreError> {
        let totals = Arc::new(Totals::default());
        let own = Arc::clone(&totals);
        let file = LogFile::create(storage.as_ref(), dir, file_number, last_sequence + 1, own)?;
        Ok(Self {
            storage,
            dir: dir.to_owned(),
            group: GroupCommit::new(file, file_number, last_sequence, poison, room),
            totals,
        })
    }

    /// Adds a record to those waiting for the next commit; returns its sequence. The caller holds the lock that orders
    /// records as their effects on the head are ordered.
    pub(crate) fn push(&self, payload: &Payload) -> u64 {
        let encode = |out: &mut Vec<u8>, sequence| record::encode(out, sequence, payload);
        self.group.push(encode)
    }

    /// The last record.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.group.last_sequence()
    }

    /// The number of the file that is written to.
    pub(crate) fn file_number(&self) -> u64 {
        self.group.file_number()
    }

    /// Where the log ends on stable storage; waits for who writes.
    pub(crate) fn position(&self) -> LogPosition {
        self.group.sink().position()
    }

    /// Whether so much waits to be written that an appender should see to it.
    pub(crate) fn is_backlogged(&self) -> bool {
        self.waiting() > PENDING_BYTES_MAX
    }

    /// Bytes that wait to be written.
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

    /// Whether the disk answers; nobody is waited for.
    ///
    /// # Errors
    /// [`Outage::Stuck`] when one write and sync has been under way for longer than [`HANGING_AFTER`].
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

    /// Whether there was no room for what waits to be written.
    pub(crate) const fn room(&self) -> &DiskSpace {
        self.group.room()
    }

    /// Refuses what would only wait in memory: while there is no room, and writing what waits already does not succeed.
    pub(crate) fn require_room(&self) -> Result<(), StoreError> {
        if self.room().is_out_of_space() {
            self.commit(self.last_sequence())?;
        }
        Ok(())
    }

    /// Returns once all records up to `sequence` are on stable storage.
    pub(crate) fn commit(&self, sequence: u64) -> Result<(), StoreError> {
        self.group.commit(sequence)
    }

    /// Makes the next file. No lock is needed.
    pub(crate) fn make_next(&self) -> Result<NextFile, StoreError> {
        NextFile::make(self.storage.as_ref(), &self.dir, self.file_number() + 1)
    }

    /// What comes from here on belongs into `next`. The caller keeps others from adding records meanwhile;
    /// [`Self::switch_to`] does the rest.
    pub(crate) fn begin_switch(&self, next: NextFile) -> SwitchPoint {
        self.group.begin_switch(next)
    }

    /// Returns once file `file_number` is the one that is written to, and all that belongs into those before it is on
    /// stable storage.
    pub(crate) fn switch_to(&self, file_number: u64) -> Result<(), StoreError> {
        self.group.switch_to(file_number)
    }
}
