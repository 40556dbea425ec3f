//! A file for a new key, whose text is shown only once.

use crate::error::Failure;
use crate::shown::Shown;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use wire::iam::api_key::ApiKey;
use wire::iam::key_file;

/// More than a key and its description take.
const ROOM_BYTES: usize = 16 << 10;

/// A file for a key. It is opened before the key is made, because a key that cannot be written would be lost.
pub(super) struct KeyFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl KeyFile {
    pub(super) fn prepare(path: &Path) -> Result<Self, Failure> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&beside)
            .map_err(|error| Failure::file("create", path, &error))?;
        let mut prepared = Self {
            path: path.to_owned(),
            beside,
            file,
        };
        prepared
            .reserve()
            .map_err(|error| Failure::file("write", path, &error))?;
        Ok(prepared)
    }

    /// Reserves the space for the key: on a full disk a file can be created but not written.
    fn reserve(&mut self) -> io::Result<()> {
        self.file.write_all(&[b' '; ROOM_BYTES])?;
        self.file.sync_all()?;
        self.file.rewind()
    }

    pub(super) fn keep(mut self, key: &ApiKey) -> Result<(), Failure> {
        let text = key_file::write(key);
        self.file
            .write_all(&text)
            .and_then(|()| self.file.set_len(text.len() as u64))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.path))
            .map_err(|error| {
                Failure::file("write", &self.path, &error).hint(format!(
                    "the key exists but is lost: delete it with `vigie iam api-key-delete {}`",
                    Shown::word(&key.id)
                ))
            })
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.beside));
    }
}
