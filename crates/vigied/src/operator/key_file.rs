//! The file for the password and API key of a new owner, or for a new key.
//!
//! It may be the only copy. So it is always a new file, readable only by its creator, with its room reserved before anything
//! is created, and removed if nothing is created.

use anyhow::Context;
use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes to reserve: names of maximum length, an address, a password and a key.
const RESERVED_BYTES: usize = 8 * 1024;

/// A file that is removed on drop unless it was written.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl KeyFile {
    /// Creates the file, readable by no other user.
    ///
    /// # Errors
    /// If a file of this name exists, or none can be created.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(
            path.as_os_str() != "-",
            "nothing was changed, as `-` names no file\nhint: leave `--key-file` out, and what would be in it is printed once"
        );
        let made = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = made.map_err(|error| {
            let name = path.display();
            if error.kind() == ErrorKind::AlreadyExists {
                anyhow::anyhow!(
                    "`{name}` is there already, and nothing was changed\nhint: it may hold the only copy of a key; name another file with `--key-file FILE`"
                )
            } else {
                anyhow::Error::new(error).context(format!(
                    "nothing was changed, as `{name}` cannot be created\nhint: name a file in a folder this user may write to with `--key-file FILE`"
                ))
            }
        })?;
        let mut made = Self {
            path: path.to_owned(),
            file,
            is_kept: false,
        };
        let reserved = made
            .file
            .write_all(&[b' '; RESERVED_BYTES])
            .and_then(|()| made.file.sync_all())
            .and_then(|()| made.file.rewind());
        reserved.with_context(|| {
            format!(
                "nothing was changed, as `{}` cannot be written",
                path.display()
            )
        })?;
        Ok(made)
    }

    /// Writes the contents; returns the path. If that fails it is logged, and the caller shows them instead.
    pub(crate) fn keep_or_warn(self, text: &str) -> Option<PathBuf> {
        let path = self.path.clone();
        match self.keep(text) {
            Ok(()) => Some(path),
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "cannot write the key file: what belongs into it is shown instead");
                None
            }
        }
    }

    /// Writes and syncs the contents.
    ///
    /// # Errors
    /// If writing fails; the file is then removed.
    fn keep(mut self, text: &str) -> std::io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)?;
        self.file.sync_all()?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // A file that cannot be removed is empty, so it is not mistaken for one with a key.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeyFile;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_made_new_and_holds_what_was_kept_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        KeyFile::create(&path).unwrap().keep("{}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = KeyFile::create(&path).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
    }

    #[test]
    fn a_dash_is_no_file() {
        let error = KeyFile::create("-".as_ref()).unwrap_err().to_string();
        let is_made = std::path::Path::new("-").exists();
        drop(std::fs::remove_file("-"));
        assert!(!is_made && error.contains("`-` names no file"), "{error}");
    }

    #[test]
    fn where_nothing_is_kept_there_is_none_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        drop(KeyFile::create(&path).unwrap());
        assert!(!path.exists());
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        KeyFile::create(&path).unwrap_err();
        assert!(!folder.path().join("elsewhere").exists());
    }
}
