//! The few ways in which the engine and its files fail, as a [`StoreError`].
//!
//! What fails for want of something that may come back (room, descriptors, memory) is an [`Unavailable`], and whoever writes files
//! undoes what was begun and tries again ([`is_retryable`]). Of everything else that fails while the engine writes it is unknown
//! what the disk holds: it poisons the store ([`crate::poison`]).

pub(crate) use crate::file_action::FileAction;

use crate::column::Damaged;
use base::store::{Outage, StoreError, Unavailable};
use rustix::io::Errno;
use std::io;
use std::path::Path;

/// An error of the operating system. One for which the disk, or a quota on it, has no room is no failure of the store, but for a
/// sync. The path is formatted only when needed, because every read of a block comes through here.
pub(crate) fn io(action: FileAction, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| {
        let in_the_way = in_the_way(action, source.kind());
        let what = format!("cannot {action} {}{in_the_way}", path.display());
        let is_full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if is_full && action.may_wait_for_room() {
            return out_of_space(&format!("{what}: {source}"));
        }
        // A number comes from the operating system alone: a sync wrapped as another error has none.
        if let Some(shortage) = shortage(&source)
            && action.is_repeatable()
        {
            let reason = format!("{shortage}: {what}: {source}");
            return unavailable(Outage::ResourcesExhausted, reason);
        }
        StoreError::Failed {
            what,
            source: source.into(),
        }
    }
}

/// The end of a message about a foreign file or folder in the place of one of the store's, with the remedy.
const fn in_the_way(action: FileAction, kind: io::ErrorKind) -> &'static str {
    match (kind, action) {
        (io::ErrorKind::IsADirectory, _) => {
            ", which is a folder; move it out of the samples folder"
        }
        (io::ErrorKind::NotADirectory, FileAction::List) => {
            ", which is no folder; move it out of the samples folder"
        }
        (io::ErrorKind::AlreadyExists, FileAction::Create) => {
            ", which is there already; move it out of the samples folder"
        }
        _ => "",
    }
}

/// The operating system has begun no thread.
pub(crate) fn no_thread(name: &str) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Failed {
        what: format!("cannot start thread {name}"),
        source: source.into(),
    }
}

/// The resource of the operating system that was short, and what mends it.
fn shortage(source: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(source)? {
        Errno::MFILE => Some(
            "this process has no file descriptor left; raise its limit of open files (`ulimit -n`, `LimitNOFILE=` of systemd)",
        ),
        Errno::NFILE => {
            Some("this machine has no file descriptor left; raise its limit (`fs.file-max`)")
        }
        Errno::NOMEM => Some("the operating system has no memory left; free some, or give it more"),
        _ => None,
    }
}

/// There is no room for what is to be written.
pub(crate) fn out_of_space(reason: &str) -> StoreError {
    unavailable(
        Outage::DiskFull,
        format!("there is no room on the disk: {reason}"),
    )
}

/// The engine refuses it for now.
pub(crate) fn unavailable(outage: Outage, reason: impl Into<String>) -> StoreError {
    Unavailable::new(outage, reason).into()
}

/// A file holds bytes that the engine has not written.
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

/// Whether nothing is broken, and the same may succeed later: the disk, or a quota on it, had no room for a write, or the operating
/// system no file descriptor or memory.
pub(crate) fn is_retryable(error: &StoreError) -> bool {
    matches!(
        error.outage(),
        Some(Outage::DiskFull | Outage::ResourcesExhausted)
    )
}

/// Whether the operating system found no such file, or no folder that it would lie in.
pub(crate) fn is_not_found(error: &StoreError) -> bool {
    let StoreError::Failed { source, .. } = error else {
        return false;
    };
    let source = source.downcast_ref::<io::Error>();
    source.is_some_and(|source| source.kind() == io::ErrorKind::NotFound)
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
    fn an_error_names_what_is_in_the_way_and_what_to_do() {
        let path = Path::new("/samples/wal");
        let message_of =
            |action: FileAction, kind: io::ErrorKind| io(action, path)(kind.into()).to_string();
        for (action, kind) in [
            (FileAction::Read, io::ErrorKind::IsADirectory),
            (FileAction::Remove, io::ErrorKind::IsADirectory),
            (FileAction::List, io::ErrorKind::NotADirectory),
            (FileAction::Create, io::ErrorKind::AlreadyExists),
        ] {
            let message = message_of(action, kind);
            assert!(message.contains("/samples/wal, which is "), "{message}");
            assert!(
                message.ends_with("; move it out of the samples folder"),
                "{message}"
            );
        }
        // What is no folder is above it, and is not named.
        let above = message_of(FileAction::Read, io::ErrorKind::NotADirectory);
        assert_eq!(above, "cannot read /samples/wal");
        assert_eq!(message_of(FileAction::Read, io::ErrorKind::NotFound), above);
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_refused() {
        let path = Path::new("/samples/segments/late/1.seg");
        let is_missing =
            |kind: io::ErrorKind| is_not_found(&io(FileAction::Create, path)(kind.into()));
        assert!(is_missing(io::ErrorKind::NotFound));
        assert!(!is_missing(io::ErrorKind::PermissionDenied));
        assert!(!is_missing(io::ErrorKind::StorageFull));
    }

    #[test]
    fn a_lack_of_descriptors_or_memory_can_be_tried_again_but_for_a_sync() {
        let path = Path::new("/samples/wal/1.wal");
        for (errno, mends) in [
            (Errno::MFILE, "LimitNOFILE"),
            (Errno::NFILE, "fs.file-max"),
            (Errno::NOMEM, "memory"),
        ] {
            for action in [
                FileAction::Create,
                FileAction::List,
                FileAction::Open,
                FileAction::Read,
                FileAction::Write,
            ] {
                let refused = io(action, path)(errno.into());
                assert_eq!(refused.outage(), Some(Outage::ResourcesExhausted));
                let text = refused.to_string();
                assert!(text.contains(mends) && text.contains("1.wal"), "{text}");
            }
            for action in [FileAction::Sync, FileAction::Cut, FileAction::Replace] {
                assert!(!is_retryable(&io(action, path)(errno.into())), "{action}");
            }
        }
        assert!(!is_retryable(&io(FileAction::Open, path)(Errno::IO.into())));
    }

    #[test]
    fn a_full_disk_is_lack_of_room_for_a_write_and_a_failure_for_a_sync() {
        let path = Path::new("/samples/wal/1.wal");
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let refused = io(FileAction::Write, path)(full());
        assert!(is_retryable(&refused));
        assert_eq!(
            refused.to_string(),
            format!(
                "there is no room on the disk: cannot write /samples/wal/1.wal: {}",
                full()
            )
        );
        let failed = io(FileAction::Sync, path)(full());
        assert!(!is_retryable(&failed));
        assert_eq!(
            with_source(&failed),
            format!("cannot sync /samples/wal/1.wal: {}", full())
        );
    }
}
