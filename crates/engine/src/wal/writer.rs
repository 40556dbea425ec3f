//! Appends to the log, and commits in groups: whoever needs durability first becomes the leader, writes what has gathered
//! and syncs once for all; the others wait on a condition variable. Records gather while a sync is under way.

use super::record::{self, FILE_HEADER_BYTES, FileHeader, Kind};
use crate::error;
use crate::poison::Poison;
use crate::room::Room;
use crate::storage::{Storage, WriteFile};
use base::store::StoreError;
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
    pub(crate) fn push(&self, kind: Kind, payload: &[u8]) -> u64 {
        let mut pending = lock(&self.pending);
        pending.last += 1;
        let sequence = pending.last;
        record::encode(&mut pending.bytes, kind, sequence, payload);
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
        lock(&self.pending).bytes.len() as u64
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
    /// [`StoreError::Hanging`] when one write and sync has been under way for longer than [`HANGING_AFTER`].
    pub(crate) fn look(&self, now: Instant) -> Result<(), StoreError> {
        let since = lock(&self.progress).led;
        let waited = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if waited < HANGING_AFTER {
            return Ok(());
        }
        let seconds = waited.as_secs();
        Err(StoreError::Hanging { seconds })
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
        let mut progress = lock(&self.progress);
        loop {
            if progress.durable >= sequence {
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
        let written = self.write_pending(&mut lock(&self.open));
        self.step_down(written).map(drop)
    }

    /// Commits everything and begins a new file; returns its number and the last record of those before it. The caller
    /// keeps others from adding records meanwhile. Where there is no room for a new file the old one goes on.
    pub(crate) fn rotate(&self) -> Result<(u64, u64), StoreError> {
        let mut progress = lock(&self.progress);
        while progress.led.is_some() {
            progress = self
                .done
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.poison.check()?;
        progress.led = Some(Instant::now());
        drop(progress);
        let mut open = lock(&self.open);
        let written = self.write_pending(&mut open);
        let begun = match &written {
            Ok(last) => self.begin_file(&mut open, last + 1),
            Err(_) => Ok(()),
        };
        let number = open.number;
        drop(open);
        let last = self.step_down(written)?;
        begun.map(|()| (number, last))
    }

    /// Begins the next file; poisons where that fails, unless for lack of room.
    fn begin_file(&self, open: &mut OpenFile, first: u64) -> Result<(), StoreError> {
        match create(self.storage.as_ref(), &self.dir, open.number + 1, first) {
            Ok(next) => *open = next,
            Err(refused) if error::is_lack_of_room(&refused) => return Err(refused),
            Err(failed) => return Err(self.poison.set(&failed)),
        }
        self.bytes_in_file.store(0, Ordering::Relaxed);
        self.number.store(open.number, Ordering::Relaxed);
        Ok(())
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

    fn write_pending(&self, open: &mut OpenFile) -> Result<u64, StoreError> {
        if open.torn {
            Self::cut(open)?;
        }
        let mut bytes = Vec::new();
        if open.length > FILE_HEADER_BYTES as u64 {
            record::encode(&mut bytes, Kind::Synced, lock(&self.progress).durable, &[]);
        }
        let mark = bytes.len();
        let last = {
            let mut pending = lock(&self.pending);
            if pending.bytes.is_empty() {
                return Ok(pending.last);
            }
            bytes.append(&mut pending.bytes);
            pending.last
        };
        if let Err(source) = open.file.append(&bytes) {
            let refused = error::io("write", &open.path)(source);
            if error::is_lack_of_room(&refused) {
                let mut pending = lock(&self.pending);
                bytes.drain(..mark);
                bytes.append(&mut pending.bytes);
                pending.bytes = bytes;
                drop(pending);
                open.torn = true;
                Self::cut(open)?;
            }
            return Err(refused);
        }
        open.file.sync().map_err(error::io("sync", &open.path))?;
        open.length += bytes.len() as u64;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.bytes_in_file
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(last)
    }

    /// Takes away what was written of records that found no room: behind the last whole one the file goes on.
    fn cut(open: &mut OpenFile) -> Result<(), StoreError> {
        open.file
            .cut(open.length)
            .map_err(error::io("cut", &open.path))?;
        open.torn = false;
        Ok(())
    }
}
