//! The engine's upkeep of its files: merges, purges, and files left behind.

use crate::events::RecordedEvents;
use crate::support::{
    DAY, MINUTE, NOON, config, delete, fetch_in, figure, open, open_with, range, read, send,
};
use base::store::{SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::Storage;
use engine::storage::disk::Disk;
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::Arc;

#[test]
fn a_large_segment_is_left_alone_until_something_in_it_is_deleted() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let crowded = EngineConfig {
        segments_per_day: 2,
        ..config()
    };
    let start = || open_with(crowded.clone(), &storage, &clock).unwrap().0;
    let engine = start();
    let mut expected: std::collections::BTreeMap<i64, f64> = (0..5000)
        .map(|at| (NOON - at * 1000, (at as f64).sqrt()))
        .collect();
    let large: Vec<(&str, i64, f64)> = expected
        .iter()
        .map(|(at, value)| ("a.b", *at, *value))
        .collect();
    send(&engine, 1, &large);
    engine.flush().unwrap();
    let dir = Path::new("/samples/segments/2026-11-23");
    let first = storage.list(dir).unwrap();
    // Overwritten in the large one, deleted in a small one and written again.
    for round in 1..=3_i64 {
        let (at, value) = (NOON - round % 2 * 1000, round as f64);
        send(&engine, 1, &[("a.b", at, value), ("a.c", at, value)]);
        expected.insert(at, value);
        engine.flush().unwrap();
        delete(&engine, 1, "a.c", Some(range(at, at)));
    }
    // Merged in the background only for being many: deletions are not due.
    let same = |engine: &Engine| {
        assert_eq!(
            read(engine, 1, "a.b"),
            expected.clone().into_iter().collect::<Vec<_>>()
        );
        assert_eq!(read(engine, 1, "a.c"), []);
    };
    same(&engine);
    delete(&engine, 1, "a.c", None);
    send(&engine, 2, &[("other", NOON, 1.0)]);
    engine.flush().unwrap();
    drop(engine);
    let engine = start();
    same(&engine);
    engine.compact().unwrap();
    same(&engine);
    assert_eq!(
        storage.list(dir).unwrap().len(),
        1,
        "a deletion merges the whole day"
    );
    for round in 0..4 {
        send(&engine, 2, &[("other", NOON - round, 2.0)]);
        engine.flush().unwrap();
    }
    let before = storage.list(dir).unwrap();
    engine.compact().unwrap();
    let after = storage.list(dir).unwrap();
    assert_eq!((before.len(), after.len()), (5, 2));
    assert_eq!(
        before.first(),
        after.first(),
        "the large one is the same file"
    );
    assert_ne!(first, after);
    same(&engine);
    assert_eq!(read(&engine, 2, "other").len(), 4);
    drop(engine);
    same(&start());
}

#[test]
fn starts_leave_no_log_files_behind() {
    let storage = Faulty::new(1);
    for _ in 0..5 {
        let engine = open(&storage);
        engine.flush().unwrap();
        drop(engine);
    }
    assert_eq!(storage.list(Path::new("/samples/wal")).unwrap().len(), 1);
}

#[test]
fn a_damaged_day_does_not_keep_others_from_merging() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    for round in 0..10 {
        send(
            &engine,
            1,
            &[("a.b", NOON - round, 1.0), ("a.b", NOON - DAY - round, 1.0)],
        );
        engine.flush().unwrap();
    }
    let dir = Path::new("/samples/segments/2026-11-22");
    let first = dir.join(storage.list(dir).unwrap().first().unwrap());
    assert!(storage.damage(&first, 49));
    assert!(matches!(engine.compact(), Err(StoreError::Damaged { .. })));
    assert!(figure(&engine, "segments") < 12.0);
    assert_eq!(
        fetch_in(&engine, 1, "a.b", range(NOON - 99, NOON))[0]
            .values
            .len(),
        10
    );
}

