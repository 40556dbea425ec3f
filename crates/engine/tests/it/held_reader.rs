//! No reader stops a writer: a query that is held, wherever it is, holds up no append, no deletion, no flush and no merge; and
//! it ends with the state that it began with.

use crate::fetching::Fetching;
use crate::support::{MINUTE, NOON, batch, config, delete, open_with, range, scope, send};
use base::context::{Budget, Context, MemoryReservation, Stop};
use base::pattern::Pattern;
use base::selector::Selector;
use base::store::{Durability, FetchQuery, FindQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Holds a query up the `at`-th time that it asks for memory, which it does wherever it goes.
#[derive(Debug)]
struct Hold {
    at: usize,
    asked: AtomicUsize,
    held: Mutex<SyncSender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl Hold {
    fn step(&self) {
        if self.asked.fetch_add(1, Ordering::SeqCst) == self.at {
            self.held.lock().unwrap().send(()).unwrap();
            self.go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    }
}

impl MemoryReservation for Hold {
    fn reserve(&self, _: u64) -> Result<(), Stop> {
        self.step();
        Ok(())
    }

    fn release(&self, _: u64) {
        self.step();
    }
}

/// Runs `query` held at its `at`-th step, and `meanwhile` while it is; false when it has fewer steps.
fn held_at(at: usize, query: impl FnOnce(&Context) + Send, meanwhile: impl FnOnce()) -> bool {
    let (held, is_held) = sync_channel(1);
    let (go_on, goes_on) = sync_channel(1);
    let hold = Arc::new(Hold {
        at,
        asked: AtomicUsize::new(0),
        held: Mutex::new(held.clone()),
        go_on: Mutex::new(goes_on),
    });
    let context = Context::new(Budget::UNLIMITED).with_memory(Arc::clone(&hold) as _);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            query(&context);
            // Whoever waits hears of the end, too.
            let _ = held.try_send(());
        });
        is_held.recv_timeout(PATIENCE).unwrap();
        let is_over = hold.asked.load(Ordering::SeqCst) <= at;
        if !is_over {
            meanwhile();
            go_on.send(()).unwrap();
        }
        !is_over
    })
}

/// All that a writer does, to the very series that are read.
fn write_everything(engine: &Engine, round: i64) {
    let known = batch(&[
        ("a.b.c", NOON + MINUTE + round, 7.0),
        ("a.b.d", NOON - round, 7.0),
    ]);
    let done = engine.append(&scope(1), &known, Durability::Committed);
    assert_eq!(done.unwrap().stored, 2);
    let name = format!("a.b.new-{round}");
    send(engine, 1, &[(&name, NOON, 1.0)]);
    delete(engine, 1, "a.b.d", Some(range(NOON - round, NOON)));
    delete(engine, 1, &name, None);
    engine.flush().unwrap();
    engine.compact().unwrap();
}

fn open() -> Engine {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let config = EngineConfig {
        segments_per_day: 1,
        ..config()
    };
    let engine = open_with(config, &Faulty::new(1), &clock).unwrap().0;
    for at in 0..30 {
        let at = NOON - at * MINUTE;
        send(&engine, 1, &[("a.b.c", at, 1.0), ("a.b.d", at, 2.0)]);
        if at == NOON - 20 * MINUTE {
            engine.flush().unwrap();
        }
    }
    engine
}

#[test]
fn a_fetch_held_at_any_step_holds_up_no_writer_and_reads_what_was() {
    let engine = open();
    let selector = Selector::named(Pattern::parse("a.b.{c,d}").unwrap());
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let mut steps = 0;
    loop {
        let mut read = Vec::new();
        let before = engine.fetch(&scope(1), &query, &Context::unlimited());
        let query = |context: &Context| {
            let mut take = |cursor: &mut dyn base::cursor::Cursor| {
                let mut copied = Vec::new();
                while let Some(piece) = cursor.next()? {
                    copied.extend(piece.iter());
                }
                read.push(copied);
                Ok(ControlFlow::Continue(()))
            };
            let queries = [query.clone()];
            engine
                .read_all(&scope(1), &queries, context, &mut take)
                .unwrap();
        };
        if !held_at(steps, query, || write_everything(&engine, steps as i64)) {
            break;
        }
        let before: Vec<Vec<_>> = before
            .unwrap()
            .into_iter()
            .map(|series| series.timestamps.into_iter().zip(series.values).collect())
            .collect();
        // While names are found the state is not fixed yet.
        let is_found = steps >= 2;
        assert!(!is_found || read == before, "held at step {steps}");
        steps += 1;
    }
    assert!(steps >= 6, "{steps}");
}

#[test]
fn a_listing_held_at_any_step_holds_up_no_writer() {
    let engine = open();
    let selector = Selector::named(Pattern::parse("a.**").unwrap());
    let query = FindQuery {
        selector: &selector,
        range: Some(TimeRange::ALL),
        labelled: true,
    };
    let mut steps = 0;
    loop {
        let query = |context: &Context| {
            let found = engine.find(&scope(1), &query, context).unwrap();
            assert_eq!(found.iter().filter(|node| node.leaf).count(), 2);
        };
        if !held_at(steps, query, || write_everything(&engine, steps as i64)) {
            break;
        }
        steps += 1;
    }
    assert!(steps >= 3, "{steps}");
}

/// Each query looked at the store for itself, so that the second one found what came after the first.
#[test]
fn all_queries_of_a_request_held_at_any_step_read_the_same_state() {
    let engine = open();
    let selectors = ["a.b.c", "a.b.d"].map(|text| Selector::named(Pattern::parse(text).unwrap()));
    let queries = selectors.each_ref().map(|selector| FetchQuery {
        selector,
        shape: Shape::Raw(TimeRange::ALL),
    });
    let mut steps = 0;
    loop {
        let mut read: Vec<Vec<Millis>> = Vec::new();
        let query = |context: &Context| {
            let mut take = |cursor: &mut dyn base::cursor::Cursor| {
                let mut instants = Vec::new();
                while let Some(piece) = cursor.next()? {
                    instants.extend(piece.iter().map(|(at, _)| at));
                }
                read.push(instants);
                Ok(ControlFlow::Continue(()))
            };
            engine
                .read_all(&scope(1), &queries, context, &mut take)
                .unwrap();
        };
        let write = || {
            let at = NOON + MINUTE + steps as i64;
            send(&engine, 1, &[("a.b.c", at, 7.0), ("a.b.d", at, 7.0)]);
            if steps % 2 == 1 {
                engine.flush().unwrap();
            }
        };
        if !held_at(steps, query, write) {
            break;
        }
        let [first, second] = read.as_slice() else {
            panic!("{read:?}")
        };
        assert_eq!(first, second, "held at step {steps}");
        steps += 1;
    }
    assert!(steps >= 4, "{steps}");
}
