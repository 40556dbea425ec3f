//! A merge that stands still holds up no flush, no deletion, and not the end of the engine.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{NOON, batch, config, figure, find, open, read, scope, send};
use base::context::Context;
use base::store::{Durability, SampleStore};
use base::time::{ManualClock, Millis};
use engine::storage::Storage;
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a merge is held at most: whoever waits for it is found out, and does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than one, so that a merge can end between two.
const SERIES: usize = 300;

/// Where a merge is held.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// About to create its segment, for the first series of many.
    #[default]
    Begun,
    /// All is copied, and nothing of it durable.
    Copied,
}

#[derive(Debug, Default)]
struct Steps {
    place: Place,
    held: bool,
    /// Segments that the flusher has begun by itself.
    flushes: usize,
    released: bool,
    /// Nobody released it in time.
    forgotten: bool,
    /// The engine has told its threads to end.
    ending: bool,
}

/// Holds the merge in the background.
type Hold = Progress<Steps>;

fn is_thread(name: &str) -> bool {
    std::thread::current().name() == Some(name)
}

fn is_segment(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "seg")
}

fn hold_at(hold: &Hold, place: Place) {
    if hold.read(|state| state.place == place) {
        hold.change(|state| state.held = true);
        let is_released = hold.wait(PATIENCE, |state| state.released);
        hold.change(|state| state.forgotten |= !is_released);
    }
}

impl Hook for Hold {
    fn before_create(&self, file: &Path) {
        if is_thread("engine-merge") && is_segment(file) {
            hold_at(self, Place::Begun);
        }
        if is_thread("engine-flush") && is_segment(file) {
            self.change(|state| state.flushes += 1);
        }
    }

    fn before_sync(&self, file: &Path) {
        if is_thread("engine-merge") && is_segment(file) {
            hold_at(self, Place::Copied);
        }
        // It commits every hour, and when it ends.
        if is_thread("engine-commit") {
            self.change(|state| state.ending = true);
        }
    }
}

/// As many samples as make the engine flush by itself.
fn send_many(engine: &Engine, from: i64) {
    let many: Vec<(&str, i64, f64)> = (0..1000).map(|at| ("a.000", from + at, 1.0)).collect();
    send(engine, 1, &many);
}

/// An engine whose merge of three segments is held.
fn held(storage: &Faulty, place: Place) -> (Engine, Arc<Hold>) {
    let config = EngineConfig {
        segments_per_day: 2,
        flush_samples: 1000,
        ..config()
    };
    let hold = Arc::new(Hold::default());
    hold.change(|state| state.place = place);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(storage, &hold));
    let engine = Engine::open(config, clock, hooked).unwrap().0;
    let names: Vec<String> = (0..SERIES).map(|index| format!("a.{index:03}")).collect();
    for round in 0..2 {
        let samples: Vec<(&str, i64, f64)> = names
            .iter()
            .map(|name| (name.as_str(), NOON + round, 1.0))
            .collect();
        send(&engine, 1, &samples);
        send(&engine, 2, &[("kept", NOON + round, 1.0)]);
        engine.flush().unwrap();
    }
    // After a flush of its own the engine merges.
    send_many(&engine, NOON + 2);
    assert!(hold.wait(PATIENCE, |state| state.held), "nothing is merged");
    (engine, hold)
}

#[test]
fn flushes_end_while_a_merge_is_held() {
    for place in [Place::Begun, Place::Copied] {
        let (engine, hold) = held(&Faulty::new(1), place);
        let flushes = figure(&engine, "flushes_total");
        for round in 0..3 {
            send(&engine, 1, &[("b", NOON + round, 1.0)]);
            engine.flush().unwrap();
        }
        // Those that nobody asks for go on too.
        let flushes_before = hold.read(|state| state.flushes);
        send_many(&engine, NOON + 2000);
        assert!(
            hold.wait(PATIENCE, |now| now.flushes > flushes_before),
            "{place:?}: no flush begins"
        );
        engine.flush().unwrap();
        assert!(!hold.read(|state| state.forgotten), "{place:?}: it waited");
        assert!(figure(&engine, "flushes_total") > flushes + 3.5);
        assert!(figure(&engine, "merges_total") < 0.5, "it was held");
        assert_eq!(read(&engine, 1, "b").len(), 3);
        assert_eq!(read(&engine, 1, "a.000").len(), 2002);
        hold.change(|state| state.released = true);
    }
}

/// The merge brings nothing back, be it copied already or still to be copied.
#[test]
fn a_tenant_is_dropped_while_a_merge_is_held_and_stays_so() {
    for place in [Place::Begun, Place::Copied] {
        let storage = Faulty::new(1);
        let (engine, hold) = held(&storage, place);
        let dropped = engine.drop_tenant(&scope(1), &Context::unlimited());
        assert_eq!(dropped.unwrap(), SERIES as u64);
        assert!(!hold.read(|state| state.forgotten), "{place:?}: it waited");
        assert!(find(&engine, 1, "*").is_empty());
        // A new series of an old name, with none of what that had.
        send(&engine, 1, &[("a.000", NOON + 5, 2.0)]);
        hold.change(|state| state.released = true);
        // It begins when the merge has ended.
        engine.compact().unwrap();
        assert!(figure(&engine, "merges_total") > 0.5, "{place:?}");
        let is_right = |engine: &Engine| {
            assert_eq!(read(engine, 1, "a.000"), [(NOON + 5, 2.0)], "{place:?}");
            assert_eq!(read(engine, 1, "a.001"), [], "{place:?}");
            assert_eq!(find(engine, 1, "a.*"), ["a.000 leaf"], "{place:?}");
            assert_eq!(read(engine, 2, "kept").len(), 2, "{place:?}");
        };
        is_right(&engine);
        drop(engine);
        is_right(&open(&storage));
    }
}

/// The end is told to a merge, which leaves what it has begun; all that it read stays.
#[test]
fn an_engine_ends_while_a_merge_is_held_and_does_not_wait_for_the_rest_of_it() {
    let storage = Faulty::new(1);
    let (engine, hold) = held(&storage, Place::Begun);
    // What the last commit is for.
    let late = batch(&[("b", NOON, 1.0)]);
    engine
        .append(&scope(1), &late, Durability::Buffered)
        .unwrap();
    let segments = figure(&engine, "segments");
    std::thread::scope(|threads| {
        threads.spawn(|| drop(engine));
        assert!(
            hold.wait(PATIENCE, |state| state.ending),
            "it waits for the merge first"
        );
        hold.change(|state| state.released = true);
    });
    assert!(!hold.read(|state| state.forgotten));
    let engine = open(&storage);
    assert!((figure(&engine, "segments") - segments).abs() < 0.5);
    let dir = Path::new("/samples/segments/2026-11-23");
    let files = storage.list(dir).unwrap().len() as f64;
    assert!((files - segments).abs() < 0.5, "{files} files");
    assert_eq!(read(&engine, 1, "a.000").len(), 1002);
    assert_eq!(read(&engine, 1, "b").len(), 1);
}
