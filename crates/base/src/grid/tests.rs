use super::*;
use crate::time::TimeRange;
use proptest::prelude::*;

fn samples(samples: &[(i64, f64)]) -> Vec<(Millis, f64)> {
    let samples = samples.iter();
    samples.map(|(at, value)| (Millis(*at), *value)).collect()
}

/// The same samples as `points_max` at the most.
fn fewer(raw: &[(Millis, f64)], points_max: usize) -> Vec<(Millis, f64)> {
    let (Some((first, _)), Some((last, _))) = (raw.first(), raw.last()) else {
        return Vec::new();
    };
    if raw.len() <= points_max {
        return raw.to_vec();
    }
    let mut parts = Parts::new(*first, *last, points_max, Fold::Average);
    let samples = raw.iter();
    let begun: Vec<_> = samples
        .filter_map(|(at, value)| parts.add(*at, *value))
        .collect();
    begun.into_iter().chain(parts.end()).collect()
}

fn range(from: i64, until: i64) -> TimeRange {
    TimeRange {
        from: Millis(from),
        until: Millis(until),
    }
}

fn parts(grid: &Grid) -> (i64, i64, Vec<Option<f64>>) {
    let values = grid
        .values
        .iter()
        .map(|v| Some(*v).filter(|v| !v.is_nan()))
        .collect();
    (grid.start.0, grid.step.millis(), values)
}

#[test]
fn samples_fall_into_slots() {
    let raw = samples(&[(59, 9.0), (60, 1.0), (90, 3.0), (119, 2.0), (180, 5.0)]);
    let step = Step::new(60).unwrap();
    for (fold, value) in [
        (Fold::Average, 2.0),
        (Fold::Last, 2.0),
        (Fold::Sum, 6.0),
        (Fold::Min, 1.0),
        (Fold::Max, 3.0),
    ] {
        let grid = Window::of(range(59, 200), step)
            .unwrap()
            .grid(raw.iter().copied(), fold);
        assert_eq!(
            parts(&grid),
            (60, 60, vec![Some(value), None, Some(5.0)]),
            "{fold:?}"
        );
    }
    let window = Window::of(range(-120, -1), step).unwrap();
    let before_zero = window.grid(samples(&[(-1, 1.0)]), Fold::Sum);
    assert_eq!(parts(&before_zero), (-60, 60, vec![Some(1.0)]));
}

#[test]
fn a_window_begins_behind_from_and_is_never_empty() {
    let step = Step::new(10).unwrap();
    for (from, until, start, slots, last) in [
        (0, 30, 10, 3, 39),
        (1, 30, 10, 3, 39),
        (9, 29, 10, 2, 29),
        (10, 20, 20, 1, 29),
        (11, 15, 20, 1, 29),
        (-11, 0, -10, 2, 9),
    ] {
        let window = Window::of(range(from, until), step).unwrap();
        assert_eq!(window.slots(), slots, "{from} {until}");
        assert_eq!(window.range(), range(start, last), "{from} {until}");
    }
}

#[test]
fn a_range_without_end_is_refused() {
    let step = Step::new(1).unwrap();
    let refused = Err(TooManySlots { step_ms: 1 });
    assert_eq!(Window::of(TimeRange::ALL, step), refused);
    assert_eq!(
        Window::of(range(i64::MAX - 1, i64::MAX), step).map(|w| w.slots()),
        Ok(1)
    );
    assert_eq!(Window::of(range(i64::MAX, i64::MAX), step), refused);
    assert_eq!(Window::of(range(0, 10_000_001), step), refused);
}

#[test]
fn a_mean_of_large_values_is_no_infinity() {
    assert_eq!(Fold::Average.of([f64::MAX, f64::MAX, f64::NAN]), f64::MAX);
    assert!(Fold::Average.of([f64::NAN]).is_nan());
}

