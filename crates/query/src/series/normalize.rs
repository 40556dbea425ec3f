//! Brings series of different steps to a common one.

use super::Series;

/// Series that share a start, an end and a step.
#[derive(Debug)]
pub struct Normalized {
    /// The series, each with as many values per point as the common step needs.
    pub series: Vec<Series>,
    /// The earliest start.
    pub start: i64,
    /// The latest end, cut to whole steps.
    pub end: i64,
    /// The least common multiple of their steps.
    pub step: i64,
}

impl Normalized {
    /// Start, end and step, for the series that is made of them.
    #[must_use]
    pub const fn span(&self) -> (i64, i64, i64) {
        (self.start, self.end, self.step)
    }

    /// How many points its columns take that no series has: those that are consolidated.
    #[must_use]
    pub(crate) fn own_points(&self) -> usize {
        let consolidated = self
            .series
            .iter()
            .filter(|series| series.values_per_point > 1);
        consolidated
            .map(|series| series.values.len() / series.values_per_point + 1)
            .sum()
    }

    /// The points of each series, and the most that any has.
    #[must_use]
    pub fn columns(&self) -> (Vec<std::borrow::Cow<'_, [f64]>>, usize) {
        let columns: Vec<_> = self.series.iter().map(Series::points).collect();
        let longest = columns.iter().map(|column| column.len()).max();
        (columns, longest.unwrap_or(0))
    }
}

/// Puts series side by side. The points of each are counted from its own start. `None` where there are none.
#[must_use]
pub(crate) fn normalize(mut series: Vec<Series>) -> Option<Normalized> {
    let step = series
        .iter()
        .map(|series| series.step)
        .reduce(least_common_multiple)?;
    for series in &mut series {
        series.values_per_point = usize::try_from(step / series.step).unwrap_or(1);
    }
    let start = series.iter().map(|series| series.start).min()?;
    let end = series.iter().map(|series| series.end).max()?;
    Some(Normalized {
        series,
        start,
        end: end - (end - start).rem_euclid(step),
        step,
    })
}

/// Of two steps; the greater one where it would be more than a number can hold.
fn least_common_multiple(one: i64, other: i64) -> i64 {
    let (mut a, mut b) = (one, other);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (one / a.max(1))
        .checked_mul(other)
        .unwrap_or(one.max(other))
}
