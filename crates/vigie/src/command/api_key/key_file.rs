//! A file for a new key, whose text is shown only once.

use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use wire::iam::api_key::ApiKey;
use wire::iam::key_file;

/// More than a key and its description take.
const ROOM_BYTES: usize = 16 << 10;

/// A file for a key: always a new one, because one that is there may hold the only copy of another key. It is opened before the
/// key is made, because a key that cannot be written would be lost, and removed if nothing was kept in it.
pub(super) struct KeyFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl KeyFile {
    pub(super) fn prepare(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Err(Failure::usage("`-` names no file for the key")
                .hint("leave `--file` out, and the key is printed once"));
        }
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => is_there(path),
                _ => Failure::file("create", path, &error),
            })?;
        let mut prepared = Self {
            path: path.to_owned(),
            file,
            is_kept: false,
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

    /// Writes the key. `if_lost` says what to do with one that cannot be kept.
    pub(super) fn keep(mut self, key: &ApiKey, if_lost: PrintableText) -> Result<(), Failure> {
        let text = key_file::write(key);
        self.file
            .write_all(&text)
            .and_then(|()| self.file.set_len(text.len() as u64))
            .and_then(|()| self.file.sync_all())
            .map_err(|error| Failure::file("write", &self.path, &error).hint(if_lost))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn is_there(path: &Path) -> Failure {
    let message = escaped!("`{}` is there already, and no key was made", path.display());
    Failure::usage(message)
        .hint("it may hold the only copy of a key; name another file with `--file FILE`")
}
