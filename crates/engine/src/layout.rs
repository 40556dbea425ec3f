//! The paths of the files in a samples folder.

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

/// The number in the name of a file, `0000000014.seg`, if it is as this engine writes it: a number has one name only.
pub(crate) fn file_number(name: &str, extension: &str) -> Option<u64> {
    let digits = name.strip_suffix(extension)?.strip_suffix('.')?;
    let number = digits.parse().ok()?;
    (format!("{number:010}") == digits).then_some(number)
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
    fn a_number_has_one_name() {
        for (name, number) in [
            ("0000000014.seg", Some(14)),
            ("10000000000.seg", Some(10_000_000_000)),
            ("18446744073709551615.seg", Some(u64::MAX)),
            ("18446744073709551616.seg", None),
            ("14.seg", None),
            ("+0000000014.seg", None),
            ("+000000014.seg", None),
            ("-000000014.seg", None),
            ("00000000014.seg", None),
            ("0000000014seg", None),
            ("0000000014.wal", None),
            (".seg", None),
        ] {
            assert_eq!(file_number(name, "seg"), number, "{name}");
        }
        assert!(is_ours(Path::new("/samples/manifest.json.new")));
        assert!(is_ours(Path::new("/samples/wal/0000000014.wal")));
        assert!(!is_ours(Path::new("/samples/wal/14.wal")));
        assert!(!is_ours(Path::new("/samples/wal/notes.txt")));
    }
}
