//! A copy of a store that is written to opens, and holds what was acknowledged before it was begun.

use crate::support::{DAY, NOON, config, delete, open, open_with, operator, read, send};
use base::store::{Outage, SampleStore};
use base::time::{ManualClock, Millis};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

const COPY: &str = "/copy";

fn open_copy(storage: &Faulty) -> Engine {
    let there = EngineConfig {
        commit_interval_ms: 3_600_000,
        ..EngineConfig::new(COPY)
    };
    open_with(there, storage, &Arc::new(ManualClock::at(Millis(NOON))))
        .unwrap()
        .0
}

#[test]
fn a_copy_holds_segments_log_deletions_and_names() {
    let storage = Faulty::new(1);
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
    delete(&engine, 1, "a.c", None);
    send(&engine, 2, &[("x", NOON, 3.0)]);
    let copied = engine.copy_to(&operator(), Path::new(COPY)).unwrap();
    assert!(copied.files >= 5 && copied.bytes > 0, "{copied:?}");
    // What comes later is not in it, and does not change it.
    send(&engine, 1, &[("a.b", NOON + 1, 9.0)]);
    delete(&engine, 1, "a.b", None);
    engine.flush().unwrap();
    engine.compact().unwrap();
    drop(engine);
    // The power may go right after.
    let after = storage.crash();
    let copy = open_copy(&after);
    let expected = [(NOON - 2 * DAY, 1.0), (NOON - DAY, 1.0), (NOON, 1.0)];
    assert_eq!(read(&copy, 1, "a.b"), expected);
    assert_eq!(read(&copy, 1, "a.c"), []);
    assert_eq!(read(&copy, 2, "x"), [(NOON, 3.0)]);
    send(&copy, 1, &[("a.b", NOON + 2, 4.0)]);
}

#[test]
fn copies_made_under_load_are_whole() {
    let storage = Faulty::new(1);
    let often = EngineConfig {
        flush_samples: 40,
        segments_per_day: 2,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(often, &storage, &clock).unwrap().0;
    let (acknowledged, stop) = (AtomicI64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            while !stop.load(Ordering::SeqCst) {
                at += 1;
                send(&engine, 1, &[("a.b", NOON - 10_000_000 + at, 1.0)]);
                acknowledged.store(at, Ordering::SeqCst);
                if at % 50 == 0 {
                    // Merges take segments away that are being copied.
                    engine.flush().and_then(|()| engine.compact()).unwrap();
                }
            }
        });
        for number in 0..20 {
            while acknowledged.load(Ordering::SeqCst) < number * 37 {
                std::thread::yield_now();
            }
            let before = acknowledged.load(Ordering::SeqCst);
            let dir = format!("/copy-{number}");
            engine.copy_to(&operator(), Path::new(&dir)).unwrap();
            let after = acknowledged.load(Ordering::SeqCst) + 1;
            let there = EngineConfig {
                commit_interval_ms: 3_600_000,
                ..EngineConfig::new(&dir)
            };
            let copy = open_with(there, &storage, &clock).unwrap().0;
            let found = i64::try_from(read(&copy, 1, "a.b").len()).unwrap();
            assert!(
                (before..=after).contains(&found),
                "{before} {found} {after}"
            );
        }
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_copy_that_finds_no_room_is_no_store_and_harms_nothing() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    storage.set_capacity(Some((storage.used_bytes() + 300, ErrorKind::StorageFull)));
    let refused = engine.copy_to(&operator(), Path::new(COPY)).unwrap_err();
    assert_eq!(refused.outage(), Some(Outage::DiskFull), "{refused}");
    storage.set_capacity(None);
    send(&engine, 1, &[("a.b", NOON + 1, 2.0)]);
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0), (NOON + 1, 2.0)]);
}
