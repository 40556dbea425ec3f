//! Errors of a journal.

use std::io;
use std::path::{Path, PathBuf};

/// Why a journal operation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system returned an error.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// For example `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Its message.
        source: io::Error,
    },
    /// Another process, or another part of this one, has the journal open.
    #[error("another process uses the buffer `{}`", path.display())]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// The journal is full, and nothing may be dropped.
    #[error("the buffer `{}` is full: it may hold {bytes_max} bytes", path.display())]
    Full {
        /// Which folder.
        path: PathBuf,
        /// The maximum size of the journal.
        bytes_max: u64,
    },
    /// The record is larger than the whole journal may be.
    #[error("a record of {bytes} bytes does not fit into the buffer `{}`, which may hold {bytes_max}", path.display())]
    TooLarge {
        /// Which folder.
        path: PathBuf,
        /// The size of the record with its frame.
        bytes: u64,
        /// The maximum size of the journal.
        bytes_max: u64,
    },
}

/// Makes a [`JournalError::Io`] from an operating system error.
pub(crate) fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> JournalError + use<'a> {
    move |source| JournalError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
