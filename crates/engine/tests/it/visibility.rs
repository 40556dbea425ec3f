//! A batch is seen as a whole or not at all, however many senders write to the same series at the same time, and whether
//! what they write is in memory or in files.

use crate::support::{NOON, config, fetch_in, open_with, send};
use base::store::SampleStore;
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Series that lie next to one another are written at one time: these lie in shards of their own.
const APART: usize = 64;
const SERIES: usize = 8;

const SENDERS: u64 = 4;
const ROUNDS: u64 = 400;

/// Four senders write to the same eight series, each batch at an instant of its own, and in any order; readers beside them,
/// and flushes. Where a sender is interrupted between two series, all others go on.
#[test]
fn of_many_batches_that_write_to_the_same_series_none_is_seen_in_part() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(config(), &Faulty::new(1), &clock).unwrap().0;
    let names: Vec<String> = (0..APART * SERIES)
        .map(|index| format!("n.{index}"))
        .collect();
    let all: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 0.0))
        .collect();
    send(&engine, 1, &all);
    let names: Vec<&String> = names.iter().step_by(APART).collect();
    let pattern = names.iter().map(|name| name.trim_start_matches("n."));
    let pattern = format!("n.{{{}}}", pattern.collect::<Vec<_>>().join(","));
    let (left, reads) = (AtomicU64::new(SENDERS), AtomicU64::new(0));
    let torn = AtomicBool::new(false);
    let is_over = || left.load(Ordering::SeqCst) == 0 || torn.load(Ordering::SeqCst);
    std::thread::scope(|threads| {
        for sender in 0..SENDERS {
            let (engine, names, left) = (&engine, &names, &left);
            threads.spawn(move || {
                for round in 1..=ROUNDS {
                    // Every third sample arrives late.
                    let late = i64::from(round % 3 == 0) * 100_000;
                    let at = NOON - late - (round * SENDERS + sender) as i64;
                    let batch: Vec<_> = names.iter().map(|name| (name.as_str(), at, 1.0)).collect();
                    send(engine, 1, &batch);
                }
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        threads.spawn(|| {
            while !is_over() {
                engine.flush().unwrap();
            }
        });
        for _ in 0..2 {
            threads.spawn(|| {
                while !is_over() {
                    let read = fetch_in(&engine, 1, &pattern, TimeRange::ALL);
                    reads.fetch_add(1, Ordering::SeqCst);
                    let [first, others @ ..] = read.as_slice() else {
                        panic!("nothing")
                    };
                    let whole =
                        |series: &base::sample::Series| series.timestamps == first.timestamps;
                    if others.len() != SERIES - 1 || !others.iter().all(whole) {
                        torn.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(!torn.load(Ordering::SeqCst), "a batch was seen in part");
    assert!(reads.load(Ordering::SeqCst) > 0);
    let stored: Vec<_> = fetch_in(&engine, 1, &pattern, TimeRange::ALL);
    assert_eq!(stored.len(), SERIES);
    let expected = 1 + (SENDERS * ROUNDS) as usize;
    assert!(
        stored
            .iter()
            .all(|series| series.timestamps.len() == expected)
    );
}
