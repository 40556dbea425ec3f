//! The few ways in which the engine and its files fail, as a [`StoreError`].

use crate::column::Damaged;
use base::store::{Outage, StoreError, Unavailable};
use rustix::io::Errno;
use std::io;
use std::path::Path;

/// An error of the operating system. A write for which the disk, or a quota on it, has no room is no failure of the store. A
/// sync that fails for the same reason is one: what it should have secured may be lost already. A file that cannot be opened because
/// too many are open is none either: nothing was begun. The path is formatted only when needed, because every read of a block comes
/// through here.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| {
        // Somebody else has put it where a file or a folder of the store would be.
        let in_the_way = match source.kind() {
            io::ErrorKind::IsADirectory => ", which is a folder; move it out of the samples folder",
            io::ErrorKind::NotADirectory if action == "list" => {
                ", which is no folder; move it out of the samples folder"
            }
            _ => "",
        };
        let what = format!("cannot {action} {}{in_the_way}", path.display());
        let is_full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if is_full && action != "sync" {
            return out_of_space(&format!("{what}: {source}"));
        }
        if lacks_descriptor(action, &source) {
            return unavailable(
                Outage::NoFileDescriptor,
                format!("no more files can be opened: {what}: {source}"),
            );
        }
        StoreError::Failed {
            what,
            source: source.into(),
        }
    }
}

/// Whether there was no file descriptor left, or no memory for one. Only what opens a file says that the table of files is full; for
/// lack of memory a sync could fail as well.
fn lacks_descriptor(action: &str, source: &io::Error) -> bool {
    let errno = source.raw_os_error();
    let is = |known: Errno| errno == Some(known.raw_os_error());
    is(Errno::MFILE) || is(Errno::NFILE) || (is(Errno::NOMEM) && action != "sync")
}

/// There is no room for what is to be written.
pub(crate) fn out_of_space(reason: &str) -> StoreError {
    unavailable(
        Outage::DiskFull,
        format!("there is no room on the disk: {reason}"),
    )
}

/// The engine does not do it now.
pub(crate) fn unavailable(outage: Outage, reason: impl Into<String>) -> StoreError {
    Unavailable::new(outage, reason).into()
}

/// A file holds what nobody wrote.
pub(crate) fn corrupt(path: &Path, offset: u64, what: impl AsRef<str>) -> StoreError {
    StoreError::Damaged {
        place: path.display().to_string(),
        what: format!("at offset {offset}: {}", what.as_ref()),
    }
}

/// A decoder's complaint about a part of a file.
pub(crate) fn damaged(path: &Path, offset: u64) -> impl FnOnce(Damaged) -> StoreError {
    move |Damaged(what)| corrupt(path, offset, what)
}

/// Whether nothing is broken, and the same may succeed later: the disk, or a quota on it, had no room for a write, or too many files
/// were open.
pub(crate) fn is_retryable(error: &StoreError) -> bool {
    matches!(
        error.outage(),
        Some(Outage::DiskFull | Outage::NoFileDescriptor)
    )
}

/// The error, with the operating system's words.
pub(crate) fn with_source(error: &StoreError) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_way_is_told_with_what_to_do() {
        let path = Path::new("/samples/wal");
        let said =
            |action: &'static str, kind: io::ErrorKind| io(action, path)(kind.into()).to_string();
        for (action, kind) in [
            ("read", io::ErrorKind::IsADirectory),
            ("remove", io::ErrorKind::IsADirectory),
            ("list", io::ErrorKind::NotADirectory),
        ] {
            let said = said(action, kind);
            assert!(said.contains("/samples/wal, which is "), "{said}");
            assert!(
                said.ends_with("; move it out of the samples folder"),
                "{said}"
            );
        }
        // What is no folder is above it, and is not named.
        let above = said("read", io::ErrorKind::NotADirectory);
        assert_eq!(above, "cannot read /samples/wal");
        assert_eq!(said("read", io::ErrorKind::NotFound), above);
    }

    #[test]
    fn too_many_open_files_are_no_failure_whatever_was_to_be_opened() {
        let path = Path::new("/samples/segments");
        let refused = |action: &'static str, errno: Errno| {
            io(action, path)(io::Error::from_raw_os_error(errno.raw_os_error()))
        };
        for (action, errno, is_none) in [
            ("open", Errno::MFILE, true),
            ("create", Errno::NFILE, true),
            ("read", Errno::NOMEM, true),
            // The folder was to be opened first.
            ("sync", Errno::MFILE, true),
            ("sync", Errno::NOMEM, false),
            ("sync", Errno::IO, false),
            ("open", Errno::ACCESS, false),
        ] {
            let refused = refused(action, errno);
            assert_eq!(is_retryable(&refused), is_none, "{action}: {errno}");
            let is_told = refused.outage() == Some(Outage::NoFileDescriptor);
            assert_eq!(is_told, is_none, "{action}: {errno}");
        }
        let refused = refused("open", Errno::MFILE).to_string();
        assert!(
            refused.starts_with("no more files can be opened: cannot open /samples/segments: "),
            "{refused}"
        );
    }

    #[test]
    fn a_full_disk_is_lack_of_room_for_a_write_and_a_failure_for_a_sync() {
        let path = Path::new("/samples/wal/1.wal");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let refused = io("write", path)(full());
        assert!(is_retryable(&refused));
        assert_eq!(
            refused.to_string(),
            format!(
                "there is no room on the disk: cannot write /samples/wal/1.wal: {}",
                full()
            )
        );
        let failed = io("sync", path)(full());
        assert!(!is_retryable(&failed));
        assert_eq!(
            with_source(&failed),
            format!("cannot sync /samples/wal/1.wal: {}", full())
        );
    }
}
