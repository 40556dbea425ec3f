//! Fewer points out of many: samples into the slots of a grid, and grids into coarser ones.
//!
//! The slot of an instant begins at `at - at % step`; what is in no slot's samples is NaN, and NaN counts for nothing.

use base::sample::{Grid, Series};
use base::time::{Millis, Step, TimeRange};

/// The most slots one grid may have.
pub const SLOTS_MAX: u64 = 10_000_000;

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
        let mut values = values.into_iter().filter(|value| !value.is_nan());
        let Some(first) = values.next() else {
            return f64::NAN;
        };
        match self {
            Self::Last => values.last().unwrap_or(first),
            Self::Sum => values.fold(first, |sum, value| sum + value),
            Self::Min => values.fold(first, f64::min),
            Self::Max => values.fold(first, f64::max),
            Self::Average => {
                // The running mean can't overflow where the sum would.
                let (mean, _) = values.fold((first, 1.0), |(mean, count), value| {
                    let count = count + 1.0;
                    (mean + (value / count - mean / count), count)
                });
                mean
            }
        }
    }
}

/// The range holds more than [`SLOTS_MAX`] slots of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range holds more than {SLOTS_MAX} slots of {step_ms} ms")]
pub struct TooManySlots {
    /// The step asked for.
    pub step_ms: i64,
}

/// Puts samples into the slots of `step`, from the slot of `range.from` to that of `range.until`.
///
/// # Errors
/// [`TooManySlots`] for a range too long for the step.
pub fn to_grid(
    series: &Series,
    step: Step,
    range: TimeRange,
    function: Function,
) -> Result<Grid, TooManySlots> {
    let error = TooManySlots {
        step_ms: step.millis(),
    };
    let slot_of = |at: Millis| at.0.div_euclid(step.millis());
    let first = slot_of(range.from);
    let slots = slot_of(range.until)
        .checked_sub(first)
        .and_then(|slots| slots.checked_add(1))
        .map_or(Some(u64::MAX), |slots| u64::try_from(slots).ok())
        .unwrap_or(0);
    if slots > SLOTS_MAX {
        return Err(error);
    }
    let start = first.checked_mul(step.millis()).ok_or(error)?;
    let mut values = vec![f64::NAN; usize::try_from(slots).map_err(|_| error)?];
    let mut samples = series
        .timestamps
        .iter()
        .copied()
        .zip(series.values.iter().copied())
        .filter(|(at, _)| range.contains(*at))
        .peekable();
    while let Some((at, _)) = samples.peek().copied() {
        let slot = slot_of(at);
        let here = std::iter::from_fn(|| samples.next_if(|(at, _)| slot_of(*at) == slot));
        let value = function.of(here.map(|(_, value)| value));
        let target = usize::try_from(slot - first)
            .ok()
            .and_then(|index| values.get_mut(index));
        if let Some(target) = target {
            *target = value;
        }
        // `of` may stop early; what is left of this slot is done with.
        while samples.next_if(|(at, _)| slot_of(*at) == slot).is_some() {}
    }
    Ok(Grid {
        start: Millis(start),
        step,
        values,
    })
}

/// Makes a grid coarser until it has at most `points_max` points, as Graphite does for `maxDataPoints`: the new step is a
/// multiple of the old one, slots begin at multiples of the new step, and the points before the first of them are left
/// out. One point takes everything.
#[must_use]
pub fn at_most(grid: &Grid, points_max: usize, function: Function) -> Grid {
    let points_max = points_max.max(1);
    if grid.values.len() <= points_max {
        return grid.clone();
    }
    let bucket = grid.values.len().div_ceil(points_max);
    let Some(step) = i64::try_from(bucket)
        .ok()
        .and_then(|bucket| grid.step.millis().checked_mul(bucket))
        .and_then(Step::new)
    else {
        return grid.clone();
    };
    let ahead = if points_max == 1 {
        0
    } else {
        grid.start.0.wrapping_neg().rem_euclid(step.millis())
    };
    // Points stand at multiples of the old step, so the distance is one of whole points.
    let skipped = usize::try_from(ahead / grid.step.millis()).unwrap_or(0);
    let start = grid
        .start
        .plus(ahead / grid.step.millis() * grid.step.millis());
    let values = grid
        .values
        .get(skipped..)
        .unwrap_or_default()
        .chunks(bucket)
        .map(|chunk| function.of(chunk.iter().copied()))
        .collect();
    Grid {
        start,
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
    let span = i128::from(last.0) - i128::from(first.0) + 1;
    let part_of = |at: Millis| {
        (i128::from(at.0) - i128::from(first.0))
            * i128::try_from(points_max).unwrap_or(i128::MAX >> 64)
            / span
    };
    let mut fewer = Series {
        name: series.name.clone(),
        timestamps: Vec::with_capacity(points_max),
        values: Vec::with_capacity(points_max),
    };
    let mut rest = series.timestamps.as_slice();
    let mut values = series.values.as_slice();
    while let Some(at) = rest.first() {
        let part = part_of(*at);
        let count = rest.iter().take_while(|at| part_of(**at) == part).count();
        let (here, behind) = values.split_at_checked(count).unwrap_or((values, &[]));
        fewer.timestamps.push(*at);
        fewer.values.push(function.of(here.iter().copied()));
        rest = rest.get(count..).unwrap_or_default();
        values = behind;
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
            let grid = to_grid(&raw, step, range(60, 200), function).unwrap();
            assert_eq!(
                shown(&grid),
                (60, 60, vec![Some(value), None, Some(5.0)]),
                "{function:?}"
            );
        }
        let before_zero =
            to_grid(&series(&[(-1, 1.0)]), step, range(-60, -1), Function::Sum).unwrap();
        assert_eq!(shown(&before_zero), (-60, 60, vec![Some(1.0)]));
    }

    #[test]
    fn a_range_without_end_is_refused() {
        let step = Step::new(1).unwrap();
        assert_eq!(
            to_grid(&series(&[]), step, TimeRange::ALL, Function::Sum),
            Err(TooManySlots { step_ms: 1 })
        );
    }

    #[test]
    fn a_mean_of_large_values_is_no_infinity() {
        assert_eq!(
            Function::Average.of([f64::MAX, f64::MAX, f64::NAN]),
            f64::MAX
        );
        assert!(Function::Average.of([f64::NAN]).is_nan());
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
            (20, 20, vec![Some(2.5), Some(5.0)])
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
            let grid = to_grid(&raw, Step::new(step).unwrap(), range(0, 9_999), Function::Sum).unwrap();
            let kept: f64 = grid.values.iter().filter(|value| !value.is_nan()).sum();
            prop_assert_eq!(kept, total);
        }
    }
}
