//! Purges: what was deleted leaves the disk, the days that no deletion touches stay as they are, and whoever deletes a little of
//! everything has only so much rewritten in an hour.

use crate::support::{
    DAY, NOON, batch, config, delete, figure, open, open_with, range, read, scope, send,
};
use base::context::Context;
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, SampleStore, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::Storage;
use engine::storage::faulty::{Fault, Faulty};
use engine::{Engine, EngineConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOUR: i64 = 3_600_000;

/// Samples of a series on each day.
const SAMPLES: i64 = 400;

/// A flush for each of so many days, and so a segment, in which each of these series has samples.
fn fill(engine: &Engine, tenant: u32, names: &[&str], days: std::ops::Range<i64>) {
    for day in days {
        for name in names {
            // No two steps are alike, so that a segment has a size.
            let value = |at: i64| ((at * 7919 + day) as f64).sqrt();
            let samples: Vec<_> = (0..SAMPLES)
                .map(|at| (*name, NOON - day * DAY - at * 1000, value(at)))
                .collect();
            send(engine, tenant, &samples);
        }
        engine.flush().unwrap();
    }
}

/// The segments of each folder.
fn segments(storage: &Faulty) -> BTreeMap<PathBuf, Vec<String>> {
    let all = Path::new("/samples/segments");
    let folders = storage.list(all).unwrap().into_iter();
    let folders = folders.map(|folder| all.join(folder));
    folders
        .map(|folder| {
            let files = storage.list(&folder).unwrap_or_default();
            (folder, files)
        })
        .collect()
}

/// The folders whose files are others than before.
fn changed(before: &BTreeMap<PathBuf, Vec<String>>, storage: &Faulty) -> Vec<String> {
    let after = segments(storage);
    let names = before
        .iter()
        .filter(|(folder, files)| after.get(*folder) != Some(*files));
    names
        .map(|(folder, _)| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn only_the_days_that_a_deletion_touches_are_rewritten() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    fill(&engine, 1, &["a.b", "a.c"], 0..6);
    fill(&engine, 2, &["other"], 0..6);
    // Of one day alone.
    send(&engine, 1, &[("a.rare", NOON - 4 * DAY, 1.0)]);
    engine.flush().unwrap();
    let before = segments(&storage);
    let day = NOON - 2 * DAY;
    delete(&engine, 1, "a.b", Some(range(day - 5000, day)));
    delete(&engine, 1, "a.rare", None);
    engine.compact().unwrap();
    assert_eq!(changed(&before, &storage), ["2026-11-19", "2026-11-21"]);
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    assert_eq!(read(&engine, 1, "a.b").len() as i64, 6 * SAMPLES - 6);
    assert_eq!(read(&engine, 2, "other").len() as i64, 6 * SAMPLES);
    // Nothing is left for another one to do.
    let before = segments(&storage);
    engine.compact().unwrap();
    assert_eq!(changed(&before, &storage), [""; 0]);
}

/// The segments have fewer tenants than have deleted something.
#[test]
fn of_many_tenants_days_those_are_rewritten_whose_own_tenant_has_deleted_something() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    for tenant in 1..7 {
        let day = i64::from(tenant);
        fill(&engine, tenant, &["a.b"], day..day + 1);
    }
    let before = segments(&storage);
    for tenant in [1, 2, 4, 5] {
        let noon = NOON - i64::from(tenant) * DAY;
        delete(&engine, tenant, "a.b", Some(range(noon - 5000, noon)));
    }
    engine.compact().unwrap();
    let rewritten = ["2026-11-18", "2026-11-19", "2026-11-21", "2026-11-22"];
    assert_eq!(changed(&before, &storage), rewritten);
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    let left = |tenant| read(&engine, tenant, "a.b").len() as i64;
    assert_eq!([left(3), left(4)], [SAMPLES, SAMPLES - 6]);
}

/// It was kept until its last day lay past the retention, and with 64 of them every day was searched once a minute.
#[test]
fn a_deletion_over_days_on_which_its_series_have_nothing_is_forgotten_with_the_purge() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    fill(&engine, 1, &["a.b"], 0..6);
    send(
        &engine,
        1,
        &[("a.c", NOON, 1.0), ("a.c", NOON - 5 * DAY, 1.0)],
    );
    engine.flush().unwrap();
    let before = segments(&storage);
    delete(&engine, 1, "a.c", Some(range(NOON - 6 * DAY, NOON)));
    engine.compact().unwrap();
    assert_eq!(changed(&before, &storage), ["2026-11-18", "2026-11-23"]);
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    drop(engine);
    let engine = open(&storage);
    assert_eq!(read(&engine, 1, "a.c"), []);
    assert_eq!(read(&engine, 1, "a.b").len() as i64, 6 * SAMPLES);
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// An account that deleted a little on every day had the whole store rewritten, of all tenants, once a minute.
#[test]
fn in_an_hour_background_purges_rewrite_no_more_than_a_share_of_the_store() {
    const DAYS: i64 = 40;
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let eager = EngineConfig {
        flush_interval_ms: 1,
        purge_bytes_min: 0,
        ..config()
    };
    let engine = open_with(eager, &Faulty::new(1), &clock).unwrap().0;
    fill(&engine, 1, &["a.b"], 0..DAYS);
    fill(&engine, 2, &["other"], 0..DAYS);
    engine.compact().unwrap();
    let (stored, purged) = (
        figure(&engine, "segment_bytes"),
        figure(&engine, "purged_bytes_total"),
    );
    let deletions = 80;
    for number in 0..deletions {
        let at = NOON - number % DAYS * DAY - number * 1000;
        assert_eq!(delete(&engine, 1, "a.b", Some(range(at, at))), 1);
    }
    let left = (DAYS * SAMPLES - deletions) as usize;
    let is_right = || {
        assert_eq!(read(&engine, 1, "a.b").len(), left);
        assert_eq!(read(&engine, 2, "other").len() as i64, DAYS * SAMPLES);
    };
    let rewritten = || figure(&engine, "purged_bytes_total") - purged;
    let mut hours = 0_i32;
    while figure(&engine, "tombstones") > 0.0 {
        is_right();
        let before = rewritten();
        // An hour's worth may have been left from before.
        let allowed = (f64::from(hours) + 1.0) * stored / 24.0;
        assert!(before <= allowed, "{before} of {allowed} in {hours} hours");
        assert!(hours < 48, "all of it is rewritten within two days");
        hours += 1;
        clock.advance(HOUR);
        until("the next purge", || rewritten() > before);
    }
    assert!(hours >= 20, "{hours}: that was all at once");
    is_right();
}

/// What a store must hold after the power went.
#[derive(Debug, Default)]
struct Worked {
    /// What was acknowledged, by series: written, and not deleted since.
    acknowledged: BTreeMap<&'static str, BTreeMap<i64, f64>>,
    /// What was under way, and may have come to pass or not.
    in_flight: BTreeSet<(&'static str, i64)>,
}

impl Worked {
    fn check(&self, engine: &Engine, what: &str) {
        for name in NAMES {
            let mut there: BTreeMap<i64, f64> = read(engine, 1, name).into_iter().collect();
            let mut expected = self.acknowledged.get(name).cloned().unwrap_or_default();
            there.retain(|at, _| !self.in_flight.contains(&(name, *at)));
            expected.retain(|at, _| !self.in_flight.contains(&(name, *at)));
            assert_eq!(there, expected, "{name}, {what}");
        }
    }

    fn write(&mut self, engine: &Engine, name: &'static str, days: i64, round: i64) -> Outcome {
        let at = |day: i64| NOON - day * DAY - round * 1000;
        let samples: Vec<_> = (0..days).map(|day| (name, at(day), round as f64)).collect();
        self.in_flight = samples.iter().map(|(name, at, _)| (*name, *at)).collect();
        engine.append(&scope(1), &batch(&samples), Durability::Committed)?;
        self.in_flight.clear();
        let acknowledged = self.acknowledged.entry(name).or_default();
        acknowledged.extend(samples.iter().map(|(_, at, value)| (*at, *value)));
        Ok(())
    }

    fn delete(&mut self, engine: &Engine, name: &'static str, gone: Option<TimeRange>) -> Outcome {
        let is_gone = |at: i64| gone.is_none_or(|gone| gone.contains(Millis(at)));
        let acknowledged = self.acknowledged.entry(name).or_default();
        let instants = acknowledged.keys().filter(|at| is_gone(**at));
        self.in_flight = instants.map(|at| (name, *at)).collect();
        let selector = Selector::parse(name).unwrap();
        let query = DeleteQuery {
            selector: &selector,
            range: gone,
            exact: false,
            dry_run: false,
            names: 0,
        };
        engine.delete(&scope(1), &query, &Context::unlimited())?;
        self.in_flight.clear();
        acknowledged.retain(|at, _| !is_gone(*at));
        Ok(())
    }

    /// Days of their own, and every second round more of them, which share late segments.
    fn round(&mut self, engine: &Engine, round: i64) -> Outcome {
        let days = if round % 2 == 0 { 4 } else { 12 };
        for name in NAMES {
            self.write(engine, name, days, round)?;
        }
        engine.flush()?;
        let gone = range(NOON - round * DAY - HOUR, NOON - round * DAY);
        self.delete(engine, "a.cut", Some(gone))?;
        if round == 3 {
            self.delete(engine, "a.dropped", None)?;
        }
        engine.compact()
    }
}

type Outcome = Result<(), StoreError>;

const NAMES: [&str; 3] = ["a.cut", "a.dropped", "a.whole"];

fn start(storage: &Faulty) -> Result<Engine, StoreError> {
    let crowded = EngineConfig {
        segments_per_day: 2,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    open_with(crowded, storage, &clock).map(|(engine, _)| engine)
}

/// Writes, deletes and purges until the power goes.
fn work(storage: &Faulty) -> Worked {
    let mut worked = Worked::default();
    if let Ok(engine) = start(storage) {
        let _ = (0..6).try_for_each(|round| worked.round(&engine, round));
    }
    worked
}

#[test]
fn a_crash_at_any_step_of_a_purge_loses_nothing_and_brings_nothing_back() {
    let calm = Faulty::new(0);
    work(&calm);
    let operations = calm.operations();
    assert!(operations > 200, "{operations}");
    for point in 0..operations {
        let storage = Faulty::new(point);
        storage.inject(Fault::PowerLoss, point);
        let worked = work(&storage);
        let engine = start(&storage.crash()).unwrap();
        worked.check(&engine, &format!("power loss at {point}"));
        engine.compact().unwrap();
        worked.check(&engine, &format!("power loss at {point}, purged"));
    }
}
