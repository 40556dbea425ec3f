//! The folder of a journal: created durably, locked, and read without following links.

use crate::error::{JournalError, failed};
use rustix::fs::OFlags;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

const EXTENSION: &str = "journal";

/// The path of a file of `folder`.
pub(crate) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.{EXTENSION}"))
}

/// Creates the folder and its parents if they do not exist, accessible to this user only.
pub(crate) fn create(folder: &Path) -> Result<(), JournalError> {
    let absent: Vec<&Path> = folder
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .collect();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed("create", folder))?;
    // If the folder's own name is lost in a crash, its files are lost with it.
    for parent in absent.into_iter().filter_map(Path::parent) {
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        // A parent that cannot be read was not created here, so its creator is responsible for its durability.
        if let Err(JournalError::Io { source, .. }) = sync(parent)
            && source.kind() != io::ErrorKind::PermissionDenied
        {
            return Err(failed("sync", parent)(source));
        }
    }
    Ok(())
}

/// Syncs the names in a folder to stable storage.
pub(crate) fn sync(folder: &Path) -> Result<(), JournalError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("sync", folder))
}

/// Locks the folder for this journal, until the file is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_links())
        .open(&path)
        .map_err(failed("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// The numbers of the folder's files, ascending.
pub(crate) fn numbers(folder: &Path) -> Result<Vec<u64>, JournalError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let path = entry.map_err(failed("read", folder))?.path();
        if path.extension().is_some_and(|end| end == EXTENSION) {
            numbers.extend(
                path.file_stem()
                    .and_then(|stem| stem.to_str()?.parse::<u64>().ok()),
            );
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The contents of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    OpenOptions::new()
        .read(true)
        .custom_flags(no_links())
        .open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(failed("read", path))?;
    Ok(bytes)
}

/// Creates a file; it must not exist.
pub(crate) fn create_file(path: &Path) -> Result<File, JournalError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed("create", path))
}

fn no_links() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}
