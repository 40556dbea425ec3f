//! The write-ahead log: every change of the head is written here first. Its files are numbered. A flush switches to the next one,
//! and removes the files before it once their contents are in segments.

mod chunks;
mod file;
pub(crate) mod group_commit;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod writer;

use crate::file_name;
use std::path::{Path, PathBuf};

/// The end of a log file that a crash left unfinished; it was never acknowledged, and is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file that was cut.
    pub file: PathBuf,
    /// How many bytes were cut.
    pub bytes: u64,
}

/// The path of the file with this number.
pub(crate) fn path(dir: &Path, file_number: u64) -> PathBuf {
    dir.join(format!("{file_number:010}.wal"))
}

/// The file number in the name of a log file. What is named otherwise (`14.wal`, `+0000000014.wal`) is none.
pub(crate) fn file_number(name: &str) -> Option<u64> {
    file_name::file_number(name, "wal")
}
