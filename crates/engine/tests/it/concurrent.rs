//! Readers beside writers, flushes, merges and deletions: each read sees one state, never an older one than before, and
//! never one without what was acknowledged.

use crate::support::{
    MINUTE, NOON, batch, config, delete, fetch_in, fetch_together, figure, metering, open,
    open_with, range, read, scope, send,
};
use base::context::{Budget, Context, MemoryReservation, Resource, Stop};
use base::selector::Selector;
use base::store::{Durability, FetchQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis, TimeRange};
use engine::EngineConfig;
use engine::storage::faulty::Faulty;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// At least so many rounds, and until so many merges have come between them.
const ROUNDS_MIN: u64 = 400;
const MERGES_MIN: f64 = 8.0;
const INSTANTS: u64 = 7;

/// Counts what is reserved.
#[derive(Debug, Default)]
struct Reserved(AtomicU64);

impl MemoryReservation for Reserved {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        self.0.fetch_add(bytes, Ordering::SeqCst);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// Round `r` writes `r` to three series at the instant `r % INSTANTS`, in one batch.
fn at(round: u64) -> i64 {
    NOON + i64::try_from(round % INSTANTS).unwrap() * MINUTE
}

#[test]
fn every_read_is_one_state_and_time_runs_forward() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let busy = EngineConfig {
        segments_per_day: 2,
        ..config()
    };
    let engine = open_with(busy, &storage, &clock).unwrap().0;
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let stop = || done.load(Ordering::SeqCst);
    // What a deletion takes is sent again by nobody else, so that it shows when it comes back.
    send(&engine, 2, &[("other", NOON, 1.0)]);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1.. {
                let (at, value) = (at(round), round as f64);
                send(
                    &engine,
                    1,
                    &[("a.x", at, value), ("a.y", at, value), ("a.z", at, value)],
                );
                acknowledged.store(round, Ordering::SeqCst);
                if round >= ROUNDS_MIN && figure(&engine, "merges_total") >= MERGES_MIN {
                    break;
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        threads.spawn(|| {
            while !stop() {
                engine.flush().unwrap();
                engine.compact().unwrap();
            }
        });
        threads.spawn(|| {
            let mut round = 0;
            while !stop() {
                round += 1;
                let timestamp = NOON - round * MINUTE;
                send(
                    &engine,
                    2,
                    &[("gone", timestamp, 1.0), ("other", timestamp, 1.0)],
                );
                delete(&engine, 2, "gone", Some(range(timestamp, timestamp)));
                assert!(
                    read(&engine, 2, "gone").is_empty(),
                    "deleted, and there again"
                );
                delete(&engine, 2, "gone", None);
                assert_eq!(read(&engine, 2, "other").len() as i64, round + 1);
            }
        });
        // One that reads them with one query, and one with a request of three.
        for patterns in [&["a.*"][..], &["a.x", "a.y", "a.z"]] {
            let (engine, acknowledged, stop) = (&engine, &acknowledged, &stop);
            threads.spawn(move || {
                let mut newest = 0.0;
                while !stop() {
                    let floor = acknowledged.load(Ordering::SeqCst);
                    let all = fetch_together(engine, 1, patterns, TimeRange::ALL);
                    if floor == 0 && all.is_empty() {
                        continue;
                    }
                    let [x, y, z] = all.as_slice() else {
                        panic!("{all:?}")
                    };
                    assert_eq!((&x.timestamps, &x.values), (&y.timestamps, &y.values));
                    assert_eq!((&x.timestamps, &x.values), (&z.timestamps, &z.values));
                    let seen = x.values.iter().copied().fold(0.0, f64::max);
                    assert!(
                        seen >= floor as f64 && seen >= newest,
                        "{seen} after {floor}, {newest}"
                    );
                    newest = seen;
                    // The state is that after round `seen`: every instant holds its last round.
                    for (instant, value) in x.timestamps.iter().zip(&x.values) {
                        let last = (0..INSTANTS)
                            .map(|back| seen - back as f64)
                            .find(|round| at(*round as u64) == instant.0);
                        assert_eq!(Some(*value), last, "{x:?}");
                    }
                }
            });
        }
    });
    assert_eq!(read(&engine, 1, "a.x").len() as u64, INSTANTS);
}

