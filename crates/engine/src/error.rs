//! The few ways in which an engine's own files fail, said in the words of [`StoreError`].

use crate::column::Damaged;
use base::store::StoreError;
use std::io;
use std::path::Path;

/// The operating system refused. The path becomes a text only then: this stands behind every block that is read.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io {
        action,
        file: path.display().to_string(),
        source,
    }
}

/// A file holds what nobody wrote.
pub(crate) fn corrupt(path: &Path, offset: u64, what: impl Into<String>) -> StoreError {
    StoreError::Corrupt {
        file: path.display().to_string(),
        offset,
        what: what.into(),
    }
}

/// A decoder's complaint about a part of a file.
pub(crate) fn damaged(path: &Path, offset: u64) -> impl FnOnce(Damaged) -> StoreError {
    move |Damaged(what)| StoreError::Corrupt {
        file: path.display().to_string(),
        offset,
        what: what.to_owned(),
    }
}

/// Whether the disk, or a quota on it, had no room for a write. A sync that fails so is no such case: what it was to bring
/// to safety may be lost already.
pub(crate) fn is_lack_of_room(error: &StoreError) -> bool {
    match error {
        StoreError::OutOfRoom { .. } => true,
        StoreError::Io { action, source, .. } => {
            *action != "sync"
                && matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                )
        }
        _ => false,
    }
}

/// What went wrong, with the operating system's words, as far as it is not said already.
pub(crate) fn with_source(error: &StoreError) -> String {
    use std::error::Error as _;
    match error {
        StoreError::OutOfRoom { reason } | StoreError::Poisoned { reason } => reason.clone(),
        error => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
