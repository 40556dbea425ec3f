//! Why a journal cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system said no.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// For example `write`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// Another process, or another part of this one, has it open.
    #[error("another process uses the buffer `{}`", path.display())]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// There is no room, and nothing may be dropped.
    #[error("the buffer `{}` is full: it may hold {bytes_max} bytes", path.display())]
    Full {
        /// Which folder.
        path: PathBuf,
        /// How large it may grow.
        bytes_max: u64,
    },
    /// The record alone is larger than the journal may be.
    #[error("a record of {bytes} bytes does not fit into the buffer `{}`, which may hold {bytes_max}", path.display())]
    TooLarge {
        /// Which folder.
        path: PathBuf,
        /// The record with what is stored beside it.
        bytes: u64,
        /// How large the journal may grow.
        bytes_max: u64,
    },
}

/// Makes an [`JournalError::Io`] of what the operating system said.
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
