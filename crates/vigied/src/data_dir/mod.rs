//! The data folder: its layout, and its lock, which allows one server at a time.

pub(crate) mod identity_mark;
pub(crate) mod key_of_node;
pub(crate) mod private_files;
pub(crate) mod samples_of_another;
pub(crate) mod tour_folder;

use private_files::FileError;
use rustix::process::geteuid;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error("`{}` is used by another `vigied`{}\nhint: stop it first, or give this one another folder with `--data DIR`", path.display(), holder.as_deref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        path: PathBuf,
        holder: Option<String>,
    },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot {action} `{}`\nhint: give a folder this user may write to with `--data DIR`", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// A locked data folder. The lock is released on drop, and when the process ends in any way.
#[derive(Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the folder if needed (mode 0700), checks its files, and locks it. With `any_mode` it does not check who may read
    /// them.
    pub(crate) fn open(root: &Path, any_mode: bool) -> Result<Self, DataDirError> {
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
        tighten(&root).map_err(io("close to others", &root))?;
        private_files::check_folder(&root, any_mode)?;
        private_files::check_single_names(&root)?;
        let path = root.join("lock");
        let mut lock = private_files::open_to_write(&root, "lock")?;
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
        keys(&self.root)
    }

    /// The samples.
    pub(crate) fn samples(&self) -> PathBuf {
        samples(&self.root)
    }
}

/// The identity database of a data folder.
pub(crate) fn database(root: &Path) -> PathBuf {
    root.join("iam.db")
}

/// The data folder that is meant where `root` is none: the one in it that has the usual name, or the one that it is in.
pub(crate) fn meant_by(root: &Path) -> Option<PathBuf> {
    let inside = root.join("vigie-data");
    let above = root.ancestors().skip(1).map(Path::to_path_buf);
    std::iter::once(inside)
        .chain(above)
        .find(|folder| !folder.as_os_str().is_empty() && database(folder).exists())
}

/// The signing keys of a data folder.
pub(crate) fn keys(root: &Path) -> PathBuf {
    root.join("keys")
}

/// The samples of a data folder.
pub(crate) fn samples(root: &Path) -> PathBuf {
    root.join("samples")
}

/// The process that holds the lock of a data folder, if one does.
pub(crate) fn holder(root: &Path) -> std::io::Result<Option<u32>> {
    let opened = File::options()
        .read(true)
        .custom_flags(private_files::no_follow())
        .open(root.join("lock"));
    let mut lock = match opened {
        Ok(lock) => lock,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            lock.read_to_string(&mut text)?;
            Ok(text.trim().parse().ok())
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes an empty folder of this user private.
fn tighten(root: &Path) -> std::io::Result<()> {
    let found = root.metadata()?;
    let is_open = found.mode() & 0o077 != 0;
    let is_ours = found.uid() == geteuid().as_raw();
    if is_open && is_ours && root.read_dir()?.next().is_none() {
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_kept_off() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path(), false).unwrap();
        let error = DataDir::open(folder.path(), false).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        DataDir::open(folder.path(), false).unwrap();
    }

    #[test]
    fn the_folder_inside_and_the_one_around_are_found() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("vigie-data");
        let inside = data.join("samples");
        std::fs::create_dir_all(&inside).unwrap();
        assert_eq!(meant_by(parent.path()), None);
        std::fs::write(database(&data), "").unwrap();
        assert_eq!(meant_by(parent.path()).as_deref(), Some(data.as_path()));
        assert_eq!(meant_by(&inside).as_deref(), Some(data.as_path()));
        assert_eq!(meant_by(&parent.path().join("other")), None);
        assert_eq!(meant_by(Path::new("nowhere")), None);
    }
}