/// Each of them was merged again from its beginning after every flush.
#[test]
fn damaged_days_are_left_alone_for_a_pause_that_grows_while_others_merge() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let heard = Arc::new(RecordedEvents::default());
    let eager = EngineConfig {
        segments_per_day: 2,
        flush_interval_ms: 1,
        ..config()
    };
    let engine = Engine::open_with_events(
        eager,
        Arc::clone(&clock) as _,
        Arc::new(storage.clone()),
        Arc::clone(&heard) as _,
    );
    let engine = engine.unwrap().0;
    let figure = |name: &str| figure(&engine, name);
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
        while !holds() {
            assert!(std::time::Instant::now() < deadline, "{what}");
            std::thread::yield_now();
        }
    };
    let fresh = |days: &[i64], round: i64| {
        let samples: Vec<(&str, i64, f64)> =
            days.iter().map(|noon| ("a.b", noon + round, 1.0)).collect();
        send(&engine, 1, &samples);
        until("flush", &|| figure("head_samples") < 1.0);
    };
    // Later days than the damaged ones: a pass that merges one has come to those before.
    let merge_day = |noon: i64| {
        let (before, seconds) = (figure("merges_total"), figure("merge_seconds_total"));
        for round in 0..3 {
            fresh(&[noon], round);
        }
        until("merge", &|| figure("merges_total") > before);
        assert!(figure("merge_seconds_total") > seconds);
    };
    let damaged = [NOON - 4 * DAY, NOON - 3 * DAY];
    fresh(&damaged, 0);
    fresh(&damaged, 1);
    let dirs = ["2026-11-19", "2026-11-20"].map(|day| Path::new("/samples/segments").join(day));
    for dir in &dirs {
        let first = dir.join(storage.list(dir).unwrap().first().unwrap());
        assert!(storage.damage(&first, 49));
    }
    fresh(&damaged, 2);
    for dir in &dirs {
        heard.until(&format!("merge: {}", dir.display()));
    }
    let failures = || figure("merge_failures_total") as u64;
    merge_day(NOON - 2 * DAY);
    assert_eq!(failures(), 2, "told once each");
    clock.advance(MINUTE - 1);
    merge_day(NOON - DAY);
    assert_eq!(failures(), 2, "the pause is not over");
    clock.advance(1);
    until("the second try", &|| failures() >= 4);
    clock.advance(2 * MINUTE - 1);
    merge_day(NOON);
    assert_eq!(failures(), 4, "the pause has grown");
    clock.advance(1);
    until("the third try", &|| failures() >= 6);
}

#[test]
fn years_of_days_need_few_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let long = EngineConfig {
            retention_days: 2000,
            ..EngineConfig::new(folder.path())
        };
        let clock = Arc::new(ManualClock::at(Millis(NOON)));
        Engine::open(long, clock, Arc::new(Disk)).unwrap().0
    };
    let ours = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        let links = all.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        links.filter(|path| path.starts_with(folder.path())).count()
    };
    let days: Vec<(&str, i64, f64)> = (0..400).map(|day| ("a.b", NOON - day * DAY, 1.0)).collect();
    let engine = start();
    send(&engine, 1, &days);
    engine.flush().unwrap();
    for _ in 0..2 {
        assert_eq!(read(&engine, 1, "a.b").len(), 400);
        let open = ours();
        assert!((1..=260).contains(&open), "{open}");
    }
    drop(engine);
    let engine = start();
    assert!(ours() <= 260);
    assert_eq!(read(&engine, 1, "a.b").len(), 400);
}

#[test]
fn deletions_rewrite_days_once_in_a_while() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let storage = Faulty::new(1);
    let eager = EngineConfig {
        flush_interval_ms: 1,
        ..config()
    };
    let engine = open_with(eager, &storage, &clock).unwrap().0;
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
        while !holds() {
            assert!(std::time::Instant::now() < deadline, "{what}");
            std::thread::yield_now();
        }
    };
    let merges = || figure(&engine, "merges_total");
    let fresh = || {
        send(
            &engine,
            1,
            &[("a.b", NOON - DAY, 1.0), ("a.c", NOON - DAY, 1.0)],
        );
        // To its end: of a series that is deleted while it is being written, nothing comes into the file.
        engine.flush().unwrap();
    };
    fresh();
    delete(&engine, 1, "a.b", None);
    until("the first purge", &|| merges() >= 1.0);
    fresh();
    // Before the deletion: its flush may have ended when the figure is asked for, and no other follows.
    let flushes = figure(&engine, "flushes_total");
    delete(&engine, 1, "a.b", None);
    until("flushes", &|| {
        figure(&engine, "flushes_total") >= flushes + 1.0
    });
    let before = merges();
    assert!(before < 2.0, "{before}");
    clock.advance(DAY);
    until("the next purge", &|| merges() > before);
}
