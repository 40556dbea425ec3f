//! Group commit: threads that need durability share a write and a sync. Which bytes go where is [`LogSink`]'s business.
//!
//! - `push` adds a record to `pending`. `commit` waits for it: who finds no leader becomes it, the others wait for `done`.
//! - The leader takes the sink; `write_pending` writes and syncs what has gathered, while more records gather.
//! - `step_down` publishes how far it came, a lack of room (the bytes are back in `pending`), or poison, and wakes all.
//! - File switch: `begin_switch` parts `pending`; the first part goes to the old file before the sink takes the next.
//! - Lock order: `sink`, then `pending` or `progress`, never both; under `progress` those of the room and the poison.
//!
//! `tests/interleavings` runs this file under `loom`.

use crate::disk_space::DiskSpace;
use crate::error;
use crate::poison::Poison;
use crate::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering, PoisonError};
use base::store::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Memory that is kept for records to come.
const SPARE_BYTES_MAX: usize = 8 << 20;

/// The file that records are written to.
pub(crate) trait LogSink {
    /// A file that records will go to, made while no writer waits.
    type Next;

    /// Brings these records to stable storage, behind those before them. `durable`: the last record that is there. Where
    /// there was no room nothing of them counts, and they come again.
    fn write(&mut self, durable: u64, records: &[u8]) -> Result<(), StoreError>;

    /// Goes on with another file, whose records follow `last_sequence`. Where there was no room for that it comes again.
    fn switch_to(&mut self, next: &mut Self::Next, last_sequence: u64) -> Result<(), StoreError>;

    /// The number of a file.
    fn file_number(next: &Self::Next) -> u64;

    /// What is told when a panic has ended the writing.
    fn panicked(&self) -> StoreError;
}

#[derive(Debug)]
struct Pending<N> {
    bytes: Vec<u8>,
    /// Takes the place of `bytes` when those are written: it has been as large before, so that no appender has others wait
    /// while memory is found for it.
    spare: Vec<u8>,
    last_sequence: u64,
    /// What belongs into the file before.
    pending_switch: Option<FileSwitch<N>>,
}

impl<N> Pending<N> {
    fn take(&mut self) -> Vec<u8> {
        let spare = std::mem::take(&mut self.spare);
        std::mem::replace(&mut self.bytes, spare)
    }

    /// Keeps the memory of what is written, unless it is much; returns what is not needed, to be freed without the lock.
    fn keep(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if (self.spare.capacity()..=SPARE_BYTES_MAX).contains(&bytes.capacity()) {
            bytes.clear();
            std::mem::swap(&mut self.spare, &mut bytes);
        }
        bytes
    }
}

/// A pending switch to another file.
#[derive(Debug)]
struct FileSwitch<N> {
    /// Still to be written to the old file; the last record of it is `last_sequence`.
    bytes: Vec<u8>,
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
    /// Since when somebody writes.
    leader_since: Option<Instant>,
}

