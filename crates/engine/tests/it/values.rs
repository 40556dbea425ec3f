//! Every value is a sample, and every series a series: which of them a protocol takes is its codec's business.

use crate::fetching::Fetching;
use crate::support::{NOON, config, open_with, scope};
use base::context::Context;
use base::grid::{Fold, Window};
use base::sample::Batch;
use base::selector::{Matcher, Op, Selector};
use base::series::SeriesKey;
use base::store::{Durability, FetchQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis, Step, TimeRange};
use engine::Engine;
use engine::storage::faulty::Faulty;
use std::sync::Arc;

/// Prometheus' mark of a series that has ended, infinities, zeros of both signs, a NaN with a sign.
const BITS: [u64; 6] = [
    0x7ff0_0000_0000_0002,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x8000_0000_0000_0000,
    0,
    0xfff8_0000_0000_0001,
];

fn stored(engine: &Engine, selector: &Selector) -> Vec<(SeriesKey<'static>, Vec<u64>)> {
    let query = FetchQuery {
        selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let series = engine.fetch(&scope(1), &query, &Context::unlimited());
    let series = series.unwrap().into_iter();
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect();
    series
        .map(|series| (series.key, bits(series.values)))
        .collect()
}

#[test]
fn values_and_labels_are_kept_to_the_bit() {
    let (storage, clock) = (Faulty::new(1), Arc::new(ManualClock::at(Millis(NOON))));
    // Ascending: a key has the length of a value before it.
    let keys = ["x.y/z", "a b;c\n\"\\\0.é"]
        .map(|host| SeriesKey::new("up", [("host", host), ("job", "1")]).unwrap());
    let mut batch = Batch::default();
    for key in &keys {
        for (at, bits) in (NOON..).zip(BITS) {
            batch.add(key, Millis(at), f64::from_bits(bits));
        }
    }
    let expected = keys.clone().map(|key| (key, BITS.to_vec()));
    let (engine, _) = open_with(config(), &storage, &clock).unwrap();
    let appended = engine
        .append(&scope(1), &batch, Durability::Committed)
        .unwrap();
    assert_eq!((appended.stored, appended.rejected), (12, Vec::new()));
    assert_eq!(stored(&engine, &Selector::all()), expected, "in the head");
    drop(engine);
    let (engine, _) = open_with(config(), &storage, &clock).unwrap();
    assert_eq!(stored(&engine, &Selector::all()), expected, "from the log");
    engine.flush().unwrap();
    assert_eq!(stored(&engine, &Selector::all()), expected, "in a segment");
    drop(engine);
    let (engine, _) = open_with(config(), &storage, &clock).unwrap();
    assert_eq!(stored(&engine, &Selector::all()), expected, "opened again");
    let of_host = Matcher::new("host", Op::Regex, "x\\..*").unwrap();
    let one = Selector::new(None, vec![of_host]).unwrap();
    let [of_x, _] = expected;
    assert_eq!(stored(&engine, &one), [of_x]);
}

#[test]
fn a_grid_is_what_its_samples_fold_to() {
    let (storage, clock) = (Faulty::new(1), Arc::new(ManualClock::at(Millis(NOON))));
    let (engine, _) = open_with(config(), &storage, &clock).unwrap();
    let mut batch = Batch::default();
    let key = SeriesKey::new("a", []).unwrap();
    let samples: Vec<(Millis, f64)> = (0..500_u32)
        .map(|at| (Millis(NOON + i64::from(at) * 1000), f64::from(at * 7 % 100)))
        .collect();
    for (at, value) in &samples {
        batch.add(&key, *at, *value);
    }
    engine
        .append(&scope(1), &batch, Durability::Committed)
        .unwrap();
    let range = TimeRange {
        from: Millis(NOON - 60_000),
        until: Millis(NOON + 400_000),
    };
    let window = Window::of(range, Step::new(60_000).unwrap()).unwrap();
    for fold in [Fold::Average, Fold::Last, Fold::Sum, Fold::Min, Fold::Max] {
        let every = Selector::all();
        let query = FetchQuery {
            selector: &every,
            shape: Shape::Grid { window, fold },
        };
        let fetched = engine.fetch(&scope(1), &query, &Context::unlimited());
        let [series] = <[_; 1]>::try_from(fetched.unwrap()).unwrap();
        let mut grid = window.empty();
        let slots = series.timestamps.iter().copied();
        window.put(&mut grid, slots.zip(series.values.iter().copied()));
        let expected = window.grid(samples.iter().copied(), fold);
        let bits = |values: &[f64]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&grid.values), bits(&expected.values), "{fold:?}");
    }
}
