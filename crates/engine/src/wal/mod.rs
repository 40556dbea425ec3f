//! The write-ahead log: what changes the head is here first. One file per generation of the head; a flush begins a new
//! one and removes those before it.

mod file;
pub(crate) mod group;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod writer;

use std::path::{Path, PathBuf};

/// The end of a log file that a crash left unfinished; it was never acknowledged, and is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Which file.
    pub file: PathBuf,
    /// How many bytes were cut.
    pub bytes: u64,
}

/// The file of generation `number`.
pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.wal"))
}

/// The generation that a file name stands for.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".wal")?.parse().ok()
}
