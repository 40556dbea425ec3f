//! What others have put into the samples folder: the store leaves it alone, or says what is in its way.

use crate::support::{NOON, read, send};
use base::store::{SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
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
