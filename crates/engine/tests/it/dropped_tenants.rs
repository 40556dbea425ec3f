//! A tenant is dropped at one moment, with one record, whatever it has; nothing of it comes back.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{NOON, config, figure, find, metering, open, open_with, read, scope, send};
use base::context::Context;
use base::store::{SampleStore, StoreError, Usage};
use base::time::{ManualClock, Millis};
use engine::Engine;
use engine::storage::faulty::{Fault, Faulty};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// More than are removed at one time.
const SERIES: usize = 600;

/// For a thread that does not come to the point.
const PATIENCE: Duration = Duration::from_secs(60);

fn fill(engine: &Engine, tenant: u32, series: usize, at: i64) {
    let names: Vec<String> = (0..series).map(|index| format!("a.{index:05}")).collect();
    let samples: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON + at, 1.0))
        .collect();
    send(engine, tenant, &samples);
}

fn drop_tenant(engine: &Engine, tenant: u32) -> Result<u64, StoreError> {
    engine.drop_tenant(&scope(tenant), &Context::unlimited())
}

fn series(engine: &Engine, tenant: u32) -> usize {
    find(engine, tenant, "a.*").len()
}

#[test]
fn a_tenant_with_many_series_is_dropped_by_one_record() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    fill(&engine, 1, 5000, 0);
    engine.flush().unwrap();
    fill(&engine, 1, 5000, 1);
    fill(&engine, 2, 10, 0);
    let before = figure(&engine, "wal_bytes_total");
    assert_eq!(drop_tenant(&engine, 1).unwrap(), 5000);
    let record = figure(&engine, "wal_bytes_total") - before;
    assert!(record < 100.0, "{record} bytes of log");
    assert_eq!(figure(&engine, "series"), 10.0);
    assert_eq!(drop_tenant(&engine, 1).unwrap(), 0);
    // New series of old names, with nothing of what those had.
    fill(&engine, 1, 3, 7);
    let is_right = |engine: &Engine| {
        assert_eq!(series(engine, 1), 3);
        assert_eq!(read(engine, 1, "a.00001"), [(NOON + 7, 1.0)]);
        assert_eq!(read(engine, 1, "a.00004"), []);
        assert_eq!(series(engine, 2), 10);
    };
    is_right(&engine);
    drop(engine);
    // From the log, then from files.
    let engine = open(&storage);
    is_right(&engine);
    assert_eq!(figure(&engine, "series"), 13.0);
    engine.flush().unwrap();
    is_right(&engine);
    engine.compact().unwrap();
    assert_eq!(engine.usage(&metering(1)).unwrap().samples, 3);
    drop(engine);
    is_right(&open(&storage));
}

/// Drops a tenant, and goes on; whether the drop was acknowledged.
fn work(storage: &Faulty) -> Option<bool> {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(config(), storage, &clock).ok()?.0;
    let dropped = drop_tenant(&engine, 1).is_ok();
    if engine.flush().is_ok() {
        let _ = engine.compact();
    }
    Some(dropped)
}

#[test]
fn a_crash_at_any_step_leaves_all_of_a_tenant_or_nothing() {
    let filled = || {
        let storage = Faulty::new(7);
        let engine = open(&storage);
        fill(&engine, 1, SERIES, 0);
        fill(&engine, 2, 10, 0);
        engine.flush().unwrap();
        fill(&engine, 1, SERIES + 10, 1);
        drop(engine);
        storage
    };
    let calm = filled();
    let before = calm.operations();
    assert_eq!(work(&calm), Some(true));
    let operations = calm.operations() - before;
    assert!(operations > 20, "{operations}");
    for point in 0..operations {
        let storage = filled();
        storage.inject(Fault::PowerLoss, point);
        let dropped = work(&storage);
        let engine = open(&storage.crash());
        for merged in [false, true] {
            let what = format!("power loss at {point}, {merged}");
            match dropped {
                Some(true) => assert_eq!(series(&engine, 1), 0, "{what}"),
                _ => assert!([0, SERIES + 10].contains(&series(&engine, 1)), "{what}"),
            }
            let all = if series(&engine, 1) == 0 { 0 } else { 2 };
            assert_eq!(read(&engine, 1, "a.00000").len(), all, "{what}");
            assert_eq!(series(&engine, 2), 10, "{what}");
            engine.flush().unwrap();
            engine.compact().unwrap();
        }
    }
}

#[derive(Debug, Default)]
struct Steps {
    armed: bool,
    flushing: bool,
    dropped: bool,
}

/// Holds a flush that has begun its first segment.
type HeldFlush = Progress<Steps>;

impl Hook for HeldFlush {
    fn before_create(&self, file: &Path) {
        let is_segment = file.extension().is_some_and(|extension| extension == "seg");
        if is_segment && self.read(|state| state.armed) {
            self.change(|state| state.flushing = true);
            assert!(self.wait(PATIENCE, |state| state.dropped));
        }
    }
}

/// What the flush has taken out of memory already is written all the same, and leaves the disk with the next purge.
#[test]
fn a_tenant_that_is_dropped_during_a_flush_stays_so() {
    let storage = Faulty::new(1);
    let hold = Arc::new(HeldFlush::default());
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(&storage, &hold));
    let engine = Engine::open(config(), clock, hooked).unwrap().0;
    fill(&engine, 1, SERIES, 0);
    fill(&engine, 2, 10, 0);
    hold.change(|state| state.armed = true);
    std::thread::scope(|threads| {
        let flush = threads.spawn(|| engine.flush());
        assert!(hold.wait(PATIENCE, |state| state.flushing));
        assert_eq!(drop_tenant(&engine, 1).unwrap(), SERIES as u64);
        hold.change(|state| state.dropped = true);
        flush.join().unwrap().unwrap();
    });
    hold.change(|state| state.armed = false);
    assert_eq!((series(&engine, 1), series(&engine, 2)), (0, 10));
    assert_ne!(engine.usage(&metering(1)).unwrap(), Usage::default());
    engine.compact().unwrap();
    assert_eq!(engine.usage(&metering(1)).unwrap(), Usage::default());
    drop(engine);
    let engine = open(&storage);
    assert_eq!((series(&engine, 1), series(&engine, 2)), (0, 10));
}

/// A flush may take the head out of memory while the series are removed from it.
#[test]
fn flushes_beside_a_drop_bring_nothing_back() {
    for round in 0..6 {
        let storage = Faulty::new(round);
        let engine = open(&storage);
        for at in 0..2 {
            fill(&engine, 1, 3000, at);
            fill(&engine, 2, 10, at);
        }
        std::thread::scope(|threads| {
            let flushes = threads.spawn(|| {
                for at in 2..8 {
                    fill(&engine, 2, 10, at);
                    engine.flush().unwrap();
                }
            });
            assert_eq!(drop_tenant(&engine, 1).unwrap(), 3000);
            flushes.join().unwrap();
        });
        let is_right = |engine: &Engine| {
            assert_eq!((series(engine, 1), series(engine, 2)), (0, 10));
            assert_eq!(read(engine, 2, "a.00003").len(), 8);
        };
        is_right(&engine);
        let crashed = storage.crash();
        drop(engine);
        let engine = open(&crashed);
        is_right(&engine);
        engine.compact().unwrap();
        assert_eq!(engine.usage(&metering(1)).unwrap(), Usage::default());
    }
}
