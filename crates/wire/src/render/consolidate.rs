//! Fewer points out of many: samples into the slots of a grid, and grids into coarser ones, both by Graphite's rules.
//!
//! The slot of an instant begins at `at - at % step`; what is in no slot's samples is NaN, and NaN counts for nothing.

use super::gather::{Filling, Parts, Running};
use base::limit;
use base::sample::{Grid, Series};
use base::time::{Millis, Step, TimeRange};

/// The most slots one grid may have.
pub const SLOTS_MAX: u64 = limit::SLOTS_PER_SERIES.default;

/// What several values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Function {
    /// Their arithmetic mean.
    #[default]
    Average,
    /// The latest.
    Last,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Function {
    /// One value out of many; NaN where there is none.
    pub fn of(self, values: impl IntoIterator<Item = f64>) -> f64 {
        let mut running = Running::new(self);
        values.into_iter().for_each(|value| running.add(value));
        running.value()
    }
}

/// The range holds more than [`SLOTS_MAX`] slots of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the range holds more than `{}` = {SLOTS_MAX} slots of {} s",
    limit::SLOTS_PER_SERIES.name,
    step_ms / 1000
)]
pub struct TooManySlots {
    /// The step asked for.
    pub step_ms: i64,
}

/// The slots of `step` that a range asks for: those that begin behind `from` and not behind `until`, and where there are
/// none, the first one behind `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: Millis,
    step: Step,
    slots: usize,
}

impl Window {
    /// The window of `range`.
    ///
    /// # Errors
    /// [`TooManySlots`] for a range too long for the step.
    pub fn of(range: TimeRange, step: Step) -> Result<Self, TooManySlots> {
        let error = TooManySlots {
            step_ms: step.millis(),
        };
        let slot_of = |at: Millis| at.0.div_euclid(step.millis());
        let first = slot_of(range.from).checked_add(1).ok_or(error)?;
        let slots = slot_of(range.until)
            .checked_sub(first)
            .and_then(|slots| slots.checked_add(1))
            .ok_or(error)?
            .max(1);
        let slots = usize::try_from(slots).map_err(|_| error)?;
        if slots as u64 > SLOTS_MAX {
            return Err(error);
        }
        let start = first.checked_mul(step.millis()).ok_or(error)?;
        Ok(Self {
            start: Millis(start),
            step,
            slots,
        })
    }

    /// How many slots there are; at least one.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.slots
    }

    /// The instants that fall into one of the slots: what to read, so that the last slot holds the same whenever it is
    /// asked for.
    #[must_use]
    pub fn range(&self) -> TimeRange {
        let length = i64::try_from(self.slots)
            .unwrap_or(i64::MAX)
            .saturating_mul(self.step.millis());
        TimeRange {
            from: self.start,
            until: self.start.plus(length - 1),
        }
    }

    /// Puts samples into the slots; those outside are left out.
    #[must_use]
    pub fn grid(&self, series: &Series, function: Function) -> Grid {
        let mut filling = Filling::new(*self, function);
        let values = series.values.iter().copied();
        for (at, value) in series.timestamps.iter().copied().zip(values) {
            filling.add(at, value);
        }
        filling.grid()
    }

    /// The slot that an instant falls into.
    pub(super) fn slot_of(&self, at: Millis) -> Option<usize> {
        let range = self.range();
        if !range.contains(at) {
            return None;
        }
        usize::try_from((at.0 - self.start.0) / self.step.millis()).ok()
    }

    pub(super) const fn start(&self) -> Millis {
        self.start
    }

    pub(super) const fn step(&self) -> Step {
        self.step
    }
}

