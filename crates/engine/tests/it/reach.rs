//! Callers who reach some series alone: for them the store holds no others.

use crate::fetching::Fetching;
use crate::support::{NOON, metering, open, scope, scope_with};
use base::context::Context;
use base::sample::{Batch, RejectReason, Series};
use base::scope::{Action, Grants, Reach, Scope};
use base::selector::{NameFilter, Selector};
use base::series::SeriesKey;
use base::store::{
    DeleteQuery, Deleted, Durability, FetchQuery, FindQuery, Node, SampleStore, Shape,
};
use base::time::{Millis, TimeRange};
use engine::Engine;
use engine::storage::faulty::Faulty;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every action reaches what one of these globs fits, and nothing else.
fn reaching(globs: &[&str]) -> (Scope, Arc<NameFilter>) {
    let globs = globs.iter().map(|glob| Selector::parse(glob).unwrap());
    let filter = Arc::new(NameFilter::any(globs.collect()).unwrap());
    let all = Action::ALL.iter();
    let grants = all.fold(Grants::default(), |grants, action| {
        grants.with(*action, Reach::Names(Arc::clone(&filter)))
    });
    (scope_with(1, grants), filter)
}

fn key(name: &str) -> SeriesKey<'static> {
    SeriesKey::parse_graphite(name).unwrap()
}

fn batch<'n>(names: impl IntoIterator<Item = &'n str>, at: i64) -> Batch {
    let mut batch = Batch::default();
    for name in names {
        batch.add(&key(name), Millis(at), 1.0);
    }
    batch
}

fn filled<'n>(names: impl IntoIterator<Item = &'n str>) -> Engine {
    let engine = open(&Faulty::new(1));
    let batch = batch(names, NOON);
    engine
        .append(&scope(1), &batch, Durability::Buffered)
        .unwrap();
    engine
}

fn find(engine: &Engine, scope: &Scope, glob: &str, range: Option<TimeRange>) -> Vec<Node> {
    let selector = Selector::parse(glob).unwrap();
    let query = FindQuery {
        selector: &selector,
        range,
        labelled: true,
    };
    engine.find(scope, &query, &Context::unlimited()).unwrap()
}

fn fetch(engine: &Engine, scope: &Scope, glob: &str) -> Vec<Series> {
    let selector = Selector::parse(glob).unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    engine.fetch(scope, &query, &Context::unlimited()).unwrap()
}

fn delete(engine: &Engine, scope: &Scope, glob: &str, dry_run: bool) -> Deleted {
    let selector = Selector::parse(glob).unwrap();
    let query = DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run,
        names: 20,
    };
    engine.delete(scope, &query, &Context::unlimited()).unwrap()
}

#[test]
fn a_filter_neither_reads_lists_counts_deletes_writes_nor_learns_of_anything_else() {
    let names = ["app.a", "app.b", "app.b.deep", "app", "db.a", "zoo.app.a"];
    let engine = filled(names);
    let (caller, _) = reaching(&["app.*"]);
    let paths = |nodes: Vec<Node>| -> Vec<String> {
        let nodes = nodes.into_iter();
        let describe = |node: Node| format!("{} {} {}", node.path, node.leaf, node.branch);
        nodes.map(describe).collect()
    };
    assert_eq!(paths(find(&engine, &caller, "*", None)), ["app false true"]);
    assert_eq!(
        paths(find(&engine, &caller, "**", None)),
        ["app false true", "app.a true false", "app.b true false"],
        "`app.b` is no branch: what lies below it is not for this caller"
    );
    assert_eq!(find(&engine, &caller, "db.*", None), []);
    assert_eq!(find(&engine, &caller, "app.b.deep", None), []);
    let fetched = fetch(&engine, &caller, "**");
    let fetched: Vec<_> = fetched
        .iter()
        .map(|series| series.name().into_owned())
        .collect();
    assert_eq!(fetched, ["app.a", "app.b"]);

    let sent = batch(["app.c", "db.a", "app.b.deep", "app.a"], NOON + 1);
    let appended = engine
        .append(&caller, &sent, Durability::Committed)
        .unwrap();
    assert_eq!((appended.stored, appended.created), (2, 1));
    let outside = RejectReason::OutOfReach;
    assert_eq!(appended.rejected, [(1, outside.clone()), (2, outside)]);

    let counted = delete(&engine, &caller, "*", true);
    assert_eq!((counted.series, counted.series_below), (3, 3));
    assert_eq!(counted.names, ["app.a", "app.b", "app.c"].map(key));
    assert_eq!(delete(&engine, &caller, "*", false).series, 3);
    let left = fetch(&engine, &scope(1), "**");
    let left: Vec<_> = left
        .iter()
        .map(|series| series.name().into_owned())
        .collect();
    assert_eq!(left, ["app", "app.b.deep", "db.a", "zoo.app.a"]);
}