/// To the last bit, as Graphite has it: the sum by the count.
#[test]
fn regression_7_a_mean_is_the_sum_by_the_count() {
    assert_eq!(
        Fold::Average.of([0.1, 0.2, f64::NAN, 0.3]),
        (0.1 + 0.2 + 0.3) / 3.0
    );
    for count in 1..600_u32 {
        let values = (0..count).map(|at| f64::from(at * 7919 % 10_000) / 100.0);
        let sum: f64 = values.clone().fold(0.0, |sum, value| sum + value);
        let mean = Fold::Average.of(values);
        assert_eq!(
            mean.to_bits(),
            (sum / f64::from(count)).to_bits(),
            "{count}"
        );
    }
    // Infinity only where the values have it.
    let most = Fold::Average.of([f64::MAX, f64::MAX, -1.0]);
    assert!(most.is_finite() && most > 1e307, "{most}");
    assert_eq!(Fold::Average.of([-f64::MAX, -f64::MAX]), -f64::MAX);
    assert_eq!(Fold::Average.of([f64::INFINITY, 1.0]), f64::INFINITY);
}

#[test]
fn coarser_grids_begin_at_multiples_of_their_step() {
    let grid = Grid {
        start: Millis(10),
        step: Step::new(10).unwrap(),
        values: vec![1.0, 2.0, 3.0, f64::NAN, 5.0],
    };
    assert_eq!(parts(&at_most(&grid, 5, Fold::Average)), parts(&grid));
    assert_eq!(
        parts(&at_most(&grid, 3, Fold::Average)),
        (20, 20, vec![Some(1.5), Some(3.0), Some(5.0)])
    );
    assert_eq!(
        parts(&at_most(&grid, 1, Fold::Sum)),
        (10, 50, vec![Some(11.0)])
    );
    assert_eq!(
        parts(&at_most(&grid, 0, Fold::Max)),
        (10, 50, vec![Some(5.0)])
    );
}

#[test]
fn raw_samples_become_fewer() {
    let raw = samples(&[(0, 1.0), (1, 3.0), (50, 5.0), (99, 7.0)]);
    assert_eq!(fewer(&raw, 2), samples(&[(0, 2.0), (50, 6.0)]));
    assert_eq!(fewer(&raw, 4), raw);
}

/// Folding in the store and then in the reader gives the same as folding in the reader alone.
#[test]
fn slots_that_are_handed_out_one_by_one_are_those_of_the_grid() {
    let step = Step::new(60).unwrap();
    let window = Window::of(range(-1, 300), step).unwrap();
    let raw = samples(&[(0, 1.0), (59, 3.0), (61, f64::NAN), (240, 5.0), (1000, 9.0)]);
    let mut folding = Folding::new(window, Fold::Average);
    let mut slots: Vec<_> = raw
        .iter()
        .filter_map(|(at, value)| folding.add(*at, *value))
        .collect();
    slots.extend(folding.end());
    assert_eq!(slots, samples(&[(0, 2.0), (240, 5.0)]));
    let mut grid = window.empty();
    window.put(&mut grid, slots);
    assert_eq!(parts(&grid), parts(&window.grid(raw, Fold::Average)));
}

proptest! {
    #[test]
    fn never_more_than_asked_for(
        given in proptest::collection::btree_map(any::<i64>(), -1e6_f64..1e6, 0..40),
        points_max in 1_usize..50,
    ) {
        let raw = samples(&given.into_iter().collect::<Vec<_>>());
        let fewer = fewer(&raw, points_max);
        prop_assert!(fewer.len() <= points_max);
        prop_assert!(fewer.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn no_grid_panics(start: i64, step in 1_i64..i64::MAX, values in proptest::collection::vec(any::<f64>(), 0..20), points_max in 0_usize..25) {
        let grid = Grid { start: Millis(start), step: Step::new(step).unwrap(), values };
        let coarse = at_most(&grid, points_max, Fold::Average);
        prop_assert!(coarse.values.len() <= grid.values.len());
    }

    #[test]
    fn a_sum_loses_nothing(given in proptest::collection::btree_map(0_i64..10_000, -100_i32..100, 0..60), step in 1_i64..500) {
        let total: f64 = given.values().copied().map(f64::from).sum();
        let raw = given.iter().map(|(at, value)| (Millis(*at), f64::from(*value)));
        let window = Window::of(range(-1, 9_999), Step::new(step).unwrap()).unwrap();
        let grid = window.grid(raw, Fold::Sum);
        let kept: f64 = grid.values.iter().filter(|value| !value.is_nan()).sum();
        prop_assert_eq!(kept, total);
    }
}