/// Makes a grid coarser until it has at most `points_max` points, as Graphite does for `maxDataPoints`: the new step is a
/// multiple of the old one, and slots stand at multiples of the new step behind the grid's start. The reference labels a
/// slot one old step later than its first point, so a slot at `t` takes the points from `t - old step` on; what lies
/// before the first slot is left out. One point takes everything, and stands at the start.
#[must_use]
pub fn at_most(grid: &Grid, points_max: usize, function: Function) -> Grid {
    let points_max = points_max.max(1);
    if grid.values.len() <= points_max {
        return grid.clone();
    }
    let bucket = grid.values.len().div_ceil(points_max);
    let old = grid.step.millis();
    let Some(step) = i64::try_from(bucket)
        .ok()
        .and_then(|bucket| old.checked_mul(bucket))
        .and_then(Step::new)
    else {
        return grid.clone();
    };
    let ahead = if points_max == 1 {
        0
    } else {
        let new = step.millis();
        new - (grid.start.0.rem_euclid(new) - grid.start.0.rem_euclid(old))
    };
    let skipped = usize::try_from(ahead / old).unwrap_or(0).saturating_sub(1);
    let values = grid
        .values
        .get(skipped..)
        .unwrap_or_default()
        .chunks(bucket)
        .map(|chunk| function.of(chunk.iter().copied()))
        .collect();
    Grid {
        start: grid.start.plus(ahead),
        step,
        values,
    }
}

