//! A segment with so many blocks that their directory goes through a file of its own while it is written.

use crate::support::{NOON, figure, open, read, send};
use base::store::SampleStore;
use engine::storage::Storage;
use engine::storage::faulty::{Fault, Faulty};
use std::path::Path;

/// More blocks than a writer keeps in memory.
const SERIES: usize = 8000;

fn spill_files(storage: &Faulty) -> usize {
    let files = storage.list(Path::new("/samples/segments/2026-11-23"));
    let files = files.unwrap_or_default().into_iter();
    files.filter(|file| file.ends_with(".blocks")).count()
}

#[test]
fn a_crash_at_any_step_leaves_no_file_of_a_directory_and_loses_nothing() {
    let names: Vec<String> = (0..SERIES).map(|index| format!("a.{index}")).collect();
    let samples: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 1.0))
        .collect();
    let mut left_by_crashes = 0;
    for operation in 1.. {
        let storage = Faulty::new(operation);
        let engine = open(&storage);
        send(&engine, 1, &samples);
        storage.inject(Fault::PowerLoss, operation);
        let flushed = engine.flush();
        let after = storage.crash();
        drop(engine);
        left_by_crashes += spill_files(&after);
        let engine = open(&after);
        assert_eq!(spill_files(&after), 0, "operation {operation}");
        assert!((figure(&engine, "series") - SERIES as f64).abs() < 0.5);
        assert_eq!(read(&engine, 1, "a.7999"), [(NOON, 1.0)]);
        if flushed.is_ok() {
            break;
        }
    }
    assert!(left_by_crashes > 0, "no crash came while there was one");
}