#[test]
fn a_tenant_is_dropped_with_all_it_has_and_no_other() {
    let engine = filled(["a", "a.b", "a.b;l=1", "c;l=.x.y"]);
    for at in [NOON, NOON + 1] {
        let sent = batch(["a", "a.b"], at);
        let appended = engine.append(&scope(2), &sent, Durability::Buffered);
        assert_eq!(appended.unwrap().stored, 2);
    }
    let context = Context::unlimited();
    let (caller, _) = reaching(&["a.*"]);
    assert_eq!(engine.drop_tenant(&caller, &context).unwrap(), 2);
    assert_eq!(engine.drop_tenant(&scope(1), &context).unwrap(), 2);
    assert_eq!(fetch(&engine, &scope(1), "**"), []);
    assert_eq!(engine.usage(&metering(1)).unwrap().series, 0);
    assert_eq!(fetch(&engine, &scope(2), "**").len(), 2);
}

/// Rejections of the store itself keep their places among those of the filter.
#[test]
fn what_was_rejected_is_told_by_its_place_in_the_whole_batch() {
    let engine = filled([]);
    let (caller, _) = reaching(&["app.*"]);
    let mut sent = batch(["db.a"], NOON);
    sent.add(&key("app.a"), Millis(i64::MIN), 1.0);
    sent.add(&key("db.b"), Millis(NOON), 1.0);
    sent.add(&key("app.a"), Millis(NOON), 1.0);
    let appended = engine.append(&caller, &sent, Durability::Buffered).unwrap();
    let codes = appended.rejected.iter();
    let codes: Vec<_> = codes.map(|(at, reason)| (*at, reason.code())).collect();
    assert_eq!(
        codes,
        [(0, "out_of_reach"), (1, "too_old"), (2, "out_of_reach")]
    );
    assert_eq!(appended.stored, 1);
}

const GLOBS: [&str; 9] = [
    "*",
    "**",
    "a.*",
    "*.b",
    "a.**",
    "{a,b}.?",
    "b*",
    "a.b;l=*",
    "*.*;l=[xy]*",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// `result(filter) == filter(result(all))`: the same as in a store that never had anything else.
    #[test]
    fn a_store_with_a_filter_is_the_store_of_what_it_lets_through(
        names in prop::collection::btree_set("[ab](\\.[ab-]){0,3}(;l=[xy./]{1,2})?", 0..25),
        glob in prop::sample::select(GLOBS.to_vec()),
        filter in prop::collection::vec(prop::sample::select(GLOBS.to_vec()), 0..3),
    ) {
        let (caller, filter) = reaching(&filter);
        let ours: BTreeSet<&str> = names.iter().map(String::as_str)
            .filter(|name| filter.matches(&key(name)))
            .collect();
        let (all, alone) = (filled(names.iter().map(String::as_str)), filled(ours.iter().copied()));
        let everybody = scope(1);
        for range in [None, Some(TimeRange::ALL)] {
            prop_assert_eq!(find(&all, &caller, glob, range), find(&alone, &everybody, glob, range));
        }
        prop_assert_eq!(fetch(&all, &caller, glob), fetch(&alone, &everybody, glob));
        let steps = |engine: &Engine, scope: &Scope| delete(engine, scope, glob, true);
        prop_assert_eq!(steps(&all, &caller), steps(&alone, &everybody));
        prop_assert_eq!(delete(&all, &caller, glob, false), delete(&alone, &everybody, glob, false));
        prop_assert_eq!(fetch(&all, &caller, "**"), fetch(&alone, &everybody, "**"));
        let lost = names.len() - fetch(&all, &everybody, "**").len();
        prop_assert!(lost <= ours.len(), "{} of others are gone", lost - ours.len());
    }
}
