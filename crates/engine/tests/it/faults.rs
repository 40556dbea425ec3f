//! Faults of the disk: acknowledged writes are there, and nothing is there that was not sent.

use crate::fetching::Fetching;
use crate::support::{
    DAY, MINUTE, NOON, batch, config, delete, is_unavailable, open, open_with, range, read, scope,
    send,
};
use base::context::Context;
use base::store::{Durability, Outage, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::Storage;
use engine::storage::faulty::{Fault, Faulty};
use engine::{Engine, EngineConfig, RecoveryReport};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The acknowledged writes, and the last one, which was not.
#[derive(Debug, Default)]
struct Worked {
    acknowledged: BTreeMap<i64, f64>,
    in_flight: Option<(i64, f64)>,
}

impl Worked {
    /// Every acknowledged sample is there, and nothing else but what was in flight.
    fn check(&self, engine: &Engine, what: &str) {
        for name in ["a.b", "a.c"] {
            let mut there: BTreeMap<i64, f64> = read(engine, 1, name).into_iter().collect();
            let mut expected = self.acknowledged.clone();
            if let Some((at, value)) = self.in_flight
                && there.get(&at) == Some(&value)
            {
                there.remove(&at);
                expected.remove(&at);
            }
            assert_eq!(there, expected, "{what}, {name}");
        }
    }
}

/// Opens, sends, flushes and merges until the fault stops it.
fn work(storage: &Faulty) -> Worked {
    let Ok((engine, _)) = reopen(storage) else {
        return Worked::default();
    };
    let mut acknowledged = BTreeMap::new();
    for round in 0..60_i32 {
        // Every sixth write overwrites, every ninth goes to the day before.
        let at = NOON - i64::from(round / 6 * 6) * MINUTE - if round % 9 == 0 { DAY } else { 0 };
        let value = f64::from(round);
        let sent = engine.append(
            &scope(1),
            &batch(&[("a.b", at, value), ("a.c", at, value)]),
            Durability::Committed,
        );
        if sent.is_err() {
            return Worked {
                acknowledged,
                in_flight: Some((at, value)),
            };
        }
        acknowledged.insert(at, value);
        if round % 5 == 4 && engine.flush().and_then(|()| engine.compact()).is_err() {
            break;
        }
    }
    Worked {
        acknowledged,
        in_flight: None,
    }
}

/// With a limit that makes merges frequent.
fn reopen(storage: &Faulty) -> Result<(Engine, RecoveryReport), StoreError> {
    let crowded = EngineConfig {
        segments_per_day: 2,
        ..config()
    };
    open_with(crowded, storage, &Arc::new(ManualClock::at(Millis(NOON))))
}

/// How many operations [`work`] makes when nothing goes wrong.
fn operations_of_work() -> u64 {
    let calm = Faulty::new(0);
    work(&calm);
    let operations = calm.operations();
    assert!(operations > 300, "{operations}");
    operations
}

#[test]
fn acknowledged_samples_survive_a_crash_at_every_operation() {
    let operations = operations_of_work();
    for fault in [
        Fault::PowerLoss,
        Fault::ShortWrite,
        Fault::NoSpace,
        Fault::FailedSync,
    ] {
        // All crash points of a power loss; every third of the others, which poison and are crashed after.
        let step = if fault == Fault::PowerLoss { 1 } else { 3 };
        for point in (0..operations).step_by(step) {
            let storage = Faulty::new(point);
            storage.inject(fault, point);
            let worked = work(&storage);
            let after = storage.crash();
            let (engine, report) =
                reopen(&after).unwrap_or_else(|error| panic!("{fault:?} at {point}: {error}"));
            worked.check(&engine, &format!("{fault:?} at {point}: {report}"));
            send(&engine, 1, &[("a.b", NOON, -1.0)]);
            engine.flush().unwrap();
            drop(engine);
            assert_eq!(read(&open(&after), 1, "a.b").last(), Some(&(NOON, -1.0)));
        }
    }
}

#[test]
fn a_crash_during_recovery_loses_nothing_either() {
    for point in (0..operations_of_work()).step_by(5) {
        for again in 0..14 {
            let storage = Faulty::new(point * 31 + again);
            storage.inject(Fault::PowerLoss, point);
            let worked = work(&storage);
            let recovering = storage.crash();
            recovering.inject(Fault::PowerLoss, again);
            drop(reopen(&recovering));
            let after = recovering.crash();
            let what = format!("power loss at {point}, then at {again} of the recovery");
            let (engine, report) = reopen(&after).unwrap_or_else(|error| panic!("{what}: {error}"));
            worked.check(&engine, &format!("{what}: {report}"));
        }
    }
}

#[test]
fn a_failed_sync_poisons_writes_and_reads_go_on() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    storage.inject(Fault::FailedSync, 0);
    let refused = engine.append(
        &scope(1),
        &batch(&[("a.b", NOON + 1, 2.0)]),
        Durability::Committed,
    );
    assert!(is_unavailable(&refused, Outage::ReadOnly));
    let reason = engine.health().unwrap_err().to_string();
    assert!(
        reason.contains("cannot sync") && reason.contains(".wal"),
        "{reason}"
    );
    assert!(is_unavailable(&engine.flush(), Outage::ReadOnly));
    assert_eq!(read(&engine, 1, "a.b").first(), Some(&(NOON, 1.0)));
    assert!((crate::support::figure(&engine, "poisoned") - 1.0).abs() < f64::EPSILON);
    let after = storage.crash();
    drop(engine);
    assert_eq!(read(&open(&after), 1, "a.b").first(), Some(&(NOON, 1.0)));
}

