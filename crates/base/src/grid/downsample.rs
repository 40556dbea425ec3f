//! Downsampling as Graphite does it for `maxDataPoints`.

use super::fold::FoldState;
use super::{Fold, Grid};
use crate::time::{Millis, Step};

/// Makes a grid coarser until it has at most `points_max` points, as Graphite does for `maxDataPoints`: the new step is a
/// multiple of the old one, and slots stand at multiples of the new step after the grid's start. The reference labels a
/// slot one old step later than its first point, so a slot at `t` takes the points from `t - old step` on; what lies
/// before the first slot is left out. One point takes everything, and stands at the start.
#[must_use]
pub fn at_most(grid: &Grid, points_max: usize, fold: Fold) -> Grid {
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
        .map(|chunk| fold.of(chunk.iter().copied()))
        .collect();
    Grid {
        start: grid.start.plus(ahead),
        step,
        values,
    }
}

/// Fewer samples out of many: the time that they span is cut into equal parts, and the samples of each become one, at the
/// instant of the first of them.
#[derive(Debug, Clone)]
pub struct Parts {
    first: Millis,
    span: i128,
    points_max: i128,
    open: Option<(i128, Millis, FoldState)>,
    fold: Fold,
}

impl Parts {
    /// For samples from `first` to `last` that are to become `points_max` at the most, and one at the least.
    #[must_use]
    pub fn new(first: Millis, last: Millis, points_max: usize, fold: Fold) -> Self {
        Self {
            first,
            span: (i128::from(last.0) - i128::from(first.0) + 1).max(1),
            points_max: i128::try_from(points_max.max(1)).unwrap_or(i128::MAX >> 65),
            open: None,
            fold,
        }
    }

    /// Takes in a sample, which is later than those before; returns the part before it when it begins another.
    pub fn add(&mut self, at: Millis, value: f64) -> Option<(Millis, f64)> {
        let part = (i128::from(at.0) - i128::from(self.first.0)) * self.points_max / self.span;
        if let Some((current, _, running)) = &mut self.open
            && *current == part
        {
            running.add(value);
            return None;
        }
        let before = self.end();
        let mut running = FoldState::new(self.fold);
        running.add(value);
        self.open = Some((part, at, running));
        before
    }

    /// The last part; none where there was no sample.
    pub fn end(&mut self) -> Option<(Millis, f64)> {
        let (_, at, running) = self.open.take()?;
        Some((at, running.value()))
    }
}
