//! Group commit: threads that need durability share a write and a sync. A [`LogSink`] decides which bytes go to which file.
//!
//! - `push` adds a record to `pending`. `commit` waits until it is durable: the first thread that finds no leader becomes the
//!   leader, and the others wait for `done`.
//! - The leader locks the sink. `write_pending` writes and syncs the records that have gathered, while others add more.
//! - `step_down` publishes the last durable record, a lack of disk space (the records are back in `pending`), or poison, and wakes
//!   all waiting threads.
//! - File switch: `begin_switch` splits `pending`. Its first part goes to the old file, before the sink switches to the next one.
//! - Lock order: `sink`, then either `pending` or `progress`, never both. The locks of `shortage` and `poison` come after `progress`.
//!
//! `tests/interleavings` runs this file under `loom`.

use super::chunks::{Chunks, SpareChunks};
use crate::error;
use crate::poison::Poison;
use crate::resource_shortage::ResourceShortage;
use crate::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering, PoisonError, lock};
use base::store::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

/// The file that records are written to.
pub(crate) trait LogSink {
    /// The next file, created in advance, so that no writer waits for it.
    type Next;

    /// Appends these records and syncs them. `durable` is the last record on stable storage before them. If there is no disk
    /// space, none of them counts as written, and the caller passes them again.
    fn write(&mut self, durable: u64, records: &Chunks) -> Result<(), StoreError>;

    /// Switches to the next file, whose records follow `last_sequence`. If there is no disk space, the caller tries again.
    fn switch_to(&mut self, next: &mut Self::Next, last_sequence: u64) -> Result<(), StoreError>;

    /// The number of a file.
    fn file_number(next: &Self::Next) -> u64;

    /// The error that poisons the store after a panic of the leader.
    fn panicked(&self) -> StoreError;
}

#[derive(Debug)]
struct Pending<N> {
    records: Chunks,
    spare: SpareChunks,
    last_sequence: u64,
    /// The records that still belong to the old file.
    pending_switch: Option<FileSwitch<N>>,
}

/// A pending switch to another file.
#[derive(Debug)]
struct FileSwitch<N> {
    /// Still to be written to the old file, whose last record is `last_sequence`.
    records: Chunks,
    last_sequence: u64,
    next: N,
}

/// Where one file ends and the next begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SwitchPoint {
    /// The number of the next file.
    pub(crate) file: u64,
    /// The last record of the files before it.
    pub(crate) last_sequence: u64,
}

#[derive(Debug)]
struct Progress {
    /// The last record on stable storage.
    durable: u64,
    /// Since when there is a leader.
    leader_since: Option<Instant>,
}

/// Group commit of records to a sink.
#[derive(Debug)]
pub(crate) struct GroupCommit<S: LogSink> {
    poison: Arc<Poison>,
    shortage: ResourceShortage,
    pending: Mutex<Pending<S::Next>>,
    /// Bytes in `pending`.
    waiting: AtomicU64,
    progress: Mutex<Progress>,
    done: Condvar,
    sink: Mutex<S>,
    /// The number of the current file.
    file_number: AtomicU64,
}

impl<S: LogSink> GroupCommit<S> {
    /// `file_number` is the number of the sink's file, `last_sequence` that of the last record in it.
    pub(crate) fn new(
        sink: S,
        file_number: u64,
        last_sequence: u64,
        poison: Arc<Poison>,
        shortage: ResourceShortage,
    ) -> Self {
        Self {
            poison,
            shortage,
            pending: Mutex::new(Pending {
                records: Chunks::default(),
                spare: SpareChunks::default(),
                last_sequence,
                pending_switch: None,
            }),
            waiting: AtomicU64::new(0),
            progress: Mutex::new(Progress {
                durable: last_sequence,
                leader_since: None,
            }),
            done: Condvar::new(),
            sink: Mutex::new(sink),
            file_number: AtomicU64::new(file_number),
        }
    }

    /// Adds a record, which takes `bytes` and which `encode` appends to the pending ones; returns its sequence. The caller holds
    /// the lock that gives records the same order as their effects on the head.
    pub(crate) fn push(&self, bytes: usize, encode: impl FnOnce(&mut Vec<u8>, u64)) -> u64 {
        let mut pending = lock(&self.pending);
        let pending = &mut *pending;
        pending.last_sequence += 1;
        let sequence = pending.last_sequence;
        if let Some(chunk) = pending.records.with_room(bytes, &mut pending.spare) {
            let before = chunk.len();
            encode(chunk, sequence);
            let added = chunk.len() - before;
            self.waiting.fetch_add(added as u64, Ordering::Relaxed);
        }
        sequence
    }

    /// The last record.
    pub(crate) fn last_sequence(&self) -> u64 {
        lock(&self.pending).last_sequence
    }

    /// The number of the current file.
    pub(crate) fn file_number(&self) -> u64 {
        self.file_number.load(Ordering::Acquire)
    }

