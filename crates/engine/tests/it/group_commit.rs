//! One sync for all who wait, and an answer to none of them before it.

use crate::hooked::{Hook, Hooked};
use crate::support::{NOON, batch, config, figure, read, scope, send};
use base::store::{Durability, Outage, SampleStore};
use base::time::{ManualClock, Millis};
use engine::Engine;
use engine::storage::faulty::Faulty;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

const WAITING: usize = 8;

/// Syncs of log files pass while it is open.
#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<bool>,
    moved: Condvar,
    /// The next that passes panics.
    panics: AtomicBool,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.moved.notify_all();
    }

    fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        let patience = Duration::from_secs(60);
        let passed = self
            .moved
            .wait_timeout_while(closed, patience, |closed| *closed);
        assert!(!passed.unwrap().1.timed_out(), "nobody opens the gate");
        assert!(!self.panics.swap(false, Ordering::SeqCst), "on purpose");
    }
}

impl Hook for Gate {
    fn before_sync(&self, _: &Path) {
        self.pass();
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn many_senders_share_a_sync_and_none_is_answered_before_it() {
    let (disk, gate) = (Faulty::new(1), Arc::new(Gate::default()));
    let storage = Arc::new(Hooked::new(&disk, &gate));
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = Engine::open(config(), clock, storage).unwrap().0;
    let before = figure(&engine, "wal_syncs_total");
    let answered = AtomicUsize::new(0);
    gate.set(true);
    std::thread::scope(|threads| {
        let write = |sender: usize| {
            let (engine, answered) = (&engine, &answered);
            threads.spawn(move || {
                send(engine, 1, &[(&format!("a.{sender}"), NOON, 1.0)]);
                answered.fetch_add(1, Ordering::SeqCst);
            });
        };
        write(0);
        // The first one's bytes are written and wait for the sync; the others gather behind it.
        until("the first write", || figure(&engine, "head_samples") > 0.5);
        (1..=WAITING).for_each(write);
        until("all writes", || {
            figure(&engine, "head_samples") > WAITING as f64 + 0.5
        });
        assert_eq!(read(&engine, 1, "a.3").len(), 1, "readers do not wait");
        assert_eq!(answered.load(Ordering::SeqCst), 0);
        gate.set(false);
    });
    let syncs = figure(&engine, "wal_syncs_total") - before;
    // The first sync may have begun before others had come, or after some had.
    assert!((1.0..=2.0).contains(&syncs), "{syncs}");
    let after = disk.crash();
    drop(engine);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = Engine::open(config(), clock, Arc::new(after)).unwrap().0;
    for sender in 0..=WAITING {
        assert_eq!(read(&engine, 1, &format!("a.{sender}")), [(NOON, 1.0)]);
    }
}

/// Those who waited for it waited for ever.
#[test]
fn a_panic_while_committing_for_all_poisons_and_all_hear_of_it() {
    let (disk, gate) = (Faulty::new(1), Arc::new(Gate::default()));
    let storage = Arc::new(Hooked::new(&disk, &gate));
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = Engine::open(config(), clock, storage).unwrap().0;
    gate.set(true);
    gate.panics.store(true, Ordering::SeqCst);
    let outcomes: Vec<_> = std::thread::scope(|threads| {
        let write = |sender: usize| {
            let engine = &engine;
            threads.spawn(move || {
                let samples = [(format!("a.{sender}"), NOON, 1.0)];
                let [(name, at, value)] = &samples;
                engine.append(
                    &scope(1),
                    &batch(&[(name, *at, *value)]),
                    Durability::Committed,
                )
            })
        };
        let mut all = vec![write(0)];
        until("the first write", || figure(&engine, "head_samples") > 0.5);
        all.extend((1..=WAITING).map(write));
        until("all writes", || {
            figure(&engine, "head_samples") > WAITING as f64 + 0.5
        });
        gate.set(false);
        all.into_iter().map(ScopedJoinHandle::join).collect()
    });
    let panicked = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert_eq!(panicked, 1);
    for outcome in outcomes.into_iter().flatten() {
        match outcome {
            Err(error) if error.outage() == Some(Outage::ReadOnly) => {
                assert!(error.to_string().contains("panicked"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    drop(engine);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    Engine::open(config(), clock, Arc::new(disk.crash())).unwrap();
}