#[test]
fn buffered_samples_are_readable_at_once_and_durable_after_the_interval() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let often = EngineConfig {
        commit_interval_ms: 5,
        ..config()
    };
    let engine = open_with(often, &storage, &clock).unwrap().0;
    let send = |at: i64, durability: Durability| {
        let one = batch(&[("a.b", at, 1.0)]);
        engine.append(&scope(1), &one, durability).unwrap();
    };
    // Of a series that is known: a sync may come between the record of a new name and that of its sample.
    send(NOON, Durability::Committed);
    let syncs = crate::support::figure(&engine, "wal_syncs_total");
    send(NOON + 1, Durability::Buffered);
    let both = [(NOON, 1.0), (NOON + 1, 1.0)];
    assert_eq!(read(&engine, 1, "a.b"), both);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while crate::support::figure(&engine, "wal_syncs_total") <= syncs {
        assert!(std::time::Instant::now() < deadline, "the committer sleeps");
        std::thread::yield_now();
    }
    let after = storage.crash();
    drop(engine);
    assert_eq!(read(&open(&after), 1, "a.b"), both);
}

fn log_of(storage: &Faulty) -> std::path::PathBuf {
    let dir = Path::new("/samples/wal");
    let names = storage.list(dir).unwrap();
    dir.join(names.first().unwrap())
}

#[test]
fn damage_in_the_middle_of_the_log_stops_the_start() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    for at in 0..5 {
        send(&engine, 1, &[("a.b", NOON + at, 1.0)]);
    }
    drop(engine);
    let log = log_of(&storage);
    assert!(storage.damage(&log, 65));
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    match open_with(config(), &storage, &clock) {
        Err(StoreError::Damaged { place, what }) => {
            assert_eq!(Path::new(&place), log);
            assert!(what.starts_with("at offset 64: "), "{what}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_torn_end_is_cut_and_told() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    send(&engine, 1, &[("a.b", NOON + 1, 2.0)]);
    drop(engine);
    let log = log_of(&storage);
    let length = storage.read(&log).unwrap().len() as u64;
    storage.truncate(&log, length - 3).unwrap();
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, report) = open_with(config(), &storage, &clock).unwrap();
    let torn = report.torn.clone().unwrap();
    assert_eq!(torn.file, log);
    assert!(report.to_string().contains("torn bytes off"), "{report}");
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0)]);
    send(&engine, 1, &[("a.b", NOON + 2, 3.0)]);
    drop(engine);
    let (engine, report) = open_with(config(), &storage, &clock).unwrap();
    assert_eq!(report.torn, None);
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0), (NOON + 2, 3.0)]);
}

#[test]
fn a_lost_manifest_deletes_nothing() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    drop(engine);
    storage.remove(Path::new("/samples/manifest.json")).unwrap();
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    assert!(matches!(
        open_with(config(), &storage, &clock),
        Err(StoreError::Damaged { .. })
    ));
    assert!(storage.read(&log_of(&storage)).is_ok());
}

#[test]
fn a_crash_amid_deletions_brings_nothing_back_that_was_confirmed_gone() {
    for seed in 0..120 {
        let storage = Faulty::new(seed);
        let engine = open(&storage);
        for day in 0..3 {
            send(
                &engine,
                1,
                &[
                    ("a.b", NOON - day * DAY, 1.0),
                    ("a.c", NOON - day * DAY, 1.0),
                ],
            );
        }
        engine.flush().unwrap();
        delete(&engine, 1, "a.b", None);
        delete(&engine, 1, "a.c", Some(range(NOON - DAY, NOON)));
        send(&engine, 1, &[("a.b", NOON - 5, 2.0)]);
        storage.inject(Fault::PowerLoss, seed % 60);
        let _ = engine.flush().and_then(|()| engine.compact());
        let after = storage.crash();
        drop(engine);
        let engine = open(&after);
        assert_eq!(read(&engine, 1, "a.b"), [(NOON - 5, 2.0)], "seed {seed}");
        assert_eq!(
            read(&engine, 1, "a.c"),
            [(NOON - 2 * DAY, 1.0)],
            "seed {seed}"
        );
    }
}

#[test]
fn a_damaged_block_stops_its_own_query_and_nothing_else() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(
        &engine,
        1,
        &[
            ("a.b", NOON, 1.0),
            ("a.c", NOON, 1.0),
            ("a.d", NOON - DAY, 4.0),
        ],
    );
    engine.flush().unwrap();
    let dir = Path::new("/samples/segments/2026-11-23");
    let segment = dir.join(storage.list(dir).unwrap().first().unwrap());
    assert!(
        storage.damage(&segment, 49),
        "in the first block behind the header"
    );
    let selector = base::selector::Selector::parse("a.b").unwrap();
    let query = base::store::FetchQuery {
        selector: &selector,
        shape: Shape::Raw(base::time::TimeRange::ALL),
    };
    match engine.fetch(&scope(1), &query, &Context::unlimited()) {
        Err(StoreError::Damaged { place, what }) => {
            assert_eq!(Path::new(&place), segment);
            assert!(what.starts_with("at offset 48: "), "{what}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&engine, 1, "a.c"), [(NOON, 1.0)]);
    delete(&engine, 1, "a.c", None);
    assert!(matches!(engine.compact(), Err(StoreError::Damaged { .. })));
    assert!(engine.health().is_ok());
    send(&engine, 1, &[("a.b", NOON + DAY / 24, 2.0)]);
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.d"), [(NOON - DAY, 4.0)]);
}
