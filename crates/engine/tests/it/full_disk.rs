//! A disk that is full: what does not fit is refused, nothing acknowledged is lost, and once there is room all goes on.

use crate::support::{
    DAY, MINUTE, NOON, batch, config, figure, find, is_unavailable, open_with, read, scope, send,
};
use base::store::{Durability, Outage, SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::faulty::{Fault, Faulty};
use engine::{Engine, EngineConfig};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

/// Merges often, and tries again at once.
fn crowded(storage: &Faulty) -> Engine {
    let config = EngineConfig {
        segments_per_day: 2,
        disk_full_retry_ms: 0,
        ..config()
    };
    open_with(config, storage, &Arc::new(ManualClock::at(Millis(NOON))))
        .unwrap()
        .0
}

fn append(engine: &Engine, at: i64, value: f64) -> Result<(), StoreError> {
    let samples = [("a.b", at, value), ("a.c", at, value)];
    let stored = engine.append(&scope(1), &batch(&samples), Durability::Committed)?;
    assert_eq!(stored.stored, 2);
    Ok(())
}

fn is_full(outcome: &Result<(), StoreError>) -> bool {
    is_unavailable(outcome, Outage::DiskFull)
}

fn set_room(storage: &Faulty, bytes: u64, refusal: ErrorKind) {
    storage.set_capacity(Some((storage.used_bytes() + bytes, refusal)));
}

fn check(engine: &Engine, expected: &BTreeMap<i64, f64>, what: &str) {
    let expected: Vec<(i64, f64)> = expected.iter().map(|(at, value)| (*at, *value)).collect();
    for name in ["a.b", "a.c"] {
        assert_eq!(read(engine, 1, name), expected, "{what}, {name}");
    }
}

#[test]
fn a_write_that_finds_the_disk_full_at_any_byte_is_refused_and_writing_goes_on_once_there_is_room()
{
    for refusal in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        for room in 0..160 {
            let storage = Faulty::new(room);
            let engine = crowded(&storage);
            append(&engine, NOON, 1.0).unwrap();
            set_room(&storage, room, refusal);
            let mut at = NOON;
            let refused = loop {
                at += 1;
                if let Err(error) = append(&engine, at, 2.0) {
                    break error;
                }
            };
            let what = format!("{refusal} after {room} bytes");
            assert!(
                refused.outage() == Some(Outage::DiskFull),
                "{what}: {refused}"
            );
            assert!(refused.to_string().contains(".wal"), "{what}: {refused}");
            assert!(is_full(&engine.health()), "{what}");
            // Still full, and still no reason to stop for good.
            assert!(is_full(&append(&engine, at, 2.0)), "{what}");
            assert_eq!(
                read(&engine, 1, "a.b").first(),
                Some(&(NOON, 1.0)),
                "{what}"
            );
            storage.set_capacity(None);
            append(&engine, at, 3.0).unwrap();
            engine.health().unwrap();
            let mut expected: BTreeMap<i64, f64> = (NOON..at).map(|at| (at, 2.0)).collect();
            expected.extend([(NOON, 1.0), (at, 3.0)]);
            check(&engine, &expected, &what);
            let after = storage.crash();
            drop(engine);
            check(&crowded(&after), &expected, &what);
        }
    }
}

/// Sends, flushes and merges on a disk that is full every few bytes, and gets a little room each time.
fn worked_through(storage: &Faulty, step: u64) -> (Engine, BTreeMap<i64, f64>) {
    let engine = crowded(storage);
    let mut acknowledged = BTreeMap::new();
    let mut refusals = 0;
    set_room(storage, step, ErrorKind::StorageFull);
    let mut until_done = |what: &str, work: &dyn Fn() -> Result<(), StoreError>| {
        for tries in 1..10_000 {
            match work() {
                Ok(()) => return,
                Err(error) if error.outage() == Some(Outage::DiskFull) => {
                    refusals += 1;
                    set_room(storage, step * tries, ErrorKind::StorageFull);
                }
                Err(error) => panic!("{what}, {step} bytes at a time: {error}"),
            }
        }
        panic!("{what} never ends");
    };
    for round in 0..30_i32 {
        let at = NOON - i64::from(round / 6 * 6) * MINUTE - if round % 9 == 0 { DAY } else { 0 };
        let value = f64::from(round);
        until_done("append", &|| append(&engine, at, value));
        acknowledged.insert(at, value);
        if round % 5 == 4 {
            until_done("flush", &|| engine.flush());
            until_done("compact", &|| engine.compact());
        }
    }
    assert!(refusals > 20, "{refusals}");
    (engine, acknowledged)
}

