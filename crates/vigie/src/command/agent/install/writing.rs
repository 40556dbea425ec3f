//! Writes a file completely or not at all, and never over another.

use crate::error::{Failure, code};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The outcome of writing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteOutcome {
    /// It was written.
    New,
    /// It was there, with this in it.
    Same,
}

/// Writes a file for whom `mode` says; one that is there and differs is replaced only by `force`.
pub(super) fn write(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    force: bool,
) -> Result<WriteOutcome, Failure> {
    match fs::read(path) {
        Ok(there) if there == bytes && !is_open_to_others(path, mode) => {
            return Ok(WriteOutcome::Same);
        }
        Ok(there) if there != bytes && !force => {
            return Err(Failure::failed(format!(
                "`{}` is there already, and differs",
                path.display()
            ))
            .coded(code::FILE)
            .hint(match is_secret(mode) {
                true => "it may hold the only copy of a key: name it with `--key-file FILE`, or move it away",
                false => "see what would be written with `--print`, and replace it with `--force`",
            }));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::file("read", path, &error)),
    }
    put(path, bytes, mode).map_err(|error| Failure::file("write", path, &error))?;
    Ok(WriteOutcome::New)
}

const fn is_secret(mode: u32) -> bool {
    mode & 0o077 == 0
}

/// Whether a file that is to be a secret is a link, or may be read by others. It is then written anew.
fn is_open_to_others(path: &Path, mode: u32) -> bool {
    is_secret(mode)
        && fs::symlink_metadata(path)
            .map_or(true, |found| !found.is_file() || found.mode() & 0o077 != 0)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let folder_mode = if is_secret(mode) { 0o700 } else { 0o755 };
    DirBuilder::new()
        .recursive(true)
        .mode(folder_mode)
        .create(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = folder.join(name);
    // Left by one that was interrupted, or planted: it is never written into.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_that_differs_stays_unless_that_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("unit");
        let put = |text: &str, force| write(&path, text.as_bytes(), 0o600, force);
        assert_eq!(put("one", false).unwrap(), WriteOutcome::New);
        assert_eq!(put("one", false).unwrap(), WriteOutcome::Same);
        assert!(put("two", false).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(put("two", true).unwrap(), WriteOutcome::New);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_may_read_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let put = |mode| write(&path, b"one", mode, false).unwrap();
        assert_eq!(put(0o644), WriteOutcome::Same);
        assert_eq!(put(0o600), WriteOutcome::New);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(put(0o600), WriteOutcome::Same);
    }

    #[test]
    fn what_lies_where_it_is_made_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "theirs").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("unit.new")).unwrap();
        write(&folder.path().join("unit"), b"ours", 0o644, false).unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"theirs");
    }
}
