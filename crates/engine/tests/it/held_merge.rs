//! A merge that stands still holds up neither a flush nor the end of the engine.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{NOON, batch, config, figure, open, read, scope, send};
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

#[derive(Debug, Default)]
struct Steps {
    /// The merge is about to create its segment.
    held: bool,
    released: bool,
    /// Nobody released it in time.
    forgotten: bool,
    /// The engine has told its threads to end.
    ending: bool,
}

/// Holds the merge in the background where it creates a segment.
type Hold = Progress<Steps>;

fn is_thread(name: &str) -> bool {
    std::thread::current().name() == Some(name)
}

impl Hook for Hold {
    fn before_create(&self, file: &Path) {
        if is_thread("engine-merge") && file.extension().is_some_and(|own| own == "seg") {
            self.change(|own| own.held = true);
            let is_released = self.wait(PATIENCE, |own| own.released);
            self.change(|own| own.forgotten |= !is_released);
        }
    }

    fn before_sync(&self, _: &Path) {
        // It commits every hour, and when it ends.
        if is_thread("engine-commit") {
            self.change(|own| own.ending = true);
        }
    }
}

/// An engine whose merge of three segments is held.
fn held(storage: &Faulty) -> (Engine, Arc<Hold>) {
    let config = EngineConfig {
        segments_per_day: 2,
        flush_samples: 1000,
        ..config()
    };
    let hold = Arc::new(Hold::default());
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(storage, &hold));
    let engine = Engine::open(config, clock, hooked).unwrap().0;
    let names: Vec<String> = (0..SERIES).map(|own| format!("a.{own:03}")).collect();
    for round in 0..2 {
        let samples: Vec<(&str, i64, f64)> = names
            .iter()
            .map(|name| (name.as_str(), NOON + round, 1.0))
            .collect();
        send(&engine, 1, &samples);
        engine.flush().unwrap();
    }
    // As many as make the engine flush by itself, and then merge.
    let many: Vec<(&str, i64, f64)> = (0..1000).map(|at| ("a.000", NOON + 2 + at, 1.0)).collect();
    send(&engine, 1, &many);
    assert!(hold.wait(PATIENCE, |own| own.held), "nothing is merged");
    (engine, hold)
}

#[test]
fn a_flush_ends_while_a_merge_is_held() {
    let (engine, hold) = held(&Faulty::new(1));
    let flushes = figure(&engine, "flushes_total");
    send(&engine, 1, &[("b", NOON, 1.0)]);
    engine.flush().unwrap();
    assert!(!hold.read(|own| own.forgotten), "it waited");
    assert!(figure(&engine, "flushes_total") > flushes + 0.5);
    assert!(figure(&engine, "merges_total") < 0.5, "it was held");
    assert_eq!(read(&engine, 1, "b").len(), 1);
    hold.change(|own| own.released = true);
}

/// The end is told to a merge, which leaves what it has begun; all that it read stays.
#[test]
fn an_engine_ends_while_a_merge_is_held_and_does_not_wait_for_the_rest_of_it() {
    let storage = Faulty::new(1);
    let (engine, hold) = held(&storage);
    // What the last commit is for.
    let late = batch(&[("b", NOON, 1.0)]);
    engine
        .append(&scope(1), &late, Durability::Buffered)
        .unwrap();
    let segments = figure(&engine, "segments");
    std::thread::scope(|threads| {
        threads.spawn(|| drop(engine));
        assert!(
            hold.wait(PATIENCE, |own| own.ending),
            "it waits for the merge first"
        );
        hold.change(|own| own.released = true);
    });
    assert!(!hold.read(|own| own.forgotten));
    let engine = open(&storage);
    assert!((figure(&engine, "segments") - segments).abs() < 0.5);
    let dir = Path::new("/samples/segments/2026-11-23");
    let files = storage.list(dir).unwrap().len() as f64;
    assert!((files - segments).abs() < 0.5, "{files} files");
    assert_eq!(read(&engine, 1, "a.000").len(), 1002);
    assert_eq!(read(&engine, 1, "b").len(), 1);
}
