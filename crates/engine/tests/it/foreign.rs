//! What others have put into the samples folder: the store leaves it alone, or says what is in its way. It writes over nothing, and
//! loses nothing of its own.

use crate::support::{NOON, read, send};
use base::store::{SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn start(dir: &Path) -> Result<Engine, StoreError> {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let opened = Engine::open(EngineConfig::new(dir), clock, Arc::new(Disk));
    opened.map(|(engine, _)| engine)
}

/// Puts folders and files of others wherever the store keeps its own.
fn put_foreign(dir: &Path) -> Vec<PathBuf> {
    let names: [&[u8]; 6] = [
        b"notes.txt",
        b"copy.wal",
        b"14.seg",
        b"old.names",
        b"\xff.wal",
        b"\xff\xfe",
    ];
    let mut all = Vec::new();
    for folder in ["wal", "names", "segments", "segments/2026-11-23"] {
        let folder = dir.join(folder);
        for name in ["lost+found", ".snapshot"] {
            let inner = folder.join(name);
            fs::create_dir_all(&inner).unwrap();
            all.push(inner.join("0000000001.wal"));
        }
        all.extend(names.map(|name| folder.join(OsStr::from_bytes(name))));
    }
    for path in &all {
        fs::write(path, [7_u8; 999]).unwrap();
    }
    all
}

#[test]
fn what_is_not_of_the_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let all = put_foreign(&dir);
    // A new store first, then one that is there.
    for round in 1..=3_usize {
        let engine = start(&dir).unwrap();
        send(&engine, 1, &[("a.b", NOON + round as i64, 1.0)]);
        engine.flush().unwrap();
        assert_eq!(read(&engine, 1, "a.b").len(), round);
    }
    for path in &all {
        assert_eq!(fs::read(path).unwrap(), [7_u8; 999], "{}", path.display());
    }
}

#[test]
fn what_is_in_the_way_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let engine = start(&dir).unwrap();
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    engine.flush().unwrap();
    drop(engine);
    for (name, is_folder) in [
        ("wal/0000000099.wal", true),
        ("names/0000000099.names", true),
        ("segments/2026-11-23/0000000099.seg", true),
        ("segments/2026-11-24", false),
    ] {
        let path = dir.join(name);
        if is_folder {
            fs::create_dir(&path).unwrap();
        } else {
            fs::write(&path, "").unwrap();
        }
        let error = start(&dir).unwrap_err().to_string();
        let named = path.display().to_string();
        let is_told = error.contains(&named) && error.contains("move it out of");
        assert!(is_told, "{name}: {error}");
        if is_folder {
            fs::remove_dir(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
    }
    assert_eq!(read(&start(&dir).unwrap(), 1, "a.b"), [(NOON, 1.0)]);
}

/// What somebody puts where the store would make its next file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stray {
    File,
    Folder,
}

impl Stray {
    fn put(self, path: &Path) {
        if self == Self::Folder {
            fs::create_dir(path).unwrap();
        }
        fs::write(self.file(path), [7_u8; 999]).unwrap();
    }

    fn file(self, path: &Path) -> PathBuf {
        match self {
            Self::File => path.to_owned(),
            Self::Folder => path.join("kept"),
        }
    }

    fn check(self, path: &Path) {
        let held = fs::read(self.file(path));
        let held = held.unwrap_or_else(|error| panic!("{self:?} {}: {error}", path.display()));
        assert_eq!(held, [7_u8; 999], "{self:?} {}", path.display());
    }
}

/// The highest number in the names that the store has given to files of a folder.
fn last_number(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
    let numbers = entries.filter_map(|entry| {
        let name = entry.unwrap().file_name();
        let (digits, _) = name.to_str()?.split_once('.')?;
        (digits.len() == 10).then(|| digits.parse::<u64>().ok())?
    });
    numbers.max().unwrap()
}

/// Where the next log file, segment, name file and manifest are made.
fn next_files(dir: &Path) -> [PathBuf; 4] {
    let day = dir.join("segments/2026-11-23");
    let (log, names) = (dir.join("wal"), dir.join("names"));
    let next = last_number(&day).max(last_number(&names)) + 1;
    [
        log.join(format!("{:010}.wal", last_number(&log) + 1)),
        day.join(format!("{next:010}.seg")),
        // A flush takes the number before it for its segment.
        names.join(format!("{:010}.names", next + 1)),
        dir.join("manifest.json.new"),
    ]
}

