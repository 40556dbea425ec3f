//! The log file that is written to, and its successor, which is created in advance.

use super::chunks::Chunks;
use super::group_commit::LogSink;
use super::record::{self, FILE_HEADER_BYTES, FileHeader, Kind, Payload};
use crate::error::{self, FileAction};
use crate::open_dir::OpenDir;
use crate::storage::{Storage, WriteFile};
use base::store::StoreError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The next file, created in advance, so that no writer waits for it. It has no header yet, and does not count without one.
#[derive(Debug)]
pub(crate) struct NextFile {
    made: Option<Box<dyn WriteFile>>,
    path: PathBuf,
    file_number: u64,
    /// Whether a header that found no disk space left bytes.
    torn: bool,
}

/// Totals of what was written, which other threads may read at any time.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Bytes and syncs since the start.
    pub(crate) bytes: AtomicU64,
    pub(crate) syncs: AtomicU64,
    /// Bytes since the last switch.
    pub(crate) bytes_in_file: AtomicU64,
}

/// The current file.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    file_number: u64,
    length: u64,
    /// Whether a write that found no disk space left bytes after `length`.
    torn: bool,
    totals: Arc<Totals>,
}

/// The end of the log on stable storage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogPosition {
    /// The number of the current file.
    pub(crate) file: u64,
    /// How long that file is up to its last whole record, in bytes.
    pub(crate) length: u64,
}

impl NextFile {
    /// Creates file `file_number`. One that is left unused is found at the next start, and is empty.
    pub(crate) fn make(
        storage: &dyn Storage,
        dir: &Path,
        file_number: u64,
    ) -> Result<Self, StoreError> {
        let path = super::path(dir, file_number);
        let folder = OpenDir::open(storage, dir)?;
        let made = storage.create(&path);
        let made = Some(made.map_err(error::io(FileAction::Create, &path))?);
        if let Err(error) = folder.sync() {
            // If this fails as well, the next start finds the file.
            let _ = storage.remove(&path);
            return Err(error);
        }
        Ok(Self {
            made,
            path,
            file_number,
            torn: false,
        })
    }
}

impl LogFile {
    /// Creates a log file, with its header and directory entry on stable storage; `first_sequence` is that of its first record.
    pub(crate) fn create(
        storage: &dyn Storage,
        dir: &Path,
        file_number: u64,
        first_sequence: u64,
        totals: Arc<Totals>,
    ) -> Result<Self, StoreError> {
        let path = super::path(dir, file_number);
        let folder = OpenDir::open(storage, dir)?;
        let mut file = storage
            .create(&path)
            .map_err(error::io(FileAction::Create, &path))?;
        let header = FileHeader {
            file_number,
            first_sequence,
        }
        .encode();
        if let Err(source) = file.append(&header) {
            let refused = error::io(FileAction::Write, &path)(source);
            if error::is_retryable(&refused) {
                // If it stayed and a crash followed, the next start would take it for the end of the previous file, which is still
                // being written.
                storage
                    .remove(&path)
                    .map_err(error::io(FileAction::Remove, &path))?;
                folder.sync()?;
            }
            return Err(refused);
        }
        file.sync().map_err(error::io(FileAction::Sync, &path))?;
        folder.sync()?;
        Ok(Self {
            file,
            path,
            file_number,
            length: FILE_HEADER_BYTES as u64,
            torn: false,
            totals,
        })
    }

    /// The end of the log on stable storage.
    pub(crate) const fn position(&self) -> LogPosition {
        LogPosition {
            file: self.file_number,
            length: self.length,
        }
    }

    /// Cuts off what was written of records for which there was no disk space: the file continues after the last whole record.
    fn cut_torn(&mut self) -> Result<(), StoreError> {
        if self.torn {
            let cut = self.file.cut(self.length);
            cut.map_err(error::io(FileAction::Cut, &self.path))?;
            self.torn = false;
        }
        Ok(())
    }
}

impl LogSink for LogFile {
    type Next = NextFile;

    fn write(&mut self, durable: u64, records: &Chunks) -> Result<(), StoreError> {
        self.cut_torn()?;
        // This record says that everything before it was synced, so that a start can tell damage there from a torn write. The
        // first write to a file has nothing before it.
        let mut synced_record = Vec::new();
        if self.length > FILE_HEADER_BYTES as u64 {
            let synced = Payload::new(Kind::Synced, Vec::new());
            record::encode(&mut synced_record, durable, &synced);
        }
        let length = (synced_record.len() + records.len()) as u64;
        let written = std::iter::once(synced_record.as_slice())
            .chain(records.iter())
            .filter(|bytes| !bytes.is_empty())
            .try_for_each(|bytes| self.file.append(bytes));
        if let Err(source) = written {
            let refused = error::io(FileAction::Write, &self.path)(source);
            if error::is_retryable(&refused) {
                self.torn = true;
                self.cut_torn()?;
            }
            return Err(refused);
        }
        self.file
            .sync()
            .map_err(error::io(FileAction::Sync, &self.path))?;
        self.length += length;
        self.totals.bytes.fetch_add(length, Ordering::Relaxed);
        let in_file = &self.totals.bytes_in_file;
        in_file.fetch_add(length, Ordering::Relaxed);
        self.totals.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn switch_to(&mut self, next: &mut NextFile, last_sequence: u64) -> Result<(), StoreError> {
        let path = next.path.clone();
        let Some(file) = &mut next.made else {
            return Ok(());
        };
        let header = FileHeader {
            file_number: next.file_number,
            first_sequence: last_sequence + 1,
        };
        if next.torn {
            file.cut(0).map_err(error::io(FileAction::Cut, &path))?;
            next.torn = false;
        }
        if let Err(source) = file.append(&header.encode()) {
            // Cut before the next try, if not at once.
            next.torn = file.cut(0).is_err();
            return Err(error::io(FileAction::Write, &path)(source));
        }
        file.sync().map_err(error::io(FileAction::Sync, &path))?;
        if let Some(file) = next.made.take() {
            self.file = file;
        }
        self.path = path;
        self.file_number = next.file_number;
        self.length = FILE_HEADER_BYTES as u64;
        self.torn = false;
        self.totals.bytes_in_file.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn file_number(next: &NextFile) -> u64 {
        next.file_number
    }

    fn panicked(&self) -> StoreError {
        let panicked = std::io::Error::other("the thread that wrote the log panicked");
        error::io(FileAction::Write, &self.path)(panicked)
    }
}
