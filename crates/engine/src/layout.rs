//! The paths of the files in a samples folder.

use crate::file_name::file_number;
use crate::manifest;
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

/// Whether a file has a name that this engine gives. Others are left alone: they are of somebody else.
pub(crate) fn is_ours(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        let mut kinds = ["wal", "names", "seg", "blocks"].into_iter();
        name == manifest::TEMPORARY || kinds.any(|kind| file_number(name, kind).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_the_engine_gives_are_ours() {
        assert!(is_ours(Path::new("/samples/manifest.json.new")));
        assert!(is_ours(Path::new("/samples/wal/0000000014.wal")));
        assert!(!is_ours(Path::new("/samples/wal/14.wal")));
        assert!(!is_ours(Path::new("/samples/wal/notes.txt")));
    }
}
