//! A panic in the background costs what it was at, and nothing that comes after.

use crate::events::RecordedEvents;
use crate::hooked::{Hook, Hooked};
use crate::support::{NOON, config, figure, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::storage::Storage;
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Panics so often where a thread brings a segment to stable storage.
#[derive(Debug)]
struct Panicking {
    left: AtomicU32,
    thread: &'static str,
}

impl Hook for Panicking {
    fn before_sync(&self, file: &Path) {
        let is_own = std::thread::current().name() == Some(self.thread)
            && file.extension().is_some_and(|extension| extension == "seg");
        let take = |left: u32| left.checked_sub(1).filter(|_| is_own);
        let taken = (self.left).fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        assert!(taken.is_err(), "on purpose");
    }
}

fn open(storage: &Faulty, thread: &'static str, panics: u32) -> (Engine, Arc<RecordedEvents>) {
    let config = EngineConfig {
        segments_per_day: 2,
        flush_samples: 1000,
        ..config()
    };
    let heard = Arc::new(RecordedEvents::default());
    let hook = Panicking {
        left: AtomicU32::new(panics),
        thread,
    };
    let storage = Hooked::new(storage, &Arc::new(hook));
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let opened =
        Engine::open_with_events(config, clock, Arc::new(storage), Arc::clone(&heard) as _);
    (opened.unwrap().0, heard)
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// As many samples as make the engine flush by itself, and then merge.
fn fill(engine: &Engine) {
    let many: Vec<(&str, i64, f64)> = (0..1000).map(|at| ("a.c", NOON + at, 1.0)).collect();
    send(engine, 1, &many);
}

#[test]
fn a_merge_that_panics_is_done_again() {
    let storage = Faulty::new(1);
    let (engine, heard) = open(&storage, "engine-merge", 2);
    for round in 0..3 {
        send(&engine, 1, &[("a.b", NOON + round, 1.0)]);
        engine.flush().unwrap();
    }
    fill(&engine);
    heard.until("Panicked { thread: \"engine-merge\" }");
    until("merged", || figure(&engine, "merges_total") >= 1.0);
    assert!((figure(&engine, "thread_panics_total") - 2.0).abs() < 0.5);
    assert!(figure(&engine, "poisoned") < 0.5, "nothing is half done");
    engine.health().unwrap();
    assert_eq!(read(&engine, 1, "a.b").len(), 3);
    // What was begun and not ended is gone.
    let dir = Path::new("/samples/segments/2026-11-23");
    let files = || storage.list(dir).unwrap().len() as f64;
    until("no file is left over", || {
        (files() - figure(&engine, "segments")).abs() < 0.5
    });
}

#[test]
fn a_flush_that_panics_is_told_by_health() {
    let storage = Faulty::new(1);
    let (engine, heard) = open(&storage, "engine-flush", 1);
    fill(&engine);
    heard.until("Panicked { thread: \"engine-flush\" }");
    let message = engine.health().unwrap_err().to_string();
    assert!(
        message.contains("a thread that flushed the head panicked"),
        "{message}"
    );
}

/// What it had published already was published once more by the next flush.
#[test]
fn a_merge_that_panics_in_what_a_flush_has_left_is_told_by_health() {
    const MERGER: &str = "left-over";
    let mut panicked = 0;
    // With little room the log is full, with much the flush succeeds; in between it has frozen what it cannot write.
    for room in 0..300 {
        let storage = Faulty::new(1);
        let (engine, _) = open(&storage, MERGER, 1);
        send(&engine, 1, &[("a.b", NOON, 1.0)]);
        storage.set_capacity(Some((storage.used_bytes() + room, ErrorKind::StorageFull)));
        let flushed = engine.flush();
        storage.set_capacity(None);
        if flushed.is_ok() {
            break;
        }
        let merged = std::thread::scope(|threads| {
            let merger = std::thread::Builder::new().name(MERGER.to_owned());
            let merge = merger.spawn_scoped(threads, || engine.compact());
            merge.unwrap().join()
        });
        if merged.is_err() {
            panicked += 1;
            let message = engine.health().unwrap_err().to_string();
            assert!(message.contains("flushed the head panicked"), "{message}");
            assert!(engine.flush().is_err());
            assert_eq!(read(&engine, 1, "a.b").len(), 1);
        }
    }
    assert!(panicked > 0);
}
