//! A process that has as many files open as it may: whatever it was to open, nothing acknowledged is lost, nothing is left behind, and
//! all goes on once files can be opened again.

use crate::support::{DAY, MINUTE, NOON, batch, config, open_with, read, scope};
use base::store::{Durability, Outage, SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig, RecoveryReport};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Merges often, and tries again at once.
fn open(storage: &Faulty) -> (Engine, RecoveryReport) {
    let config = EngineConfig {
        segments_per_day: 2,
        disk_full_retry_ms: 0,
        ..config()
    };
    open_with(config, storage, &Arc::new(ManualClock::at(Millis(NOON)))).unwrap()
}

fn append(engine: &Engine, at: i64, value: f64) -> Result<(), StoreError> {
    let samples = [("a.b", at, value), ("a.c", at, value)];
    engine
        .append(&scope(1), &batch(&samples), Durability::Committed)
        .map(drop)
}

/// Repeats what finds no file descriptor; returns how often it found none.
fn until_done(what: &str, work: impl Fn() -> Result<(), StoreError>) -> u32 {
    let mut refusals = 0;
    loop {
        match work() {
            Ok(()) => return refusals,
            Err(error) if error.outage() == Some(Outage::NoFileDescriptor) => refusals += 1,
            Err(error) => panic!("{what}: {error}"),
        }
        assert!(refusals < 100, "{what} never ends");
    }
}

/// Sends, flushes and merges, with samples of several days, old and new; returns what was stored, and how often there was no
/// descriptor.
fn worked_through(engine: &Engine, what: &str) -> (BTreeMap<i64, f64>, u32) {
    let mut stored = BTreeMap::new();
    let mut refusals = 0;
    for round in 0..20_i32 {
        let at = NOON - i64::from(round / 6 * 6) * MINUTE - if round % 9 == 0 { DAY } else { 0 };
        let value = f64::from(round);
        refusals += until_done(what, || append(engine, at, value));
        stored.insert(at, value);
        if round % 5 == 4 {
            refusals += until_done(what, || engine.flush());
            refusals += until_done(what, || engine.compact());
        }
    }
    (stored, refusals)
}

fn check(engine: &Engine, expected: &BTreeMap<i64, f64>, what: &str) {
    let expected: Vec<(i64, f64)> = expected.iter().map(|(at, value)| (*at, *value)).collect();
    for name in ["a.b", "a.c"] {
        assert_eq!(read(engine, 1, name), expected, "{what}, {name}");
    }
}

#[test]
fn whatever_finds_no_descriptor_is_done_later_and_loses_nothing() {
    let storage = Faulty::new(1);
    let engine = open(&storage).0;
    let begun = storage.opens();
    let (_, none) = worked_through(&engine, "undisturbed");
    let opens = storage.opens() - begun;
    assert!(none == 0 && opens > 40, "{none}, {opens}");
    drop(engine);
    for many in [1, 3] {
        let mut refusals = 0;
        for skipped in 0..opens {
            let what = format!("{many} opens refused after {skipped}");
            let storage = Faulty::new(skipped);
            let engine = open(&storage).0;
            storage.refuse_opens(skipped, many);
            let (mut stored, refused) = worked_through(&engine, &what);
            refusals += refused;
            storage.refuse_opens(0, 0);
            engine.health().unwrap();
            engine.check_disk_space().unwrap();
            check(&engine, &stored, &what);
            // What could not be looked for, such as old log files, is found by the next flush.
            append(&engine, NOON, 0.0).unwrap();
            stored.insert(NOON, 0.0);
            engine.flush().unwrap();
            drop(engine);
            let (engine, report) = open(&storage);
            assert_eq!(report.orphans, <[PathBuf; 0]>::default(), "{what}");
            let after = storage.crash();
            drop(engine);
            check(&open(&after).0, &stored, &format!("{what}, after a crash"));
        }
        // Some opens have a second try of their own.
        assert!(refusals > 20, "{many}: {refusals}");
    }
}