#[test]
fn flushes_and_merges_on_a_disk_that_is_full_at_any_byte_lose_nothing_and_end_once_there_is_room() {
    for step in [1, 7, 13, 50, 101] {
        let storage = Faulty::new(step);
        let (engine, acknowledged) = worked_through(&storage, step);
        check(&engine, &acknowledged, &format!("{step} bytes at a time"));
        let after = storage.crash();
        drop(engine);
        after.set_capacity(None);
        check(
            &crowded(&after),
            &acknowledged,
            &format!("{step} bytes at a time, after a crash"),
        );
    }
}

#[test]
fn what_a_full_disk_left_unfinished_is_taken_away_again() {
    let storage = Faulty::new(1);
    let engine = crowded(&storage);
    append(&engine, NOON, 1.0).unwrap();
    let before = storage.used_bytes();
    // Room for the next log file, and for half of a segment.
    set_room(&storage, 60, ErrorKind::StorageFull);
    assert!(is_full(&engine.flush()));
    assert!(
        storage.used_bytes() <= before + 32,
        "the log's new file alone is left"
    );
    // What is in memory alone goes on being read.
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0)]);
    storage.set_capacity(None);
    append(&engine, NOON + 1, 2.0).unwrap();
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0), (NOON + 1, 2.0)]);
}

#[test]
fn a_crash_while_the_disk_is_full_loses_nothing_that_was_acknowledged() {
    for room in 0..240 {
        let storage = Faulty::new(room);
        let engine = crowded(&storage);
        let mut acknowledged = BTreeMap::from([(NOON, 1.0)]);
        append(&engine, NOON, 1.0).unwrap();
        set_room(&storage, room, ErrorKind::StorageFull);
        let mut refused = NOON;
        for at in NOON + 1..NOON + 9 {
            if append(&engine, at, 2.0).is_ok() {
                acknowledged.insert(at, 2.0);
            } else {
                refused = at;
                break;
            }
            let _ = engine.flush();
        }
        let after = storage.crash();
        drop(engine);
        after.set_capacity(None);
        let engine = crowded(&after);
        let mut there: BTreeMap<i64, f64> = read(&engine, 1, "a.b").into_iter().collect();
        if !acknowledged.contains_key(&refused) {
            there.remove(&refused);
        }
        assert_eq!(there, acknowledged, "after {room} bytes");
    }
}

#[test]
fn what_was_acknowledged_before_it_was_written_is_written_once_there_is_room() {
    let storage = Faulty::new(1);
    let engine = crowded(&storage);
    let buffered = batch(&[("a.b", NOON, 1.0)]);
    engine
        .append(&scope(1), &buffered, Durability::Buffered)
        .unwrap();
    set_room(&storage, 5, ErrorKind::StorageFull);
    assert!(is_full(&engine.flush()));
    storage.set_capacity(None);
    append(&engine, NOON + 1, 2.0).unwrap();
    let after = storage.crash();
    drop(engine);
    assert_eq!(
        read(&crowded(&after), 1, "a.b"),
        [(NOON, 1.0), (NOON + 1, 2.0)]
    );
}

/// The log gathers what is not written yet in chunks of 256 KiB, and the disk has room for the first alone.
#[test]
fn a_disk_that_is_full_in_the_middle_of_what_waits_keeps_its_order() {
    for room in [0, 1 << 10, 262_144, 300 << 10] {
        let storage = Faulty::new(1);
        let engine = crowded(&storage);
        append(&engine, NOON - 1, 0.0).unwrap();
        let expected: Vec<(i64, f64)> = (0..40_000).map(|at| (NOON + at, at as f64)).collect();
        for part in expected.chunks(10_000) {
            let part: Vec<_> = part
                .iter()
                .map(|(at, value)| ("a.d", *at, *value))
                .collect();
            engine
                .append(&scope(1), &batch(&part), Durability::Buffered)
                .unwrap();
        }
        set_room(&storage, room, ErrorKind::StorageFull);
        assert!(is_full(&engine.flush()), "after {room} bytes");
        storage.set_capacity(None);
        append(&engine, NOON + 1, 2.0).unwrap();
        let after = storage.crash();
        drop(engine);
        assert!(read(&crowded(&after), 1, "a.d") == expected, "{room}");
    }
}

