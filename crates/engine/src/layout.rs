//! The paths of the files in a samples folder.

use crate::segment::layout::Header;
use std::path::{Path, PathBuf};

pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const NAMES: &str = "names";
pub(crate) const WAL: &str = "wal";

/// The folder of segments with samples of many days.
pub(crate) const LATE: &str = "late";

/// The folder of a segment.
pub(crate) fn segment_dir(dir: &Path, header: &Header) -> PathBuf {
    let segments = dir.join(SEGMENTS);
    if header.is_late() {
        segments.join(LATE)
    } else {
        segments.join(header.day.to_string())
    }
}
