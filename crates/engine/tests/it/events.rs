//! Failures for which nobody waits are reported, with file and reason.

use crate::support::{DAY, NOON, batch, config, figure, is_unavailable, open_with, scope, send};
use base::store::{Durability, Outage, SampleStore};
use base::time::{ManualClock, Millis};
use engine::events::{Event, Events};
use engine::storage::Storage;
use engine::storage::faulty::{Fault, Faulty};
use engine::{Engine, EngineConfig};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct RecordedEvents(Mutex<Vec<String>>);

impl Events for RecordedEvents {
    fn on_event(&self, event: Event<'_>) {
        let text = match event {
            Event::Failed { work, error } => format!("{work}: {error}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(text);
    }
}

impl RecordedEvents {
    /// Waits for something that contains `text`.
    pub(crate) fn until(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(90);
        let has = || {
            self.0
                .lock()
                .unwrap()
                .iter()
                .any(|event| event.contains(text))
        };
        while !has() {
            assert!(Instant::now() < deadline, "{text}: {:?}", self.0.lock());
            std::thread::yield_now();
        }
    }
}

fn open(config: EngineConfig, storage: &Faulty) -> (Engine, Arc<RecordedEvents>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let heard = Arc::new(RecordedEvents::default());
    let engine = Engine::open_with_events(
        config,
        Arc::clone(&clock) as _,
        Arc::new(storage.clone()),
        Arc::clone(&heard) as _,
    );
    (engine.unwrap().0, heard, clock)
}

#[test]
fn a_damaged_segment_that_a_merge_finds_is_named() {
    let storage = Faulty::new(1);
    let busy = EngineConfig {
        segments_per_day: 2,
        flush_samples: 1000,
        ..config()
    };
    let (engine, heard, _) = open(busy, &storage);
    for round in 0..3 {
        send(&engine, 1, &[("a.b", NOON + round, 1.0)]);
        engine.flush().unwrap();
    }
    let dir = Path::new("/samples/segments/2026-11-23");
    let first = dir.join(storage.list(dir).unwrap().first().unwrap());
    assert!(storage.damage(&first, 49));
    let many: Vec<(&str, i64, f64)> = (0..1000).map(|at| ("a.c", NOON + at, 1.0)).collect();
    send(&engine, 1, &many);
    heard.until("merge: ");
    heard.until(&format!("{} is damaged at offset 48", first.display()));
    assert!(figure(&engine, "merge_failures_total") >= 1.0);
    assert!(
        figure(&engine, "poisoned") < 0.5,
        "no reason to refuse writes"
    );
}

#[test]
fn a_flush_or_commit_in_the_background_that_fails_is_told_once() {
    let storage = Faulty::new(1);
    let busy = EngineConfig {
        flush_interval_ms: 1,
        ..config()
    };
    let (engine, heard, _) = open(busy, &storage);
    storage.inject(Fault::FailedSync, 0);
    let _ = engine.append(&scope(1), &batch(&[("a", NOON, 1.0)]), Durability::Buffered);
    heard.until("sync failed");
    let refused = engine.append(&scope(1), &batch(&[("a", NOON, 1.0)]), Durability::Buffered);
    assert!(is_unavailable(&refused, Outage::ReadOnly));
    // Whichever of them came to it first.
    let failures = figure(&engine, "flush_failures_total");
    assert!(figure(&engine, "commit_failures_total") + failures >= 1.0);
    let deadline = Instant::now() + Duration::from_secs(90);
    while figure(&engine, "flush_failures_total") < failures + 3.0 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    let events = heard.0.lock().unwrap().clone();
    assert!(events.len() <= 2, "{events:?}");
}

/// Each try met it, twice a second, and said so.
#[test]
fn a_disk_without_room_for_a_merge_is_told_once() {
    let storage = Faulty::new(1);
    let busy = EngineConfig {
        segments_per_day: 2,
        flush_samples: 1000,
        disk_full_retry_ms: 0,
        ..config()
    };
    let (engine, heard, _) = open(busy, &storage);
    for round in 0..3 {
        let samples: Vec<_> = (0..300)
            .map(|at| ("a.b", NOON + 3 * at + round, 1.0))
            .collect();
        send(&engine, 1, &samples);
        engine.flush().unwrap();
    }
    let many: Vec<_> = (0..999).map(|at| ("a.c", NOON + at, 1.0)).collect();
    send(&engine, 1, &many);
    let room = storage.used_bytes() + 400;
    storage.set_capacity(Some((room, ErrorKind::StorageFull)));
    // The one that makes a flush due, after which merges are.
    send(&engine, 1, &[("a.c", NOON + 999, 1.0)]);
    let deadline = Instant::now() + Duration::from_secs(90);
    while figure(&engine, "merge_failures_total") < 5.0 {
        assert!(Instant::now() < deadline, "{:?}", heard.0.lock());
        std::thread::yield_now();
    }
    let events = heard.0.lock().unwrap().clone();
    let told = events.iter().filter(|event| event.starts_with("merge: "));
    assert_eq!(told.count(), 1, "{events:?}");
}

/// A clock that jumped ahead took what was in memory alone with the next flush.
#[test]
fn a_clock_that_jumps_takes_nothing_that_no_flush_has_written_yet() {
    let storage = Faulty::new(1);
    let (engine, heard, clock) = open(config(), &storage);
    for day in 0..40 {
        send(&engine, 1, &[("a.b", NOON - day * DAY, 1.0)]);
    }
    clock.advance(5000 * DAY);
    engine.flush().unwrap();
    heard.until("HeldBack { days: 40 }");
    clock.advance(-5000 * DAY);
    let read = |engine: &Engine| crate::support::read(engine, 1, "a.b").len();
    assert_eq!(read(&engine), 40);
    engine.flush().unwrap();
    engine.compact().unwrap();
    assert_eq!(read(&engine), 40);
    let after = storage.crash();
    drop(engine);
    let (engine, _) = open_with(config(), &after, &clock).unwrap();
    assert_eq!(read(&engine), 40);
}

/// A clock that jumped ahead took every day with the next flush.
#[test]
fn a_clock_that_jumps_takes_a_tenth_of_the_days_and_it_is_told() {
    let storage = Faulty::new(1);
    let (engine, heard, clock) = open(config(), &storage);
    for day in 0..40 {
        send(&engine, 1, &[("a.b", NOON - day * DAY, 1.0)]);
    }
    engine.flush().unwrap();
    clock.advance(5000 * DAY);
    engine.flush().unwrap();
    let read = |engine: &Engine| crate::support::read(engine, 1, "a.b").len();
    assert_eq!(read(&engine), 40, "nobody has sent anything at that time");
    heard.until("HeldBack { days: 40 }");
    // A sender whose clock jumped as well.
    send(&engine, 1, &[("a.b", NOON + 5000 * DAY, 1.0)]);
    engine.flush().unwrap();
    assert_eq!(read(&engine), 41 - 4);
    drop(engine);
    let (engine, _) = open_with(config(), &storage, &clock).unwrap();
    engine.flush().unwrap();
    engine.compact().unwrap();
    assert_eq!(read(&engine), 41 - 4);
}

/// Each start gave a new share of the days.
#[test]
fn starts_on_one_day_of_the_clock_take_one_share_of_the_days() {
    let storage = Faulty::new(1);
    let (engine, _, clock) = open(config(), &storage);
    for day in 0..40 {
        send(&engine, 1, &[("a.b", NOON - day * DAY, 1.0)]);
    }
    engine.flush().unwrap();
    clock.advance(5000 * DAY);
    send(&engine, 1, &[("a.b", NOON + 5000 * DAY, 1.0)]);
    drop(engine);
    let days_after_start = || {
        let (engine, _) = open_with(config(), &storage, &clock).unwrap();
        engine.flush().unwrap();
        engine.compact().unwrap();
        crate::support::read(&engine, 1, "a.b").len()
    };
    for start in 0..5 {
        assert_eq!(days_after_start(), 41 - 4, "{start}");
    }
    clock.advance(DAY);
    for start in 0..5 {
        assert_eq!(days_after_start(), 37 - 3, "{start}");
    }
}

/// A server that flushed each minute said it as often.
#[test]
fn days_that_are_held_back_are_told_once_a_day() {
    let storage = Faulty::new(1);
    let (engine, heard, clock) = open(config(), &storage);
    for day in 0..40 {
        send(&engine, 1, &[("a.b", NOON - day * DAY, 1.0)]);
    }
    clock.advance(5000 * DAY);
    let held_back_events = || {
        let events = heard.0.lock().unwrap();
        let held_back = events.iter().filter(|event| event.contains("HeldBack"));
        held_back.count()
    };
    for days in 1..3 {
        for _ in 0..5 {
            engine.flush().unwrap();
            assert_eq!(held_back_events(), days);
        }
        clock.advance(DAY);
    }
}

#[test]
fn an_expiry_in_the_background_that_fails_is_told_and_is_a_figure_of_its_own() {
    let storage = Faulty::new(1);
    let busy = EngineConfig {
        retention_days: 2,
        flush_interval_ms: 1,
        ..config()
    };
    let (engine, heard, clock) = open(busy, &storage);
    send(&engine, 1, &[("a.old", NOON, 1.0)]);
    // Nothing is left to be flushed.
    engine.flush().unwrap();
    storage.inject(Fault::FailedSync, 0);
    clock.advance(10 * DAY);
    heard.until("expiry: ");
    assert!(figure(&engine, "expiry_failures_total") >= 1.0);
}