#[test]
fn a_deletion_on_a_full_disk_is_refused_and_done_once_there_is_room() {
    let storage = Faulty::new(1);
    let engine = crowded(&storage);
    append(&engine, NOON, 1.0).unwrap();
    set_room(&storage, 3, ErrorKind::StorageFull);
    assert!(is_full(&append(&engine, NOON + 1, 1.0)));
    let selector = base::selector::Selector::parse("*").unwrap();
    let query = base::store::DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run: false,
        names: 0,
    };
    let delete = || {
        let deleted = engine.delete(&scope(1), &query, &base::context::Context::unlimited());
        deleted.map(drop)
    };
    assert!(is_full(&delete()));
    assert_eq!(
        read(&engine, 1, "a.b").first(),
        Some(&(NOON, 1.0)),
        "nothing was begun"
    );
    storage.set_capacity(None);
    delete().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), []);
}

#[test]
fn a_failed_sync_poisons_also_where_the_disk_was_full_before() {
    let storage = Faulty::new(1);
    let engine = crowded(&storage);
    set_room(&storage, 3, ErrorKind::StorageFull);
    assert!(is_full(&append(&engine, NOON, 1.0)));
    storage.set_capacity(None);
    storage.inject(Fault::FailedSync, 0);
    let refused = append(&engine, NOON, 1.0);
    assert!(is_unavailable(&refused, Outage::ReadOnly), "{refused:?}");
    assert!(is_unavailable(
        &append(&engine, NOON, 1.0),
        Outage::ReadOnly
    ));
}

#[test]
fn it_writes_again_by_itself_though_nobody_asks() {
    let storage = Faulty::new(1);
    let often = EngineConfig {
        commit_interval_ms: 1,
        disk_full_retry_ms: 1,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(often, &storage, &clock).unwrap().0;
    set_room(&storage, 3, ErrorKind::StorageFull);
    assert!(is_full(&append(&engine, NOON, 1.0)));
    storage.set_capacity(None);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while engine.health().is_err() {
        assert!(std::time::Instant::now() < deadline, "it is still full");
        std::thread::yield_now();
    }
    let after = storage.crash();
    drop(engine);
    // Refused, but kept: it was written when there was room.
    assert_eq!(read(&crowded(&after), 1, "a.b"), [(NOON, 1.0)]);
}

/// It was dropped after a flush that had succeeded, so nobody could make room by a shorter retention.
#[test]
fn what_lies_past_the_retention_goes_where_there_is_no_room_for_the_head() {
    const SAMPLES: i64 = 3000;
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let two_days = EngineConfig {
        retention_days: 2,
        disk_full_retry_ms: 0,
        ..config()
    };
    let engine = open_with(two_days.clone(), &storage, &clock).unwrap().0;
    send(&engine, 1, &[("a.old", NOON, 1.0)]);
    engine.flush().unwrap();
    clock.advance(5 * DAY);
    let value = |number: i64| (number as f64 * 0.618_033_988_749_895).fract();
    let recent: Vec<(&str, i64, f64)> = (0..SAMPLES)
        .map(|number| ("a.new", NOON + 5 * DAY + number, value(number)))
        .collect();
    send(&engine, 1, &recent);
    assert_eq!(find(&engine, 1, "a.*"), ["a.new leaf", "a.old leaf"]);
    // For a record and a manifest, and by far not for the segment.
    set_room(&storage, 4096, ErrorKind::StorageFull);
    assert!(is_full(&engine.flush()), "the head found room");
    assert_eq!(find(&engine, 1, "a.*"), ["a.new leaf"]);
    assert_eq!(figure(&engine, "segments"), 0.0);
    let expected: Vec<(i64, f64)> = recent.iter().map(|(_, at, value)| (*at, *value)).collect();
    assert_eq!(read(&engine, 1, "a.new"), expected);
    let after = storage.crash();
    drop(engine);
    after.set_capacity(None);
    let engine = open_with(two_days, &after, &clock).unwrap().0;
    assert_eq!(find(&engine, 1, "a.*"), ["a.new leaf"]);
    assert_eq!(read(&engine, 1, "a.new"), expected);
}