/// The same for samples without a grid: the time they span is cut into `points_max` equal parts, and the samples of
/// each part become one, at the instant of the first of them.
#[must_use]
pub fn raw_at_most(series: &Series, points_max: usize, function: Function) -> Series {
    let points_max = points_max.max(1);
    let (Some(first), Some(last)) = (series.timestamps.first(), series.timestamps.last()) else {
        return series.clone();
    };
    if series.timestamps.len() <= points_max {
        return series.clone();
    }
    let mut parts = Parts::new(*first, *last, points_max, function);
    let mut fewer = Series {
        name: series.name.clone(),
        timestamps: Vec::with_capacity(points_max),
        values: Vec::with_capacity(points_max),
    };
    let samples = series.timestamps.iter().copied();
    let begun = samples.zip(series.values.iter().copied());
    let begun: Vec<(Millis, f64)> = begun
        .filter_map(|(at, value)| parts.add(at, value))
        .collect();
    for (at, value) in begun.into_iter().chain(parts.end()) {
        fewer.timestamps.push(at);
        fewer.values.push(value);
    }
    fewer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(samples: &[(i64, f64)]) -> Series {
        Series {
            name: "a".to_owned(),
            timestamps: samples.iter().map(|(at, _)| Millis(*at)).collect(),
            values: samples.iter().map(|(_, value)| *value).collect(),
        }
    }

    fn range(from: i64, until: i64) -> TimeRange {
        TimeRange {
            from: Millis(from),
            until: Millis(until),
        }
    }

    fn shown(grid: &Grid) -> (i64, i64, Vec<Option<f64>>) {
        let values = grid
            .values
            .iter()
            .map(|v| Some(*v).filter(|v| !v.is_nan()))
            .collect();
        (grid.start.0, grid.step.millis(), values)
    }

    #[test]
    fn samples_fall_into_slots() {
        let raw = series(&[(59, 9.0), (60, 1.0), (90, 3.0), (119, 2.0), (180, 5.0)]);
        let step = Step::new(60).unwrap();
        for (function, value) in [
            (Function::Average, 2.0),
            (Function::Last, 2.0),
            (Function::Sum, 6.0),
            (Function::Min, 1.0),
            (Function::Max, 3.0),
        ] {
            let grid = Window::of(range(59, 200), step)
                .unwrap()
                .grid(&raw, function);
            assert_eq!(
                shown(&grid),
                (60, 60, vec![Some(value), None, Some(5.0)]),
                "{function:?}"
            );
        }
        let window = Window::of(range(-120, -1), step).unwrap();
        let before_zero = window.grid(&series(&[(-1, 1.0)]), Function::Sum);
        assert_eq!(shown(&before_zero), (-60, 60, vec![Some(1.0)]));
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
        assert_eq!(
            Function::Average.of([f64::MAX, f64::MAX, f64::NAN]),
            f64::MAX
        );
        assert!(Function::Average.of([f64::NAN]).is_nan());
    }

    /// To the last bit, as Graphite has it: the sum by the count.
    #[test]
    fn regression_7_a_mean_is_the_sum_by_the_count() {
        assert_eq!(
            Function::Average.of([0.1, 0.2, f64::NAN, 0.3]),
            (0.1 + 0.2 + 0.3) / 3.0
        );
        for count in 1..600_u32 {
            let values = (0..count).map(|at| f64::from(at * 7919 % 10_000) / 100.0);
            let sum: f64 = values.clone().fold(0.0, |sum, value| sum + value);
            let mean = Function::Average.of(values);
            assert_eq!(
                mean.to_bits(),
                (sum / f64::from(count)).to_bits(),
                "{count}"
            );
        }
        // Infinity only where the values have it.
        let most = Function::Average.of([f64::MAX, f64::MAX, -1.0]);
        assert!(most.is_finite() && most > 1e307, "{most}");
        assert_eq!(Function::Average.of([-f64::MAX, -f64::MAX]), -f64::MAX);
        assert_eq!(Function::Average.of([f64::INFINITY, 1.0]), f64::INFINITY);
    }

    #[test]
    fn coarser_grids_begin_at_multiples_of_their_step() {
        let grid = Grid {
            start: Millis(10),
            step: Step::new(10).unwrap(),
            values: vec![1.0, 2.0, 3.0, f64::NAN, 5.0],
        };
        assert_eq!(shown(&at_most(&grid, 5, Function::Average)), shown(&grid));
        assert_eq!(
            shown(&at_most(&grid, 3, Function::Average)),
            (20, 20, vec![Some(1.5), Some(3.0), Some(5.0)])
        );
        assert_eq!(
            shown(&at_most(&grid, 1, Function::Sum)),
            (10, 50, vec![Some(11.0)])
        );
        assert_eq!(
            shown(&at_most(&grid, 0, Function::Max)),
            (10, 50, vec![Some(5.0)])
        );
    }

    #[test]
    fn raw_samples_become_fewer() {
        let raw = series(&[(0, 1.0), (1, 3.0), (50, 5.0), (99, 7.0)]);
        let fewer = raw_at_most(&raw, 2, Function::Average);
        assert_eq!(fewer, series(&[(0, 2.0), (50, 6.0)]));
        assert_eq!(raw_at_most(&raw, 4, Function::Average), raw);
    }

    proptest! {
        #[test]
        fn never_more_than_asked_for(
            samples in proptest::collection::btree_map(any::<i64>(), -1e6_f64..1e6, 0..40),
            points_max in 0_usize..50,
        ) {
            let raw = series(&samples.into_iter().collect::<Vec<_>>());
            let fewer = raw_at_most(&raw, points_max, Function::Average);
            prop_assert!(fewer.timestamps.len() <= points_max.max(1));
            prop_assert!(fewer.timestamps.is_sorted());
            prop_assert_eq!(fewer.timestamps.len(), fewer.values.len());
        }

        #[test]
        fn no_grid_panics(start: i64, step in 1_i64..i64::MAX, values in proptest::collection::vec(any::<f64>(), 0..20), points_max in 0_usize..25) {
            let grid = Grid { start: Millis(start), step: Step::new(step).unwrap(), values };
            let coarse = at_most(&grid, points_max, Function::Average);
            prop_assert!(coarse.values.len() <= grid.values.len());
        }

        #[test]
        fn a_sum_loses_nothing(samples in proptest::collection::btree_map(0_i64..10_000, -100_i32..100, 0..60), step in 1_i64..500) {
            let total: f64 = samples.values().copied().map(f64::from).sum();
            let raw = series(&samples.iter().map(|(at, value)| (*at, f64::from(*value))).collect::<Vec<_>>());
            let window = Window::of(range(-1, 9_999), Step::new(step).unwrap()).unwrap();
            let grid = window.grid(&raw, Function::Sum);
            let kept: f64 = grid.values.iter().filter(|value| !value.is_nan()).sum();
            prop_assert_eq!(kept, total);
        }
    }
}