    /// Bytes that are pending.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The sink; waits until no leader writes to it.
    pub(crate) fn sink(&self) -> MutexGuard<'_, S> {
        lock(&self.sink)
    }

    /// Since when there is a leader.
    pub(crate) fn leader_since(&self) -> Option<Instant> {
        lock(&self.progress).leader_since
    }

    /// The resource that was short when the pending records were written, if any.
    pub(crate) const fn shortage(&self) -> &ResourceShortage {
        &self.shortage
    }

    /// Returns once all records up to `sequence` are on stable storage.
    pub(crate) fn commit(&self, sequence: u64) -> Result<(), StoreError> {
        self.write_until(|progress| progress.durable >= sequence)
    }

    /// Becomes the leader, or waits for the one there is, until `is_done`.
    fn write_until(&self, is_done: impl Fn(&Progress) -> bool) -> Result<(), StoreError> {
        let mut progress = lock(&self.progress);
        loop {
            if is_done(&progress) {
                return Ok(());
            }
            self.poison.check()?;
            if progress.leader_since.is_none() {
                self.shortage.check_retry()?;
                break;
            }
            progress = self
                .done
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
        progress.leader_since = Some(Instant::now());
        drop(progress);
        let mut sink = lock(&self.sink);
        // A panic of the leader ends the log, and the threads that wait for it must learn of that.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_pending(&mut sink)));
        match written {
            Ok(written) => {
                drop(sink);
                self.step_down(written)
            }
            Err(panic) => {
                let error = sink.panicked();
                drop(sink);
                let _ = self.step_down(Err(error));
                resume_unwind(panic)
            }
        }
    }

    /// From here on, records go to `next`. The caller prevents concurrent calls of [`Self::push`]; [`Self::switch_to`] does the
    /// rest.
    pub(crate) fn begin_switch(&self, next: S::Next) -> SwitchPoint {
        let mut pending = lock(&self.pending);
        debug_assert!(pending.pending_switch.is_none());
        let point = SwitchPoint {
            file: S::file_number(&next),
            last_sequence: pending.last_sequence,
        };
        pending.pending_switch = Some(FileSwitch {
            records: std::mem::take(&mut pending.records),
            last_sequence: point.last_sequence,
            next,
        });
        point
    }

    /// Returns once file `file_number` is the current one, and all records of the files before it are on stable storage.
    pub(crate) fn switch_to(&self, file_number: u64) -> Result<(), StoreError> {
        self.write_until(|_| self.file_number() >= file_number)
    }

    /// Ends a leadership: publishes the last durable record, a lack of disk space, or poison.
    fn step_down(&self, reached: Result<u64, StoreError>) -> Result<(), StoreError> {
        let mut progress = lock(&self.progress);
        progress.leader_since = None;
        let outcome = match reached {
            Ok(last_sequence) => {
                progress.durable = progress.durable.max(last_sequence);
                self.shortage.clear();
                Ok(())
            }
            Err(refused) if error::is_retryable(&refused) => Err(self.shortage.set(&refused)),
            Err(error) => Err(self.poison.set(&error)),
        };
        drop(progress);
        self.done.notify_all();
        outcome
    }

    /// Writes and syncs the pending records, those of the old file first; returns the last record.
    fn write_pending(&self, sink: &mut S) -> Result<u64, StoreError> {
        loop {
            let (records, last_sequence, is_switch) = {
                let mut pending = lock(&self.pending);
                match &mut pending.pending_switch {
                    Some(switch) => (
                        std::mem::take(&mut switch.records),
                        switch.last_sequence,
                        true,
                    ),
                    None => {
                        let last_sequence = pending.last_sequence;
                        (std::mem::take(&mut pending.records), last_sequence, false)
                    }
                }
            };
            if !records.is_empty() {
                let durable = lock(&self.progress).durable;
                if let Err(refused) = sink.write(durable, &records) {
                    self.put_back(records);
                    return Err(refused);
                }
                self.waiting
                    .fetch_sub(records.len() as u64, Ordering::Relaxed);
                let unneeded = lock(&self.pending).spare.recycle(records);
                drop(unneeded);
            }
            if !is_switch {
                return Ok(last_sequence);
            }
            self.begin_next(sink)?;
        }
    }

    /// Puts records for which there was no disk space back, before those that were added since.
    fn put_back(&self, records: Chunks) {
        let mut pending = lock(&self.pending);
        let pending = &mut *pending;
        let later = match &mut pending.pending_switch {
            Some(switch) => &mut switch.records,
            None => &mut pending.records,
        };
        later.prepend(records);
    }

    /// Switches to the next file. All records before the switch are on stable storage.
    fn begin_next(&self, sink: &mut S) -> Result<(), StoreError> {
        let Some(mut switch) = lock(&self.pending).pending_switch.take() else {
            return Ok(());
        };
        let file_number = S::file_number(&switch.next);
        if let Err(refused) = sink.switch_to(&mut switch.next, switch.last_sequence) {
            lock(&self.pending).pending_switch = Some(switch);
            return Err(refused);
        }
        self.file_number.store(file_number, Ordering::Release);
        Ok(())
    }
}