/// A reader that looked while a deletion was applied found the old part of a series in a file, and no longer the new part in the head.
#[test]
fn a_series_is_read_before_its_deletion_or_after_it() {
    for with_range in [false, true] {
        let storage = Faulty::new(1);
        let engine = open(&storage);
        let done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for round in 1..=600 {
                    let value = f64::from(round);
                    send(&engine, 1, &[("a", NOON, value)]);
                    engine.flush().unwrap();
                    send(&engine, 1, &[("a", NOON + MINUTE, value)]);
                    delete(&engine, 1, "a", with_range.then_some(TimeRange::ALL));
                }
                done.store(true, Ordering::SeqCst);
            });
            let reads = || {
                let mut last = (0.0, 0);
                while !done.load(Ordering::SeqCst) {
                    let samples = read(&engine, 1, "a");
                    let values: Vec<f64> = samples.into_iter().map(|(_, value)| value).collect();
                    let Some(round) = values.first().copied() else {
                        continue;
                    };
                    assert!(values.iter().all(|value| *value == round), "{values:?}");
                    let seen = (round, values.len());
                    assert!(seen >= last, "{seen:?} after {last:?}");
                    last = seen;
                }
            };
            threads.spawn(reads);
            threads.spawn(reads);
        });
    }
}

/// What each look found was charged, and a query that may match as many series as it does was refused.
#[test]
fn looking_again_beside_deletions_costs_a_query_nothing_of_its_budget() {
    const SERIES: u64 = 500;
    let storage = Faulty::new(1);
    let engine = open(&storage);
    let names: Vec<String> = (0..SERIES).map(|number| format!("a.{number}")).collect();
    let samples: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 1.0))
        .collect();
    send(&engine, 1, &samples);
    let done = AtomicBool::new(false);
    let reserved = Arc::new(Reserved::default());
    let read = || {
        let budget = Budget {
            series: SERIES,
            ..Budget::UNLIMITED
        };
        let context = Context::new(budget).with_memory(Arc::clone(&reserved) as _);
        let selector = Selector::parse("a.*").unwrap();
        let shape = Shape::Raw(TimeRange::ALL);
        let queries = [FetchQuery {
            selector: &selector,
            shape,
        }];
        let mut count = 0;
        let read = engine.read_all(&scope(1), &queries, &context, &mut |_| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        });
        read.unwrap();
        assert_eq!(count, SERIES);
        assert_eq!(context.spent(Resource::Series), SERIES);
        reserved.0.swap(0, Ordering::SeqCst)
    };
    let alone = read();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for _ in 0..300 {
                send(&engine, 1, &[("b", NOON, 1.0)]);
                delete(&engine, 1, "b", Some(TimeRange::ALL));
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            assert_eq!(read(), alone);
        }
    });
}

#[test]
fn appenders_that_outrun_the_flusher_flush_once_not_each() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let small = EngineConfig {
        flush_samples: 500,
        ..config()
    };
    let engine = open_with(small, &storage, &clock).unwrap().0;
    std::thread::scope(|threads| {
        for sender in 0..8 {
            let engine = &engine;
            threads.spawn(move || {
                for round in 0..100 {
                    let name = format!("a.{sender}");
                    let samples: Vec<(&str, i64, f64)> = (0..20)
                        .map(|at| (name.as_str(), NOON - round * 20 - at, 1.0))
                        .collect();
                    send(engine, 1, &samples);
                }
            });
        }
    });
    assert!(
        figure(&engine, "flushes_total") <= 40.0,
        "16 000 samples, 500 a flush"
    );
    assert_eq!(
        fetch_in(&engine, 1, "a.*", TimeRange::ALL)
            .iter()
            .map(|series| series.values.len())
            .sum::<usize>(),
        16_000
    );
}

/// Each of them looks its names up before it makes what is missing.
#[test]
fn senders_of_the_same_new_series_make_each_of_them_once() {
    const SENDERS: u64 = 4;
    const ROUNDS: u64 = 50;
    let storage = Faulty::new(1);
    let engine = open(&storage);
    let created = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for sender in 0..SENDERS {
            let (engine, created) = (&engine, &created);
            threads.spawn(move || {
                for round in 0..ROUNDS {
                    // Five that all send in this round, and five that they come to one after the other.
                    let names: Vec<String> = (0..10)
                        .map(|number| format!("n.{}.{number}", round + number % 2 * sender))
                        .collect();
                    let samples: Vec<(&str, i64, f64)> = names
                        .iter()
                        .map(|name| (name.as_str(), NOON + sender as i64, 1.0))
                        .collect();
                    let batch = batch(&samples);
                    let appended = engine.append(&scope(1), &batch, Durability::Buffered);
                    created.fetch_add(appended.unwrap().created, Ordering::Relaxed);
                }
            });
        }
    });
    // Five names of each round, and five more of each that any sender came to.
    let series = 5 * ROUNDS + 5 * (ROUNDS + SENDERS - 1);
    let samples = SENDERS * ROUNDS * 10;
    let usage = engine.usage(&metering(1)).unwrap();
    assert_eq!(created.into_inner(), series);
    assert_eq!((usage.series, usage.samples), (series, samples));
    drop(engine);
    let usage = open(&storage).usage(&metering(1)).unwrap();
    assert_eq!((usage.series, usage.samples), (series, samples));
}
