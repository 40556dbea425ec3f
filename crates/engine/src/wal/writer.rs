//! Appends to the log, and commits in groups: whoever needs durability first becomes the leader, writes what has gathered
//! and syncs once for all; the others wait on a condition variable. Records gather while a sync is under way.

use super::record::{self, FILE_HEADER_BYTES, FileHeader, Kind, Payload};
use crate::error;
use crate::poison::Poison;
use crate::room::Room;
use crate::storage::{Storage, WriteFile};
use base::store::{Outage, StoreError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Beyond this many unwritten bytes an appender commits, whatever durability it asked for: that bounds memory and slows
/// senders down to the disk.
const PENDING_BYTES_MAX: usize = 8 << 20;

/// A disk that works takes no longer for what has gathered, however busy it is.
const HANGING_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Pending {
    bytes: Vec<u8>,
    last: u64,
    /// What belongs into the file before.
    cut: Option<Cut>,
}

impl Pending {
    /// Records that found no room wait on, before all that has come since.
    fn put_back(&mut self, mut bytes: Vec<u8>) {
        let later = match &mut self.cut {
            Some(cut) => &mut cut.bytes,
            None => &mut self.bytes,
        };
        bytes.append(later);
        *later = bytes;
    }
}

/// The end of one file and the beginning of the next.
#[derive(Debug)]
struct Cut {
    /// Still to be written to the old file; the last record of it is `last`.
    bytes: Vec<u8>,
    last: u64,
    next: Next,
}

/// A file that records will go to, made while no writer waits. Without a header it does not count.
#[derive(Debug)]
pub(crate) struct Next {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    number: u64,
}

#[derive(Debug)]
struct Progress {
    /// The last record on stable storage.
    durable: u64,
    /// Since when somebody writes.
    led: Option<Instant>,
}

#[derive(Debug)]
struct OpenFile {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    number: u64,
    length: u64,
    /// Behind `length` lies the beginning of what found no room.
    torn: bool,
}

/// The log's writing end.
#[derive(Debug)]
pub(crate) struct Wal {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    poison: Arc<Poison>,
    room: Room,
    pending: Mutex<Pending>,
    progress: Mutex<Progress>,
    done: Condvar,
    open: Mutex<OpenFile>,
    bytes: AtomicU64,
    syncs: AtomicU64,
    bytes_in_file: AtomicU64,
    number: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a log file, header and directory entry on stable storage.
fn create(
    storage: &dyn Storage,
    dir: &Path,
    number: u64,
    first: u64,
) -> Result<OpenFile, StoreError> {
    let path = super::path(dir, number);
    let mut file = storage.create(&path).map_err(error::io("create", &path))?;
    let header = FileHeader { number, first }.encode();
    if let Err(source) = file.append(&header) {
        let refused = error::io("write", &path)(source);
        if error::is_lack_of_room(&refused) {
            // Left there, and found after a crash, it would end the file before it, which goes on being written.
            storage.remove(&path).map_err(error::io("remove", &path))?;
            storage.sync_dir(dir).map_err(error::io("sync", dir))?;
        }
        return Err(refused);
    }
    file.sync().map_err(error::io("sync", &path))?;
    storage.sync_dir(dir).map_err(error::io("sync", dir))?;
    Ok(OpenFile {
        file,
        path,
        number,
        length: FILE_HEADER_BYTES as u64,
        torn: false,
    })
}

impl Wal {
    /// Begins file `number`; `last` is the last record there is.
    pub(crate) fn create(
        storage: Arc<dyn Storage>,
        dir: &Path,
        poison: Arc<Poison>,
        room: Room,
        number: u64,
        last: u64,
    ) -> Result<Self, StoreError> {
        let open = create(storage.as_ref(), dir, number, last + 1)?;
        Ok(Self {
            storage,
            dir: dir.to_owned(),
            poison,
            room,
            pending: Mutex::new(Pending {
                bytes: Vec::new(),
                last,
                cut: None,
            }),
            progress: Mutex::new(Progress {
                durable: last,
                led: None,
            }),
            done: Condvar::new(),
            open: Mutex::new(open),
            bytes: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            bytes_in_file: AtomicU64::new(0),
            number: AtomicU64::new(number),
        })
    }

    /// Adds a record to those waiting for the next commit; returns its sequence. The caller holds the lock that orders
    /// records as their effects on the head are ordered.
    pub(crate) fn push(&self, payload: &Payload) -> u64 {
        let mut pending = lock(&self.pending);
        pending.last += 1;
        let sequence = pending.last;
        record::encode(&mut pending.bytes, sequence, payload);
        sequence
    }

    /// The last record.
    pub(crate) fn last(&self) -> u64 {
        lock(&self.pending).last
    }

    /// The number of the file that is written to.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// The file that is written to, and how long it is up to its last whole record on stable storage.
    pub(crate) fn position(&self) -> (u64, u64) {
        let open = lock(&self.open);
        (open.number, open.length)
    }

    /// Whether so much waits to be written that an appender should see to it.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting() > PENDING_BYTES_MAX as u64
    }

    /// Bytes that wait to be written.
    pub(crate) fn waiting(&self) -> u64 {
        let pending = lock(&self.pending);
        let cut = pending.cut.as_ref().map_or(0, |cut| cut.bytes.len());
        (pending.bytes.len() + cut) as u64
    }

    /// Bytes written since the start.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes written since the last rotation.
    pub(crate) fn bytes_in_file(&self) -> u64 {
        self.bytes_in_file.load(Ordering::Relaxed)
    }

    /// Syncs since the start.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Whether the disk answers; nobody is waited for.
    ///
    /// # Errors
    /// [`Outage::Stuck`] when one write and sync has been under way for longer than [`HANGING_AFTER`].
    pub(crate) fn look(&self, now: Instant) -> Result<(), StoreError> {
        let since = lock(&self.progress).led;
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
    pub(crate) const fn room(&self) -> &Room {
        &self.room
    }

    /// Refuses what would only wait in memory: while there is no room, and writing what waits already does not succeed.
    pub(crate) fn require_room(&self) -> Result<(), StoreError> {
        if self.room.is_full() {
            self.commit(self.last())?;
        }
        Ok(())
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
            if progress.led.is_none() {
                self.room.may_try()?;
                break;
            }
            progress = self
                .done
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
        progress.led = Some(Instant::now());
        drop(progress);
        let mut leader = Leader {
            wal: self,
            is_done: false,
        };
        let written = self.write_pending(&mut lock(&self.open));
        leader.is_done = true;
        self.step_down(written).map(drop)
    }

    /// Makes the next file. No lock is needed. What is left unused is found at the next start, and is empty.
    pub(crate) fn make_next(&self) -> Result<Next, StoreError> {
        let number = self.number() + 1;
        let path = super::path(&self.dir, number);
        let made = self.storage.create(&path);
        let file = made.map_err(error::io("create", &path))?;
        let next = Next { file, path, number };
        if let Err(source) = self.storage.sync_dir(&self.dir) {
            self.discard(&next);
            return Err(error::io("sync", &self.dir)(source));
        }
        Ok(next)
    }

    /// Removes a file that is not needed after all. When that fails it is found at the next start, and is empty.
    fn discard(&self, next: &Next) {
        let _ = self.storage.remove(&next.path);
    }

    /// What comes from here on belongs into `next`; returns its number and the last record of those before it. The caller
    /// keeps others from adding records meanwhile; [`Self::turn_to`] does the rest.
    pub(crate) fn cut(&self, next: Next) -> (u64, u64) {
        let mut pending = lock(&self.pending);
        debug_assert!(pending.cut.is_none());
        let (number, last) = (next.number, pending.last);
        pending.cut = Some(Cut {
            bytes: std::mem::take(&mut pending.bytes),
            last,
            next,
        });
        (number, last)
    }

    /// Returns once file `number` is the one that is written to, and all that belongs into those before it is on stable
    /// storage.
    pub(crate) fn turn_to(&self, number: u64) -> Result<(), StoreError> {
        self.write_until(|_| self.number() >= number)
    }

    /// Ends a leadership: tells those who wait how far it came, that there was no room, or that all is over.
    fn step_down(&self, reached: Result<u64, StoreError>) -> Result<u64, StoreError> {
        let mut progress = lock(&self.progress);
        progress.led = None;
        let outcome = match reached {
            Ok(last) => {
                progress.durable = progress.durable.max(last);
                self.room.clear();
                Ok(last)
            }
            Err(refused) if error::is_lack_of_room(&refused) => Err(self.room.set(&refused)),
            Err(error) => Err(self.poison.set(&error)),
        };
        drop(progress);
        self.done.notify_all();
        outcome
    }

    /// Writes and syncs what has gathered, to the old file what belongs there; returns the last record.
    fn write_pending(&self, open: &mut OpenFile) -> Result<u64, StoreError> {
        loop {
            let (bytes, last, is_cut) = {
                let mut pending = lock(&self.pending);
                match &mut pending.cut {
                    Some(cut) => (std::mem::take(&mut cut.bytes), cut.last, true),
                    None => (std::mem::take(&mut pending.bytes), pending.last, false),
                }
            };
            self.write_records(open, bytes)?;
            if !is_cut {
                return Ok(last);
            }
            self.begin_next(open)?;
        }
    }

    fn write_records(&self, open: &mut OpenFile, records: Vec<u8>) -> Result<(), StoreError> {
        if open.torn
            && let Err(refused) = Self::cut_torn(open)
        {
            lock(&self.pending).put_back(records);
            return Err(refused);
        }
        if records.is_empty() {
            return Ok(());
        }
        let mut mark = Vec::new();
        if open.length > FILE_HEADER_BYTES as u64 {
            let synced = Payload::new(Kind::Synced, Vec::new());
            record::encode(&mut mark, lock(&self.progress).durable, &synced);
        }
        let length = (mark.len() + records.len()) as u64;
        let written = [mark.as_slice(), records.as_slice()]
            .into_iter()
            .filter(|own| !own.is_empty())
            .try_for_each(|own| open.file.append(own));
        if let Err(source) = written {
            let refused = error::io("write", &open.path)(source);
            if error::is_lack_of_room(&refused) {
                lock(&self.pending).put_back(records);
                open.torn = true;
                Self::cut_torn(open)?;
            }
            return Err(refused);
        }
        open.file.sync().map_err(error::io("sync", &open.path))?;
        open.length += length;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.bytes_in_file.fetch_add(length, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Everything before the cut is on stable storage: its next file gets a header, and counts from here on.
    fn begin_next(&self, open: &mut OpenFile) -> Result<(), StoreError> {
        let Some(mut cut) = lock(&self.pending).cut.take() else {
            return Ok(());
        };
        let header = FileHeader {
            number: cut.next.number,
            first: cut.last + 1,
        };
        let path = cut.next.path.clone();
        if let Err(source) = cut.next.file.append(&header.encode()) {
            let refused = error::io("write", &path)(source);
            if error::is_lack_of_room(&refused) {
                cut.next.file.cut(0).map_err(error::io("cut", &path))?;
                lock(&self.pending).cut = Some(cut);
            }
            return Err(refused);
        }
        let synced = cut.next.file.sync();
        synced.map_err(error::io("sync", &path))?;
        *open = OpenFile {
            file: cut.next.file,
            path,
            number: cut.next.number,
            length: FILE_HEADER_BYTES as u64,
            torn: false,
        };
        self.bytes_in_file.store(0, Ordering::Relaxed);
        self.number.store(open.number, Ordering::Relaxed);
        Ok(())
    }

    /// Takes away what was written of records that found no room: behind the last whole one the file goes on.
    fn cut_torn(open: &mut OpenFile) -> Result<(), StoreError> {
        open.file
            .cut(open.length)
            .map_err(error::io("cut", &open.path))?;
        open.torn = false;
        Ok(())
    }
}

/// Who writes for all. When a panic takes them the log is over, and those who wait hear of it.
struct Leader<'w> {
    wal: &'w Wal,
    is_done: bool,
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            let path = lock(&self.wal.open).path.clone();
            let panicked = std::io::Error::other("the thread that wrote the log panicked");
            let _ = self.wal.step_down(Err(error::io("write", &path)(panicked)));
        }
    }
}
