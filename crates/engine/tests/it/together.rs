//! Several queries that are asked together.

use crate::support::{NOON, open, scope, send};
use base::context::Context;
use base::grid::{Fold, Window};
use base::selector::Selector;
use base::store::{FetchQuery, SampleStore, Shape};
use base::time::{Step, TimeRange};
use engine::storage::faulty::Faulty;
use std::ops::ControlFlow;

/// Whoever reads is told which of the queries a series answers, in whatever shape it is read.
#[test]
fn a_series_says_which_query_it_answers() {
    let engine = open(&Faulty::new(1));
    let minute = [
        ("a.x", NOON - 1000, 1.0),
        ("a.y", NOON - 1000, 2.0),
        ("b.x", NOON - 1000, 3.0),
    ];
    send(&engine, 1, &minute);
    let step = Step::new(60_000).unwrap();
    let window = Window::of(crate::support::range(NOON - 120_000, NOON), step).unwrap();
    let shapes = [
        Shape::Raw(TimeRange::ALL),
        Shape::Grid {
            window,
            fold: Fold::Average,
        },
    ];
    let selectors = ["b.*", "no-such.*", "a.*", "*.x"].map(|text| Selector::parse(text).unwrap());
    for shape in shapes {
        let queries: Vec<FetchQuery<'_>> = selectors
            .iter()
            .map(|selector| FetchQuery { selector, shape })
            .collect();
        let mut read = Vec::new();
        engine
            .read_all(&scope(1), &queries, &Context::unlimited(), &mut |series| {
                read.push((series.query(), series.key().as_str().to_owned()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(query, key)| (*query, key.as_str()))
            .collect();
        let expected = [(0, "b.x"), (2, "a.x"), (2, "a.y"), (3, "a.x"), (3, "b.x")];
        assert_eq!(read, expected);
    }
}
