//! A merge leaves out series that were dropped while it ran, and its result counts only once that is on stable storage: after a
//! crash a series would else be there again, without its samples.

use crate::hooked::{Hook, Hooked, Progress};
use crate::support::{NOON, config, delete, figure, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// More than a merge takes at one time.
const SERIES: usize = 600;

/// How long the log waits for a manifest that comes too early.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
struct Steps {
    /// From here on steps are recorded, and held up.
    armed: bool,
    /// The merge has begun its file.
    merging: bool,
    /// A series was dropped, and its record waits for the log.
    dropped: bool,
    order: Vec<&'static str>,
}

/// Drops a series in the middle of a merge, and keeps the log from being synced for as long as that takes.
type Order = Progress<Steps>;

impl Hook for Order {
    fn before_create(&self, file: &Path) {
        if !self.read(|state| state.armed) {
            return;
        }
        if file.extension().is_some_and(|extension| extension == "seg") {
            self.change(|state| state.merging = true);
            assert!(self.wait(Duration::from_secs(90), |state| state.dropped));
        } else if file.ends_with("manifest.json.new") {
            self.change(|state| state.order.push("manifest"));
        }
    }

    fn before_sync(&self, file: &Path) {
        if self.read(|state| state.armed)
            && file.extension().is_some_and(|extension| extension == "wal")
        {
            self.wait(PATIENCE, |state| state.order.contains(&"manifest"));
            self.change(|state| state.order.push("log"));
        }
    }
}

#[test]
fn what_a_merge_leaves_out_is_dropped_on_disk_before_its_manifest() {
    let order = Arc::new(Order::default());
    let storage = Faulty::new(1);
    let config = EngineConfig {
        segments_per_day: 1,
        ..config()
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let hooked = Arc::new(Hooked::new(&storage, &order));
    let engine = Engine::open(config, clock, hooked).unwrap().0;
    let names: Vec<String> = (0..SERIES).map(|index| format!("a.{index:03}")).collect();
    for round in 0..2 {
        let samples: Vec<(&str, i64, f64)> = names
            .iter()
            .map(|name| (name.as_str(), NOON + round, 1.0))
            .collect();
        send(&engine, 1, &samples);
        engine.flush().unwrap();
    }
    order.change(|state| state.armed = true);
    std::thread::scope(|threads| {
        let merge = threads.spawn(|| engine.compact());
        assert!(order.wait(Duration::from_secs(90), |state| state.merging));
        let dropping = threads.spawn(|| delete(&engine, 1, "a.599", None));
        let deadline = Instant::now() + Duration::from_secs(90);
        while figure(&engine, "series") > SERIES as f64 - 0.5 {
            assert!(Instant::now() < deadline, "nothing is dropped");
            std::thread::yield_now();
        }
        order.change(|state| state.dropped = true);
        merge.join().unwrap().unwrap();
        assert_eq!(dropping.join().unwrap(), 1);
    });
    order.change(|state| state.armed = false);
    let steps = order.read(|state| state.order.clone());
    assert_eq!(steps, ["log", "manifest"]);
    assert_eq!(figure(&engine, "segments"), 1.0);
    assert_eq!(read(&engine, 1, "a.598").len(), 2);
    assert!(read(&engine, 1, "a.599").is_empty());
}
