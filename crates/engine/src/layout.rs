//! Where the files of a samples folder lie.

use crate::day::Day;
use std::path::{Path, PathBuf};

pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const NAMES: &str = "names";
pub(crate) const WAL: &str = "wal";

/// The folder of one day's segments.
pub(crate) fn day_dir(dir: &Path, day: Day) -> PathBuf {
    dir.join(SEGMENTS).join(day.to_string())
}