/// Group commit of records to a sink.
#[derive(Debug)]
pub(crate) struct GroupCommit<S: LogSink> {
    poison: Arc<Poison>,
    room: DiskSpace,
    pending: Mutex<Pending<S::Next>>,
    /// Bytes in `pending`.
    waiting: AtomicU64,
    progress: Mutex<Progress>,
    done: Condvar,
    sink: Mutex<S>,
    /// Of the file that is written to.
    file_number: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: LogSink> GroupCommit<S> {
    /// `file_number`: of the file that the sink writes to; `last_sequence`: the last record there is.
    pub(crate) fn new(
        sink: S,
        file_number: u64,
        last_sequence: u64,
        poison: Arc<Poison>,
        room: DiskSpace,
    ) -> Self {
        Self {
            poison,
            room,
            pending: Mutex::new(Pending {
                bytes: Vec::new(),
                spare: Vec::new(),
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

    /// Adds a record, which `encode` writes behind those that wait; returns its sequence. The caller holds the lock that
    /// orders records as their effects on the head are ordered.
    pub(crate) fn push(&self, encode: impl FnOnce(&mut Vec<u8>, u64)) -> u64 {
        let mut pending = lock(&self.pending);
        pending.last_sequence += 1;
        let (sequence, before) = (pending.last_sequence, pending.bytes.len());
        encode(&mut pending.bytes, sequence);
        let added = pending.bytes.len() - before;
        self.waiting.fetch_add(added as u64, Ordering::Relaxed);
        sequence
    }

    /// The last record.
    pub(crate) fn last_sequence(&self) -> u64 {
        lock(&self.pending).last_sequence
    }

    /// The number of the file that is written to.
    pub(crate) fn file_number(&self) -> u64 {
        self.file_number.load(Ordering::Acquire)
    }

    /// Bytes that wait to be written.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The file that is written to; waits for who writes.
    pub(crate) fn sink(&self) -> MutexGuard<'_, S> {
        lock(&self.sink)
    }

    /// Since when somebody writes.
    pub(crate) fn leader_since(&self) -> Option<Instant> {
        lock(&self.progress).leader_since
    }

    /// Whether there was no room for what waits to be written.
    pub(crate) const fn room(&self) -> &DiskSpace {
        &self.room
    }

    /// Returns once all records up to `sequence` are on stable storage.
    pub(crate) fn commit(&self, sequence: u64) -> Result<(), StoreError> {
        self.write_until(|progress| progress.durable >= sequence)
    }

    /// Leads, or waits for who does, until `is_done`.
    fn write_until(&self, is_done: impl Fn(&Progress) -> bool) -> Result<(), StoreError> {
        let mut progress = lock(&self.progress);
        loop {
            if is_done(&progress) {
                return Ok(());
            }
            self.poison.check()?;
            if progress.leader_since.is_none() {
                self.room.check_retry()?;
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
        // When a panic takes who writes for all the log is over, and those who wait hear of it.
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

    /// What comes from here on belongs into `next`. The caller keeps others from adding records meanwhile;
    /// [`Self::switch_to`] does the rest.
    pub(crate) fn begin_switch(&self, next: S::Next) -> SwitchPoint {
        let mut pending = lock(&self.pending);
        debug_assert!(pending.pending_switch.is_none());
        let point = SwitchPoint {
            file: S::file_number(&next),
            last_sequence: pending.last_sequence,
        };
        pending.pending_switch = Some(FileSwitch {
            bytes: pending.take(),
            last_sequence: point.last_sequence,
            next,
        });
        point
    }

    /// Returns once file `file_number` is the one that is written to, and all that belongs into those before it is on
    /// stable storage.
    pub(crate) fn switch_to(&self, file_number: u64) -> Result<(), StoreError> {
        self.write_until(|_| self.file_number() >= file_number)
    }

    /// Ends a leadership: tells those who wait how far it came, that there was no room, or that all is over.
    fn step_down(&self, reached: Result<u64, StoreError>) -> Result<(), StoreError> {
        let mut progress = lock(&self.progress);
        progress.leader_since = None;
        let outcome = match reached {
            Ok(last_sequence) => {
                progress.durable = progress.durable.max(last_sequence);
                self.room.clear();
                Ok(())
            }
            Err(refused) if error::is_lack_of_room(&refused) => Err(self.room.set(&refused)),
            Err(error) => Err(self.poison.set(&error)),
        };
        drop(progress);
        self.done.notify_all();
        outcome
    }

    /// Writes and syncs what has gathered, to the old file what belongs there; returns the last record.
    fn write_pending(&self, sink: &mut S) -> Result<u64, StoreError> {
        loop {
            let (bytes, last_sequence, is_switch) = {
                let mut pending = lock(&self.pending);
                match &mut pending.pending_switch {
                    Some(switch) => (
                        std::mem::take(&mut switch.bytes),
                        switch.last_sequence,
                        true,
                    ),
                    None => (pending.take(), pending.last_sequence, false),
                }
            };
            if !bytes.is_empty() {
                let durable = lock(&self.progress).durable;
                if let Err(refused) = sink.write(durable, &bytes) {
                    self.put_back(bytes);
                    return Err(refused);
                }
                self.waiting
                    .fetch_sub(bytes.len() as u64, Ordering::Relaxed);
                let unneeded = lock(&self.pending).keep(bytes);
                drop(unneeded);
            }
            if !is_switch {
                return Ok(last_sequence);
            }
            self.begin_next(sink)?;
        }
    }

    /// Records that found no room wait on, before all that has come since.
    fn put_back(&self, mut bytes: Vec<u8>) {
        let mut pending = lock(&self.pending);
        let pending = &mut *pending;
        let later = match &mut pending.pending_switch {
            Some(switch) => &mut switch.bytes,
            None => &mut pending.bytes,
        };
        bytes.append(later);
        *later = bytes;
    }

    /// Everything before the switch is on stable storage: the next file counts from here on.
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
