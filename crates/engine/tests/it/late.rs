//! Samples for many days at once: however far back a sender reaches, a flush makes few files, and the later write counts
//! whichever kind of file it is in.

use crate::support::{DAY, NOON, config, delete, figure, find_in, open_with, range, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::EngineConfig;
use engine::storage::Storage;
use engine::storage::faulty::Faulty;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn patient() -> EngineConfig {
    EngineConfig {
        retention_days: 7300,
        segments_per_day: 2,
        ..config()
    }
}

fn start(storage: &Faulty) -> (engine::Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    (open_with(patient(), storage, &clock).unwrap().0, clock)
}

fn folders(storage: &Faulty) -> usize {
    storage.list(Path::new("/samples/segments")).unwrap().len()
}

/// It made 7300 files, two syncs each, and a manifest of a megabyte.
#[test]
fn a_batch_with_a_sample_a_day_for_twenty_years_makes_few_files() {
    let storage = Faulty::new(1);
    let (engine, _) = start(&storage);
    let days = 7300;
    let instants = (0..days).map(|day| NOON - day * DAY);
    let samples: Vec<(&str, i64, f64)> = instants.map(|at| ("a.b", at, at as f64)).collect();
    send(&engine, 1, &samples);
    let before = storage.operations();
    engine.flush().unwrap();
    let operations = storage.operations() - before;
    assert!(operations < 200, "{operations}");
    assert!(folders(&storage) <= 9);
    assert_eq!(figure(&engine, "segments"), 8.0);
    let mut expected: Vec<(i64, f64)> =
        samples.iter().map(|(_, at, value)| (*at, *value)).collect();
    expected.sort_by_key(|(at, _)| *at);
    assert_eq!(read(&engine, 1, "a.b"), expected);
    drop(engine);
    let (engine, _) = start(&storage);
    assert_eq!(read(&engine, 1, "a.b"), expected);
    for round in 0..4 {
        send(&engine, 1, &samples);
        send(&engine, 1, &[("a.c", NOON + round, 1.0)]);
        engine.flush().unwrap();
    }
    engine.compact().unwrap();
    assert!(figure(&engine, "segments") < 30.0);
    assert_eq!(read(&engine, 1, "a.b"), expected);
}

#[test]
fn of_equal_instants_the_later_write_counts_in_whatever_file_it_is() {
    let storage = Faulty::new(1);
    let (engine, clock) = start(&storage);
    let mut expected = BTreeMap::new();
    for round in 0..12_i64 {
        // In turn for a few days, which get files of their own, and for many; always over the same instants.
        let (days, step) = if round % 2 == 0 { (3, 10) } else { (40, 1) };
        let samples: Vec<(&str, i64, f64)> = (0..days)
            .map(|day| ("a.b", NOON - day * step * DAY, round as f64))
            .collect();
        send(&engine, 1, &samples);
        expected.extend(samples.iter().map(|(_, at, value)| (*at, *value)));
        engine.flush().unwrap();
        if round % 4 == 3 {
            engine.compact().unwrap();
        }
        let all: Vec<(i64, f64)> = expected.clone().into_iter().collect();
        assert_eq!(read(&engine, 1, "a.b"), all, "round {round}");
    }
    let gone = range(NOON - 25 * DAY, NOON - 5 * DAY);
    delete(&engine, 1, "a.b", Some(gone));
    expected.retain(|at, _| !gone.contains(Millis(*at)));
    let all = || -> Vec<(i64, f64)> { expected.clone().into_iter().collect() };
    assert_eq!(read(&engine, 1, "a.b"), all());
    engine.compact().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), all());
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    drop(engine);
    let short = EngineConfig {
        retention_days: 31,
        ..patient()
    };
    let engine = open_with(short, &storage, &clock).unwrap().0;
    assert_eq!(read(&engine, 1, "a.b"), all());
    clock.advance(-20 * DAY);
    for _ in 0..20 {
        clock.advance(DAY);
        engine.flush().unwrap();
    }
    engine.compact().unwrap();
    expected.retain(|at, _| *at >= NOON - 31 * DAY);
    let all: Vec<(i64, f64)> = expected.clone().into_iter().collect();
    assert_eq!(read(&engine, 1, "a.b"), all, "past the retention");
}

/// Forty days of samples, most of them in one late segment, and a clock that goes ahead by two months.
fn ahead(storage: &Faulty) -> (engine::Engine, Arc<ManualClock>) {
    let forty = EngineConfig {
        retention_days: 40,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(forty, storage, &clock).unwrap().0;
    let days: Vec<(&str, i64, f64)> = (0..40).map(|day| ("a.b", NOON - day * DAY, 1.0)).collect();
    send(&engine, 1, &days);
    engine.flush().unwrap();
    // In a segment of its own, which goes.
    send(&engine, 1, &[("a.old", NOON - 38 * DAY, 1.0)]);
    engine.flush().unwrap();
    clock.advance(60 * DAY);
    engine.flush().unwrap();
    (engine, clock)
}

/// Its days were forgotten: deletions of ranges did not reach them, and listings of ranges did not name what is there.
#[test]
fn days_in_a_late_segment_can_be_deleted_when_the_clock_has_been_set_right() {
    let storage = Faulty::new(1);
    let (engine, clock) = ahead(&storage);
    let first_days = range(NOON - 39 * DAY, NOON - 36 * DAY);
    let listed = |engine: &engine::Engine| find_in(engine, 1, "a.*", Some(first_days));
    // A tenth of the days went.
    assert_eq!(listed(&engine), [""; 0]);
    assert_eq!(read(&engine, 1, "a.b").len(), 36);
    clock.advance(-60 * DAY);
    engine.flush().unwrap();
    assert_eq!(listed(&engine), ["a.b leaf"]);
    assert_eq!(read(&engine, 1, "a.b").len(), 40);
    delete(&engine, 1, "a.b", Some(first_days));
    let expected: Vec<(i64, f64)> = (0..36).rev().map(|day| (NOON - day * DAY, 1.0)).collect();
    assert_eq!(read(&engine, 1, "a.b"), expected);
    drop(engine);
    let forty = EngineConfig {
        retention_days: 40,
        ..config()
    };
    let engine = open_with(forty, &storage, &clock).unwrap().0;
    assert_eq!(read(&engine, 1, "a.b"), expected);
}

/// What is left of dropped days takes no part of what may go with a flush, and ends no series twice.
#[test]
fn dropped_days_in_a_late_segment_hold_up_no_others() {
    let storage = Faulty::new(1);
    let (engine, clock) = ahead(&storage);
    // The clock is believed up to thirty days ahead of the newest sample.
    for _ in 0..20 {
        clock.advance(DAY);
        engine.flush().unwrap();
    }
    assert_eq!(read(&engine, 1, "a.b").len(), 11);
    let written = || figure(&engine, "wal_bytes_total");
    let before = written();
    for _ in 0..3 {
        engine.flush().unwrap();
    }
    assert_eq!(written(), before, "nothing is left to be ended");
    engine.compact().unwrap();
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.b").len(), 11);
}
