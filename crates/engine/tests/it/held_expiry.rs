//! However long it takes to drop what lies past the retention, no flush waits for it, and nothing is lost that is sent meanwhile.

use crate::hooked::Progress;
use crate::support::{DAY, NOON, config, figure, find, open_with, read, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis};
use engine::events::{Event, Events};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::sync::Arc;
use std::time::Duration;

/// How long the expiry is held at most: a flush that waits for it is found out, and does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct Steps {
    held: bool,
    released: bool,
    /// Nobody released it in time.
    forgotten: bool,
}

/// Holds the first expiry that has more to drop than goes at one time.
#[derive(Debug, Default)]
struct HeldExpiry(Progress<Steps>);

impl Events for HeldExpiry {
    fn on_event(&self, event: Event<'_>) {
        if matches!(event, Event::HeldBack { .. }) {
            self.0.change(|state| state.held = true);
            let is_released = self.0.wait(PATIENCE, |state| state.released);
            self.0.change(|state| state.forgotten |= !is_released);
        }
    }
}

fn month() -> EngineConfig {
    EngineConfig {
        retention_days: 30,
        flush_samples: 100,
        ..config()
    }
}

/// An engine with a sample of each of thirty days, whose expiries are held.
fn held(storage: &Faulty, clock: &Arc<ManualClock>) -> (Engine, Arc<HeldExpiry>) {
    let hold = Arc::new(HeldExpiry::default());
    let events: Arc<dyn Events> = Arc::clone(&hold) as _;
    let opened = Engine::open_with_events(
        month(),
        Arc::clone(clock) as _,
        Arc::new(storage.clone()),
        events,
    );
    let engine = opened.unwrap().0;
    // The days of `old` expire, and with them all it has.
    for day in 0..30 {
        let at = NOON - day * DAY;
        let name = if day < 20 { "a.new" } else { "a.old" };
        send(&engine, 1, &[(name, at, 1.0)]);
        engine.flush().unwrap();
    }
    (engine, hold)
}

#[test]
fn a_flush_goes_on_while_an_expiry_is_held() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, hold) = held(&storage, &clock);
    clock.advance(5 * DAY);
    std::thread::scope(|threads| {
        let first = threads.spawn(|| engine.flush());
        assert!(hold.0.wait(PATIENCE, |state| state.held), "nothing expires");
        for round in 0..3 {
            send(&engine, 1, &[("a.now", NOON + round, 1.0)]);
            engine.flush().unwrap();
        }
        assert!(figure(&engine, "head_samples") < 0.5);
        hold.0.change(|state| state.released = true);
        first.join().unwrap().unwrap();
    });
    assert!(!hold.0.read(|state| state.forgotten), "a flush waited");
    // A tenth of the days went with the one flush, and none with those that found it under way.
    assert_eq!(read(&engine, 1, "a.old").len(), 7);
    assert_eq!(read(&engine, 1, "a.new").len(), 20);
    for _ in 0..10 {
        clock.advance(DAY);
        engine.flush().unwrap();
    }
    assert_eq!(read(&engine, 1, "a.old"), []);
    assert_eq!(read(&engine, 1, "a.new").len(), 16);
    let crashed = storage.crash();
    drop(engine);
    let engine = open_with(month(), &crashed, &clock).unwrap().0;
    assert_eq!(read(&engine, 1, "a.old"), []);
    assert_eq!(read(&engine, 1, "a.new").len(), 16);
    assert_eq!(read(&engine, 1, "a.now").len(), 3);
}

/// What had been sent during the expiry was looked for in memory alone: a flush took it from there, and its series ended.
#[test]
fn a_series_that_is_sent_and_flushed_while_it_expires_is_kept() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, hold) = held(&storage, &clock);
    // With the first day, which goes with the first expiry.
    let first_day = NOON - 29 * DAY;
    send(
        &engine,
        1,
        &[("b.sent", first_day, 1.0), ("b.silent", first_day, 1.0)],
    );
    engine.flush().unwrap();
    clock.advance(15 * DAY);
    std::thread::scope(|threads| {
        let first = threads.spawn(|| engine.flush());
        assert!(hold.0.wait(PATIENCE, |state| state.held), "nothing expires");
        send(&engine, 1, &[("b.sent", NOON, 2.0)]);
        // The second leaves nothing of it in memory.
        for round in 0..2 {
            engine.flush().unwrap();
            send(&engine, 1, &[("a.now", NOON + round, 1.0)]);
        }
        hold.0.change(|state| state.released = true);
        first.join().unwrap().unwrap();
    });
    assert!(!hold.0.read(|state| state.forgotten), "a flush waited");
    let check = |engine: &Engine| {
        assert_eq!(find(engine, 1, "b.*"), ["b.sent leaf"]);
        assert_eq!(read(engine, 1, "b.sent"), [(NOON, 2.0)]);
    };
    check(&engine);
    let crashed = storage.crash();
    drop(engine);
    check(&open_with(month(), &crashed, &clock).unwrap().0);
}

/// A sender who was late to have memory bounded waited for whatever had expired since.
#[test]
fn a_sender_whose_samples_are_flushed_at_once_drops_nothing() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, hold) = held(&storage, &clock);
    hold.0.change(|state| state.released = true);
    clock.advance(15 * DAY);
    let many: Vec<(&str, i64, f64)> = (0..200).map(|at| ("a.now", NOON + at, 1.0)).collect();
    send(&engine, 1, &many);
    assert!(figure(&engine, "head_samples") < 0.5, "it flushes");
    assert!(!hold.0.read(|state| state.held), "and leaves the expiry");
    assert_eq!(read(&engine, 1, "a.old").len(), 10);
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.old").len(), 7);
}
