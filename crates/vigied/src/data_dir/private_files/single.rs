//! Files that are written in place must have exactly one name. Through another name (a hard link), a write would change a file
//! that somebody else chose, or a backup made of hard links.
//!
//! Files that are only read, or replaced as a whole, are not checked: hard links are a valid backup of them.

use super::{FileError, check_owner, io, metadata_of, no_follow};
use rustix::fs::OFlags;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Files that are written in place.
const WRITTEN: [&str; 7] = [
    "lock",
    "identity",
    "iam.db",
    "iam.db-wal",
    "iam.db-shm",
    "iam.db-journal",
    "agent.log",
];

/// The log of the store: after a crash, its last file is cut at its last whole record.
const LOG: &str = "samples/wal";

/// Checks all files of the folder that are written in place.
pub(crate) fn check_single_names(root: &Path) -> Result<(), FileError> {
    for name in WRITTEN {
        check(root, &root.join(name))?;
    }
    let log = root.join(LOG);
    let entries = match log.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io(&log))?,
    };
    for entry in entries {
        check(root, &entry.map_err(io(&log))?.path())?;
    }
    Ok(())
}

/// Opens or creates a file of the folder for writing, and keeps its contents. The open file is checked, not what was at its
/// path before.
pub(crate) fn open_to_write(root: &Path, name: &str) -> Result<File, FileError> {
    let path = root.join(name);
    // Opening a pipe would block.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_follow() | flags)
        .open(&path)
        .map_err(io(&path))?;
    let found = file.metadata().map_err(io(&path))?;
    if !found.is_file() {
        return Err(FileError::Kind {
            path,
            expected: "a file",
        });
    }
    check_owner(&path, &found)?;
    single(root, &path, &found)?;
    Ok(file)
}

fn check(root: &Path, path: &Path) -> Result<(), FileError> {
    match metadata_of(path)? {
        Some(found) if found.is_file() => single(root, path, &found),
        _ => Ok(()),
    }
}

fn single(root: &Path, path: &Path, found: &Metadata) -> Result<(), FileError> {
    if found.nlink() < 2 {
        return Ok(());
    }
    Err(FileError::Names {
        path: path.to_owned(),
        remedy: own_copy(root),
    })
}

/// The commands that replace hard links by copies.
fn own_copy(root: &Path) -> String {
    let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let with_suffix = |more: &str| {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(more);
        super::word(&root.with_file_name(name))
    };
    let (root, old, copy) = (
        super::word(root),
        with_suffix(".shared"),
        with_suffix(".own"),
    );
    format!("cp -a {root} {copy} && mv {root} {old} && mv {copy} {root}")
}

/// Reads an optional file of the folder. It follows no link, and never blocks.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    let Some(found) = metadata_of(path)? else {
        return Ok(None);
    };
    // Checked before opening: a pipe would block.
    let kind = |found: &Metadata| match found.is_file() {
        true => Ok(()),
        false => Err(FileError::Kind {
            path: PathBuf::from(path),
            expected: "a file",
        }),
    };
    kind(&found)?;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = File::options()
        .read(true)
        .custom_flags(no_follow() | flags)
        .open(path)
        .map_err(io(path))?;
    let found = file.metadata().map_err(io(path))?;
    kind(&found)?;
    check_owner(path, &found)?;
    std::io::read_to_string(file).map(Some).map_err(io(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{hard_link, read_to_string, write};
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_written_in_place_is_opened_under_its_only_name() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let precious = outside.path().join("precious");
        write(&precious, "precious").unwrap();
        let lock = folder.path().join("lock");
        hard_link(&precious, &lock).unwrap();
        let error = open_to_write(folder.path(), "lock").unwrap_err();
        assert!(matches!(error, FileError::Names { .. }), "{error}");
        assert!(check_single_names(folder.path()).is_err());
        std::fs::remove_file(&lock).unwrap();
        symlink(&precious, &lock).unwrap();
        assert!(open_to_write(folder.path(), "lock").is_err());
        std::fs::remove_file(&lock).unwrap();
        assert_eq!(read_to_string(&precious).unwrap(), "precious");
        open_to_write(folder.path(), "lock").unwrap();
        open_to_write(folder.path(), "lock").unwrap();
        check_single_names(folder.path()).unwrap();
    }

    #[test]
    fn a_file_that_is_read_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vigie.toml");
        assert_eq!(read_text(&path).unwrap(), None);
        std::fs::create_dir(&path).unwrap();
        let error = read_text(&path).unwrap_err();
        assert!(matches!(error, FileError::Kind { .. }), "{error}");
    }
}