/// Puts a stray where `work` makes a file. It is refused by name, what is there stays as it is, and once it is moved away nothing is
/// missing.
fn meet_stray(
    dir: &Path,
    stray: (Stray, &Path),
    work: impl Fn(&Engine) -> Result<(), StoreError>,
    check: impl Fn(&Engine),
    engine: Engine,
) {
    let (stray, path) = stray;
    let named = path.display().to_string();
    stray.put(path);
    let error = work(&engine).unwrap_err().to_string();
    let is_told = error.contains(&named) && error.contains("move it out of the samples folder");
    assert!(is_told, "{stray:?} {named}: {error}");
    stray.check(path);
    check(&engine);
    drop(engine);
    stray.check(path);
    // A file of another kind may be what a crash left, and is removed by a start; of a log, only what is too short to hold anything.
    if stray == Stray::Folder || named.ends_with(".wal") {
        let error = start(dir).unwrap_err().to_string();
        assert!(error.contains(&named), "{stray:?} {named}: {error}");
        stray.check(path);
    }
    let away = dir.with_file_name("away");
    fs::rename(path, &away).unwrap();
    let engine = start(dir).unwrap();
    check(&engine);
    work(&engine).unwrap_or_else(|error| panic!("{stray:?} {named}: {error}"));
    check(&engine);
    stray.check(&away);
}

#[test]
fn what_lies_where_a_flush_makes_a_file_is_refused_by_name_and_nothing_is_lost() {
    for stray in [Stray::File, Stray::Folder] {
        for kind in 0..4 {
            let folder = tempfile::tempdir().unwrap();
            let dir = folder.path().join("samples");
            let engine = start(&dir).unwrap();
            send(&engine, 1, &[("a.b", NOON, 1.0)]);
            engine.flush().unwrap();
            send(&engine, 1, &[("a.b", NOON + 1, 2.0), ("a.c", NOON, 3.0)]);
            let path = &next_files(&dir)[kind];
            let check = |engine: &Engine| {
                let both = [(NOON, 1.0), (NOON + 1, 2.0)];
                assert_eq!(read(engine, 1, "a.b"), both, "{stray:?} {path:?}");
                assert_eq!(read(engine, 1, "a.c"), [(NOON, 3.0)], "{stray:?} {path:?}");
            };
            meet_stray(&dir, (stray, path), Engine::flush, check, engine);
        }
    }
}

#[test]
fn what_lies_where_a_merge_makes_a_file_is_refused_by_name_and_nothing_is_lost() {
    for stray in [Stray::File, Stray::Folder] {
        // The segment, and the manifest.
        for kind in [1, 3] {
            let folder = tempfile::tempdir().unwrap();
            let dir = folder.path().join("samples");
            let foreign = put_foreign(&dir);
            let engine = start(&dir).unwrap();
            // One more than a day may have.
            let rounds = EngineConfig::new(&dir).segments_per_day as i64 + 1;
            for round in 0..rounds {
                send(&engine, 1, &[("a.b", NOON + round, round as f64)]);
                engine.flush().unwrap();
            }
            let path = &next_files(&dir)[kind];
            let check = |engine: &Engine| {
                let all: Vec<_> = (0..rounds)
                    .map(|round| (NOON + round, round as f64))
                    .collect();
                assert_eq!(read(engine, 1, "a.b"), all, "{stray:?} {path:?}");
            };
            meet_stray(&dir, (stray, path), Engine::compact, check, engine);
            for path in &foreign {
                Stray::File.check(path);
            }
        }
    }
}

/// What a crash leaves of a flush has such names; nothing of it was acknowledged.
#[test]
fn a_file_that_the_manifest_does_not_name_goes_at_a_start_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("samples");
    let engine = start(&dir).unwrap();
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    engine.flush().unwrap();
    let [_, segment, names, manifest] = next_files(&dir);
    // Beside a segment of many blocks, while it is written.
    let blocks = segment.with_extension("blocks");
    let left = [segment, blocks, names, manifest];
    drop(engine);
    for path in &left {
        Stray::File.put(path);
    }
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, report) = Engine::open(EngineConfig::new(&dir), clock, Arc::new(Disk)).unwrap();
    let reported: BTreeSet<PathBuf> = report.orphans.into_iter().collect();
    assert_eq!(reported, BTreeSet::from(left.clone()));
    assert!(left.iter().all(|path| !path.exists()));
    send(&engine, 1, &[("a.c", NOON, 2.0)]);
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0)]);
    assert_eq!(read(&engine, 1, "a.c"), [(NOON, 2.0)]);
}
