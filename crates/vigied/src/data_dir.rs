//! The data folder: where everything lies, and the lock that keeps two servers off it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error("`{}` is used by another `vigied`{}\nhint: stop it first, or give this one another folder with `--data DIR`", path.display(), holder.as_deref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        path: PathBuf,
        holder: Option<String>,
    },
    #[error("cannot {action} `{}`\nhint: give a folder this user may write to with `--data DIR`", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// A locked data folder; the lock goes when this is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the folder where needed (mode 0700) and takes its lock.
    pub(crate) fn open(root: &Path) -> Result<Self, DataDirError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| DataDirError::Io {
                action,
                path,
                source,
            }
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(io("create", root))?;
        let root = std::path::absolute(root).map_err(io("resolve", root))?;
        let path = root.join("lock");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let holder = lock
                    .read_to_string(&mut holder)
                    .ok()
                    .map(|_| holder.trim().to_owned());
                return Err(DataDirError::Locked {
                    path: root,
                    holder: holder.filter(|pid| !pid.is_empty()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock", &path)(source)),
        }
        let process = std::process::id().to_string();
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| lock.write_all(process.as_bytes()))
            .map_err(io("write", &path))?;
        Ok(Self { root, _lock: lock })
    }

    /// The identity database.
    pub(crate) fn database(&self) -> PathBuf {
        database(&self.root)
    }

    /// The signing keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The samples.
    pub(crate) fn samples(&self) -> PathBuf {
        self.root.join("samples")
    }
}

/// The identity database of a data folder.
pub(crate) fn database(root: &Path) -> PathBuf {
    root.join("iam.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_kept_off() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap();
        let error = DataDir::open(folder.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        DataDir::open(folder.path()).unwrap();
    }
}
