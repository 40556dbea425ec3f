//! Replaces a file safely: the new file is created next to the old one, with enough space reserved, before the work whose
//! result it will hold.
//!
//! A renewed login is handed out only once, so the file is prepared before the request: a full disk, a folder that cannot be
//! written and a limit on the size of files are noticed while nothing is lost yet.

use crate::error::Failure;
use crate::links;
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How much a configuration may grow when tokens change: they are 1 to 2 KiB each, and a server may issue longer ones.
const GROWTH_BYTES: u64 = 16 << 10;

/// The new file. It lies next to the old one until it replaces it, and is removed if it is dropped before.
#[derive(Debug)]
pub(crate) struct Prepared {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    is_in_place: bool,
}

impl Prepared {
    /// Creates the file. If the path is a link, the file it points to will be replaced, not the link.
    pub(super) fn for_file(path: &Path) -> Result<Self, Failure> {
        links::refuse_planted(path)?;
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // One name is enough under the lock; what a killed process left behind is removed by the next one.
        let temporary = path.with_extension("json.tmp");
        drop(fs::remove_file(&temporary));
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(|error| Failure::file("create", &temporary, &error))?;
        Ok(Self {
            path,
            temporary,
            file,
            is_in_place: false,
        })
    }

    /// Reserves the space it will need by writing and syncing blanks. (`fallocate` would be faster, but not every file system
    /// has it, and some that have it do not count it against a quota.)
    pub(super) fn reserve(mut self) -> Result<Self, Failure> {
        let held = fs::metadata(&self.path).map_or(0, |found| found.len());
        let room = usize::try_from(held.saturating_add(GROWTH_BYTES)).unwrap_or(usize::MAX);
        let taken = self
            .file
            .write_all(&vec![b' '; room])
            .and_then(|()| self.file.sync_all())
            .and_then(|()| self.file.rewind());
        self.or_failed("write", taken)?;
        Ok(self)
    }

    /// Writes and syncs the content.
    pub(super) fn fill(self, value: &impl Serialize) -> Result<Self, Failure> {
        let mut text = serde_json::to_vec_pretty(value)
            .map(Zeroizing::new)
            .map_err(|error| {
                Failure::failed(format!("cannot write `{}`: {error}", self.path.display()))
            })?;
        text.push(b'\n');
        self.fill_bytes(&text)
    }

    fn fill_bytes(mut self, text: &[u8]) -> Result<Self, Failure> {
        let written = self
            .file
            .write_all(text)
            .and_then(|()| self.file.set_len(text.len() as u64))
            .and_then(|()| self.file.sync_all());
        self.or_failed("write", written)?;
        Ok(self)
    }

    /// Renames it over the old file.
    pub(super) fn put(mut self) -> Result<(), Failure> {
        let renamed = fs::rename(&self.temporary, &self.path);
        self.or_failed("write", renamed)?;
        self.is_in_place = true;
        let synced = self
            .path
            .parent()
            .map_or(Ok(()), |directory| File::open(directory)?.sync_all());
        self.or_failed("write", synced)
    }

    /// Writes the content and replaces the old file.
    pub(crate) fn keep(self, value: &impl Serialize) -> Result<(), Failure> {
        self.fill(value)?.put()
    }

    /// The same with bytes as they are.
    pub(super) fn keep_bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        self.fill_bytes(bytes)?.put()
    }

    fn or_failed(&self, action: &str, result: io::Result<()>) -> Result<(), Failure> {
        result.map_err(|error| Failure::file(action, &self.path, &error))
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.is_in_place {
            drop(fs::remove_file(&self.temporary));
        }
    }
}
