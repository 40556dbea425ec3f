//! The paths of the files in a samples folder.

use crate::file_name::file_number;
use crate::manifest::{self, Manifest};
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
    if header.is_multi_day() {
        segments.join(LATE)
    } else {
        segments.join(header.day.to_string())
    }
}

/// Whether a file has a name that this engine gives. It never removes others, because they are not its own.
pub(crate) fn is_ours(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        let mut kinds = ["wal", "names", "seg", "blocks"].into_iter();
        name == manifest::TEMPORARY || kinds.any(|kind| file_number(name, kind).is_some())
    })
}

/// Whether a folder has a name that this engine gives to one of segments.
pub(crate) fn is_segment_folder(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name == LATE || is_date(name))
}

/// Whether it may be the date of a [`crate::day::Day`]: the year has four characters or more, of which the first may be a minus.
fn is_date(name: &str) -> bool {
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_within = |digits: &str, last: u8| {
        let number = digits.parse::<u8>();
        digits.len() == 2 && is_number(digits) && number.is_ok_and(|it| (1..=last).contains(&it))
    };
    let mut parts = name.rsplitn(3, '-');
    let (Some(day), Some(month), Some(year)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let year_digits = year.strip_prefix('-').unwrap_or(year);
    year.len() >= 4 && is_number(year_digits) && is_within(month, 12) && is_within(day, 31)
}

/// A file that a manifest lists under a name which this engine gives to none of that kind.
pub(crate) fn stray_file(manifest: &Manifest) -> Option<&str> {
    let is_names = |file: &str| {
        let name = file
            .strip_prefix(NAMES)
            .and_then(|rest| rest.strip_prefix('/'));
        name.is_some_and(|name| file_number(name, "names").is_some())
    };
    let is_segment = |file: &str| {
        let path = file
            .strip_prefix(SEGMENTS)
            .and_then(|rest| rest.strip_prefix('/'));
        path.and_then(|path| path.split_once('/'))
            .is_some_and(|(folder, name)| {
                is_segment_folder(Path::new(folder)) && file_number(name, "seg").is_some()
            })
    };
    let names = manifest.names.iter().map(String::as_str);
    let segments = manifest.segments.iter().map(|entry| entry.file.as_str());
    let stray_names = names.filter(|file| !is_names(file));
    stray_names
        .chain(segments.filter(|file| !is_segment(file)))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{SegmentEntry, UnknownFields};

    #[test]
    fn a_folder_of_segments_is_named_by_a_date_or_late() {
        let first_year = crate::day::Day(-719_528 - 400).to_string();
        let last = crate::day::Day(i32::MAX).to_string();
        for name in ["late", "2026-11-23", &first_year, &last] {
            assert!(is_segment_folder(Path::new(name)), "{name}");
        }
        for name in [
            "",
            "-",
            "2026",
            "20261123",
            "2026-13-01",
            "2026-00-01",
            "2026-11-32",
            "2026-1-1",
            "26-11-23",
            "2026-11-+3",
        ] {
            assert!(!is_segment_folder(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_manifest_lists_files_of_the_store_alone() {
        let listing = |names: &[&str], segments: &[&str]| {
            let mut manifest = Manifest::new([1, 2]);
            manifest.names = names.iter().map(|&file| file.to_owned()).collect();
            let entry = |file: &&str| SegmentEntry {
                file: (*file).to_owned(),
                day: 1,
                more_days: 0,
                sequence: 1,
                samples: 1,
                series: 1,
                bytes: 1,
                from: 0,
                until: 0,
                unknown_fields: UnknownFields::new(),
            };
            manifest.segments = segments.iter().map(entry).collect();
            stray_file(&manifest).map(str::to_owned)
        };
        let names = "names/0000000001.names";
        let segments = [
            "segments/2026-11-23/0000000002.seg",
            "segments/late/0000000003.seg",
        ];
        assert_eq!(listing(&[names], &segments), None);
        for stray in [
            "",
            "../x",
            "/etc/passwd",
            "names/../0000000001.names",
            "names/1.names",
            "names0000000001.names",
            segments[0],
        ] {
            assert_eq!(listing(&[names, stray], &segments).as_deref(), Some(stray));
        }
        for stray in [
            "../0000000002.seg",
            "segments/../0000000002.seg",
            "segments/0000000002.seg",
            "segments/late/../0000000002.seg",
            names,
        ] {
            assert_eq!(
                listing(&[names], &[segments[0], stray]).as_deref(),
                Some(stray)
            );
        }
    }

    #[test]
    fn only_names_that_the_engine_gives_are_ours() {
        assert!(is_ours(Path::new("/samples/manifest.json.new")));
        assert!(is_ours(Path::new("/samples/wal/0000000014.wal")));
        assert!(!is_ours(Path::new("/samples/wal/14.wal")));
        assert!(!is_ours(Path::new("/samples/wal/notes.txt")));
    }
}
