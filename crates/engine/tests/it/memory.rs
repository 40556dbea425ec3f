//! The memory of samples that are in no segment yet is bounded, and one tenant's flood leaves another's writes alone.

mod large;
mod shares;

use crate::hooked::{Hook, Hooked};
use crate::support::{MINUTE, NOON, batch, config, figure, read, scope};
use base::context::Stop;
use base::limit;
use base::store::{Durability, SampleStore, StoreError};
use base::time::{ManualClock, Millis};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Segments are made while it is open.
#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<bool>,
    moved: Condvar,
    reached: AtomicBool,
    /// Whether it was a sender's thread.
    is_of_sender: AtomicBool,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.moved.notify_all();
    }

    /// Whether a sender was to make a segment.
    fn is_reached_by_sender(&self) -> bool {
        self.is_of_sender.load(Ordering::SeqCst)
    }

    /// Whether a segment was to be made.
    fn is_reached(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }

    fn pass(&self) {
        self.reached.store(true, Ordering::SeqCst);
        let is_background = std::thread::current().name() == Some("engine-flush");
        self.is_of_sender.fetch_or(!is_background, Ordering::SeqCst);
        let closed = self.closed.lock().unwrap();
        let passed = self
            .moved
            .wait_timeout_while(closed, PATIENCE, |closed| *closed);
        assert!(!passed.unwrap().1.timed_out(), "nobody opens the gate");
    }
}

impl Hook for Gate {
    fn before_create(&self, file: &Path) {
        if file.extension().is_some_and(|extension| extension == "seg") {
            self.pass();
        }
    }
}

const BUDGET: u64 = 1 << 20;

fn opened(change: impl FnOnce(&mut EngineConfig)) -> (Engine, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let storage = Arc::new(Hooked::new(&Faulty::new(1), &gate));
    let mut config = EngineConfig {
        head_bytes: BUDGET,
        ..config()
    };
    change(&mut config);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    (Engine::open(config, clock, storage).unwrap().0, gate)
}

/// The `number`-th batch of a sender with ten series.
fn append(engine: &Engine, tenant: u32, number: i64) -> Result<u64, StoreError> {
    let names: Vec<String> = (0..10).map(|index| format!("own.{index}")).collect();
    let samples: Vec<(&str, i64, f64)> = names
        .iter()
        .flat_map(|name| {
            (0..10).map(|at| (name.as_str(), NOON - MINUTE * 100 + number * 10 + at, 1.0))
        })
        .collect();
    let stored = engine.append(&scope(tenant), &batch(&samples), Durability::Buffered)?;
    Ok(stored.stored)
}

/// Sends until it is refused; how often it was not, and why in the end.
fn flood(engine: &Engine, tenant: u32) -> (i64, Stop) {
    for number in 0..10_000 {
        match append(engine, tenant, number) {
            Ok(stored) => assert_eq!(stored, 100),
            Err(StoreError::Stopped(stop)) => return (number, stop),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("16 MB in a budget of one");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_tenant_that_floods_the_head_is_refused_with_the_limit_and_others_are_served() {
    let (engine, gate) = opened(|_| {});
    gate.set(true);
    let (_, stop) = flood(&engine, 1);
    // The setting's own figure: what is somebody's part of it would tell how many others there are.
    let (limit, allowed) = (&limit::HEAD_BYTES, BUDGET);
    assert_eq!(stop, Stop::Share { limit, allowed });
    let held = figure(&engine, "head_bytes");
    assert!(
        held <= BUDGET as f64 && held > BUDGET as f64 / 2.0,
        "{held}"
    );
    // The flood holds three quarters; of the rest a share each is for others, at once.
    for tenant in 2..5 {
        assert_eq!(append(&engine, tenant, 0).unwrap(), 100, "tenant {tenant}");
    }
    flood(&engine, 2);
    append(&engine, 3, 1).unwrap();
    // Whoever comes, and however many: each is told the same figure, and the whole is never passed.
    for tenant in 10..200 {
        let stop = flood(&engine, tenant).1;
        let whole = limit;
        let full = Stop::Busy {
            whole,
            limit,
            allowed,
        };
        assert!(
            stop == Stop::Share { limit, allowed } || stop == full,
            "{stop}"
        );
    }
    let held = figure(&engine, "head_bytes");
    assert!(held <= BUDGET as f64, "{held}");
    // Nothing that was acknowledged is lost, and once there is room everybody goes on.
    gate.set(false);
    until("the flush makes room", || append(&engine, 1, 9_999).is_ok());
    assert_eq!(read(&engine, 3, "own.0").len(), 20);
}

/// A head that is half full stayed until it was time.
#[test]
fn a_head_that_takes_half_of_its_memory_is_flushed_early() {
    let (engine, _gate) = opened(|_| {});
    let mut number = 0;
    until("nobody flushes", || {
        figure(&engine, "flushes_total") > 0.0 || {
            number += 1;
            let _ = append(&engine, 1, number);
            false
        }
    });
    assert!(read(&engine, 1, "own.0").len() >= 10);
}

/// Everybody waited for the flush that one had made due.
#[test]
fn a_flush_that_another_has_made_due_is_not_waited_for() {
    let (engine, gate) = opened(|config| {
        config.head_bytes = 1 << 30;
        config.flush_samples = 1000;
    });
    append(&engine, 2, 0).unwrap();
    gate.set(true);
    std::thread::scope(|threads| {
        let engine = &engine;
        // It comes to a flush that it has to do itself, and that does not end.
        let flood = threads.spawn(move || {
            for number in 0..60 {
                append(engine, 1, number).unwrap();
            }
        });
        // In the first flush, or in the second one where the engine's own thread was faster at the first.
        until("the flood is held up", || {
            gate.is_reached_by_sender() || figure(engine, "head_samples") >= 2000.0
        });
        for number in 1..5 {
            append(engine, 2, number).unwrap();
        }
        assert!(!flood.is_finished(), "whoever floods waits");
        gate.set(false);
        flood.join().unwrap();
    });
    assert_eq!(read(&engine, 2, "own.3").len(), 50);
}
