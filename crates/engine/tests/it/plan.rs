//! A tenant that has its samples for fewer days than the store keeps them.

use crate::fetching::collect_and_fill;
use crate::support::{DAY, NOON, batch, config, open_with, range, read, scope, send};
use base::context::Context;
use base::sample::RejectReason;
use base::scope::Scope;
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis, TimeRange};
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
    let done = engine.read_all(scope, &[query], &context, &mut |cursor| {
        let series = collect_and_fill(cursor)?;
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
    let bound = scope(1).with_retention_days(Some(2));
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
    let wider = scope(1).with_retention_days(Some(u32::MAX));
    assert_eq!(instants(&engine, &wider), [old, edge, NOON]);
    assert_eq!(read(&engine, 1, "a").len(), 3);
}

/// The names that the scope lists, and those of the series that it reads.
fn names(engine: &Engine, scope: &Scope, listed: Option<TimeRange>) -> (Vec<String>, Vec<String>) {
    let context = Context::unlimited();
    let selector = Selector::parse("*").unwrap();
    let query = FindQuery {
        selector: &selector,
        range: listed,
        labelled: true,
    };
    let nodes = engine.find(scope, &query, &context).unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let mut series = Vec::new();
    let done = engine.read_all(scope, &[query], &context, &mut |cursor| {
        series.push(collect_and_fill(cursor)?.key.graphite().into_owned());
        Ok(ControlFlow::Continue(()))
    });
    done.unwrap();
    (nodes.into_iter().map(|node| node.path).collect(), series)
}

#[test]
fn a_series_that_has_older_samples_alone_is_not_named() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let storage = Faulty::new(1);
    let engine = open_with(config(), &storage, &clock).unwrap().0;
    let old = NOON - 3 * DAY;
    let all = [
        ("both", old, 1.0),
        ("both", NOON, 1.0),
        ("branch.old", old, 1.0),
        ("new", NOON, 1.0),
        ("old", old, 1.0),
    ];
    send(&engine, 1, &all);
    let bound = scope(1).with_retention_days(Some(2));
    let wide = [None, Some(TimeRange::ALL), Some(range(old, NOON))];
    let check = || {
        for listed in wide {
            let (listed, read) = names(&engine, &bound, listed);
            assert_eq!(listed, ["both", "new"]);
            assert_eq!(read, ["both", "new"]);
        }
        let before = names(&engine, &bound, Some(range(old, old))).0;
        assert!(before.is_empty(), "{before:?}");
        // As many days as the store has them hide nothing.
        for wider in [scope(1), scope(1).with_retention_days(Some(u32::MAX))] {
            let (listed, read) = names(&engine, &wider, None);
            assert_eq!(listed, ["both", "branch", "new", "old"]);
            assert_eq!(read, ["both", "new", "old"]);
        }
    };
    check();
    engine.flush().unwrap();
    check();
    // What cannot be seen is not deleted, nor named by a dry run, and comes back with more days.
    let delete = |pattern: &str, range: Option<TimeRange>, dry_run: bool| {
        let selector = Selector::parse(pattern).unwrap();
        let query = DeleteQuery {
            selector: &selector,
            range,
            exact: false,
            dry_run,
            names: 9,
        };
        let deleted = engine.delete(&bound, &query, &Context::unlimited());
        let deleted = deleted.unwrap();
        let names = deleted.names.iter().map(|key| key.graphite().into_owned());
        let names: Vec<String> = names.collect();
        (deleted.series, deleted.series_below, names)
    };
    let nothing = (0, 0, Vec::<String>::new());
    for dry_run in [true, false] {
        for hidden in ["o*", "branch", "branch.old", "branch.*"] {
            assert_eq!(delete(hidden, None, dry_run), nothing, "{hidden}");
            let all = Some(TimeRange::ALL);
            assert_eq!(delete(hidden, all, dry_run), nothing, "{hidden}");
        }
    }
    let seen = delete("*", None, true);
    assert_eq!(seen, (2, 0, vec!["both".to_owned(), "new".to_owned()]));
    // Of a range, only what is in sight goes.
    delete("*", Some(range(old, old)), false);
    assert_eq!(read(&engine, 1, "both"), [(old, 1.0), (NOON, 1.0)]);
    delete("*", Some(TimeRange::ALL), false);
    assert_eq!(read(&engine, 1, "both"), [(old, 1.0)]);
    assert_eq!(read(&engine, 1, "new"), []);
    assert_eq!(read(&engine, 1, "old"), [(old, 1.0)]);
    assert!(names(&engine, &bound, None).0.is_empty());
    // A series that is in sight goes as a whole.
    send(&engine, 1, &[("both", NOON, 2.0)]);
    assert_eq!(delete("*", None, false).0, 1);
    assert_eq!(names(&engine, &scope(1), None).0, ["branch", "new", "old"]);
}
