//! No file descriptor is left, at any open: nothing acknowledged is lost, and all goes on without a restart.

use crate::fetching::collect_and_fill;
use crate::support::{DAY, MINUTE, NOON, batch, config, is_unavailable, open_with, read, scope};
use base::context::Context;
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, Outage, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig, RecoveryReport};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many tries one piece of work may take: it is refused at most this often.
const TRIES: u64 = 10;

/// Merges often, and tries again at once.
fn open(storage: &Faulty) -> Engine {
    open_and_report(storage).0
}

fn open_and_report(storage: &Faulty) -> (Engine, RecoveryReport) {
    let config = EngineConfig {
        segments_per_day: 2,
        disk_full_retry_ms: 0,
        ..config()
    };
    open_with(config, storage, &Arc::new(ManualClock::at(Millis(NOON)))).unwrap()
}

/// Does it until it is not refused for want of a descriptor. Says how often it was.
fn until_done(what: &str, mut work: impl FnMut() -> Result<(), StoreError>) -> u64 {
    for refused in 0..TRIES {
        let outcome = work();
        if !is_unavailable(&outcome, Outage::ResourcesExhausted) {
            outcome.unwrap_or_else(|error| panic!("{what}: {error}"));
            return refused;
        }
    }
    panic!("{what} never ends");
}

fn try_read(engine: &Engine) -> Result<(), StoreError> {
    let selector = Selector::parse("a.*").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    engine
        .read_all(&scope(1), &[query], &Context::unlimited(), &mut |cursor| {
            collect_and_fill(cursor)?;
            Ok(ControlFlow::Continue(()))
        })
        .map(drop)
}

fn try_delete(engine: &Engine, name: &str) -> Result<(), StoreError> {
    let selector = Selector::parse(name).unwrap();
    let query = DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run: false,
        names: 0,
    };
    let deleted = engine.delete(&scope(1), &query, &Context::unlimited());
    deleted.map(drop)
}

/// Writes, reads, flushes (which turns the log to a new file), merges and deletes. What it has acknowledged of `a.b` (`a.c` is
/// deleted), and how often it was refused.
fn worked_through(engine: &Engine, what: &str) -> (BTreeMap<i64, f64>, u64) {
    let (mut acknowledged, mut refused) = (BTreeMap::new(), 0);
    for round in 0..8_i32 {
        let at = NOON - i64::from(round) * MINUTE - if round % 3 == 0 { DAY } else { 0 };
        let value = f64::from(round);
        let sent = batch(&[("a.b", at, value), ("a.c", at, value)]);
        refused += until_done(&format!("{what}, append"), || {
            let stored = engine.append(&scope(1), &sent, Durability::Committed);
            stored.map(drop)
        });
        acknowledged.insert(at, value);
        refused += until_done(&format!("{what}, flush"), || engine.flush());
        refused += until_done(&format!("{what}, read"), || try_read(engine));
        if round % 3 == 2 {
            refused += until_done(&format!("{what}, merge"), || engine.compact());
        }
    }
    refused += until_done(&format!("{what}, delete"), || try_delete(engine, "a.c"));
    refused += until_done(&format!("{what}, last flush"), || engine.flush());
    refused += until_done(&format!("{what}, last merge"), || engine.compact());
    (acknowledged, refused)
}

fn check(engine: &Engine, acknowledged: &BTreeMap<i64, f64>, what: &str) {
    let expected: Vec<(i64, f64)> = acknowledged
        .iter()
        .map(|(at, value)| (*at, *value))
        .collect();
    assert_eq!(read(engine, 1, "a.b"), expected, "{what}");
    assert!(read(engine, 1, "a.c").is_empty(), "{what}");
}

#[test]
fn without_a_descriptor_at_any_open_nothing_is_lost_and_all_goes_on_without_a_restart() {
    let untouched = Faulty::new(0);
    let engine = open(&untouched);
    let before = untouched.opens();
    let (_, refused) = worked_through(&engine, "with all descriptors");
    assert_eq!(refused, 0);
    let opens = untouched.opens() - before;
    drop(engine);
    assert!(opens > 50, "{opens}");

    // One is made good by closing the files of segments, where there are some; of three the last are not.
    for count in [1, 3] {
        let mut refusals = 0;
        for open_number in 0..opens {
            let what = format!("{count} refused from open {open_number} on");
            let storage = Faulty::new(open_number);
            let engine = open(&storage);
            storage.refuse_opens(open_number, count);
            let (mut acknowledged, refused) = worked_through(&engine, &what);
            refusals += refused;
            storage.refuse_opens(0, 0);
            engine
                .health()
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            check(&engine, &acknowledged, &what);
            let last = batch(&[("a.b", NOON + MINUTE, 0.5)]);
            engine
                .append(&scope(1), &last, Durability::Committed)
                .unwrap();
            acknowledged.insert(NOON + MINUTE, 0.5);
            // What could not be looked for, such as old log files, is found by the next flush.
            engine.flush().unwrap();
            drop(engine);
            let (engine, report) = open_and_report(&storage);
            assert!(report.orphans.is_empty(), "{what}: {:?}", report.orphans);
            let after = storage.crash();
            drop(engine);
            check(
                &open(&after),
                &acknowledged,
                &format!("{what}, after a crash"),
            );
        }
        assert!(refusals > opens / 2, "{count}: {refusals} of {opens}");
    }
}

#[test]
fn a_lack_of_descriptors_says_what_was_opened_and_what_mends_it_and_when_to_try_again() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    let sent = batch(&[("a.b", NOON, 1.0)]);
    engine
        .append(&scope(1), &sent, Durability::Committed)
        .unwrap();
    storage.refuse_opens(0, u64::MAX);
    let Err(StoreError::Unavailable(refused)) = engine.flush() else {
        panic!("it had no descriptor");
    };
    assert_eq!(refused.retry_after, Some(5));
    for part in ["/samples/wal", "limit of open files", "LimitNOFILE"] {
        assert!(refused.reason.contains(part), "{}", refused.reason);
    }
    assert!(engine.check_disk_space().is_err(), "the operator is told");
    // What is open already is written on.
    let more = batch(&[("a.b", NOON + 1, 2.0)]);
    engine
        .append(&scope(1), &more, Durability::Committed)
        .unwrap();
    storage.refuse_opens(0, 0);
    engine.flush().unwrap();
    engine.check_disk_space().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0), (NOON + 1, 2.0)]);
}
