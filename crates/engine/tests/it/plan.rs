//! A tenant that has its samples for fewer days than the store keeps them.

use crate::fetching::collect_and_fill;
use crate::support::{DAY, NOON, batch, config, open_with, range, read, scope, send};
use base::context::Context;
use base::sample::RejectReason;
use base::scope::Scope;
use base::selector::Selector;
use base::store::{Durability, FetchQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis};
use engine::Engine;
use engine::storage::faulty::Faulty;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The instants of the samples of `a` that the scope reads.
fn instants(engine: &Engine, scope: &Scope) -> Vec<i64> {
    let selector = Selector::parse("a").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(range(0, NOON + DAY)),
    };
    let mut found = Vec::new();
    let context = Context::unlimited();
    let done = engine.read_all(scope, &[query], &context, &mut |own| {
        let series = collect_and_fill(own)?;
        found.extend(series.timestamps.iter().map(|at| at.0));
        Ok(ControlFlow::Continue(()))
    });
    done.unwrap();
    found
}

#[test]
fn older_samples_are_neither_taken_nor_read_and_are_there_again_without_the_bound() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let storage = Faulty::new(1);
    let engine = open_with(config(), &storage, &clock).unwrap().0;
    let (old, edge) = (NOON - 2 * DAY - 1, NOON - 2 * DAY);
    let all = [("a", old, 1.0), ("a", edge, 2.0), ("a", NOON, 3.0)];
    assert_eq!(send(&engine, 1, &all).stored, 3);
    let bound = scope(1).kept_for(Some(2));
    assert_eq!(instants(&engine, &bound), [edge, NOON]);
    // Also what has been flushed.
    engine.flush().unwrap();
    assert_eq!(instants(&engine, &bound), [edge, NOON]);
    let appended = engine.append(&bound, &batch(&all), Durability::Committed);
    let appended = appended.unwrap();
    assert_eq!(appended.stored, 2);
    let too_old = RejectReason::TooOld { retention_days: 2 };
    assert_eq!(appended.rejected, [(0, too_old)]);
    // The store's own bound stays where that of the scope is wider.
    let wider = scope(1).kept_for(Some(u32::MAX));
    assert_eq!(instants(&engine, &wider), [old, edge, NOON]);
    assert_eq!(read(&engine, 1, "a").len(), 3);
}
