//! One value out of many that stand at the same time.

use base::number;
use std::borrow::Cow;

/// Rows that are worked on together, so that they stay near while the columns go by.
const ROWS: usize = 1024;

/// An aggregation by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    Average,
    AverageZero,
    Median,
    Sum,
    Min,
    Max,
    Diff,
    StandardDeviation,
    /// What `mostDeviant` sorts by; it has no name.
    Variance,
    Count,
    Range,
    Multiply,
    Last,
}

impl Aggregation {
    /// By a name or an alias of it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "average" | "avg" => Self::Average,
            "avg_zero" => Self::AverageZero,
            "median" => Self::Median,
            "sum" | "total" => Self::Sum,
            "min" => Self::Min,
            "max" => Self::Max,
            "diff" => Self::Diff,
            "stddev" => Self::StandardDeviation,
            "count" => Self::Count,
            "range" | "rangeOf" => Self::Range,
            "multiply" => Self::Multiply,
            "last" | "current" => Self::Last,
            _ => return None,
        })
    }

    /// Whether its result is a whole number, where its values are such or not.
    pub(crate) const fn is_whole(self, of_whole: bool) -> bool {
        match self {
            Self::Count => true,
            Self::Average
            | Self::AverageZero
            | Self::Median
            | Self::StandardDeviation
            | Self::Variance => false,
            _ => of_whole,
        }
    }

    /// A value of a series as a name shows it.
    pub(crate) fn shown(self, value: f64, of_whole: bool) -> String {
        shown(value, self.is_whole(of_whole))
    }

    /// The aggregate; NaN where there is none. NaN among the values is no value.
    pub(crate) fn of(self, values: &[f64]) -> f64 {
        let mut present = values.iter().copied().filter(|value| !value.is_nan());
        let count = present.clone().count();
        if count == 0 {
            return match self {
                Self::Count => 0.0,
                Self::AverageZero if !values.is_empty() => 0.0,
                _ => f64::NAN,
            };
        }
        let least = |present: &mut dyn Iterator<Item = f64>| present.fold(f64::INFINITY, f64::min);
        let most =
            |present: &mut dyn Iterator<Item = f64>| present.fold(f64::NEG_INFINITY, f64::max);
        match self {
            Self::Average => sum(present) / count as f64,
            Self::AverageZero => sum(present) / values.len() as f64,
            Self::Median => median(present.collect()),
            Self::Sum => sum(present),
            Self::Min => least(&mut present),
            Self::Max => most(&mut present),
            Self::Diff => {
                let first = present.next().unwrap_or(f64::NAN);
                present.fold(first, |sum, value| sum - value)
            }
            Self::StandardDeviation => Self::Variance.of(values).sqrt(),
            Self::Variance => {
                let mean = sum(present.clone()) / count as f64;
                sum(present.map(|value| (value - mean) * (value - mean))) / count as f64
            }
            Self::Count => count as f64,
            Self::Range => most(&mut present.clone()) - least(&mut present),
            Self::Multiply if count < values.len() => f64::NAN,
            Self::Multiply => present.product(),
            Self::Last => present.next_back().unwrap_or(f64::NAN),
        }
    }
}

/// Columns of values, one below the other; each may end before the others.
type Columns<'c> = [Cow<'c, [f64]>];

impl Aggregation {
    /// The aggregate of each row of columns, where at least `share` of its values are there.
    pub(crate) fn of_columns(self, columns: &Columns<'_>, length: usize, share: f64) -> Vec<f64> {
        let mut values = Vec::with_capacity(length);
        let mut counts = vec![0_u32; ROWS];
        let mut first = 0;
        while first < length {
            let rows = ROWS.min(length - first);
            let start = values.len();
            values.resize(start + rows, f64::NAN);
            let (out, counts) = (values.get_mut(start..), counts.get_mut(..rows));
            if let (Some(out), Some(counts)) = (out, counts) {
                self.fill(columns, first, out, counts);
                for (value, count) in out.iter_mut().zip(counts) {
                    if *count == 0 || f64::from(*count) / (columns.len() as f64) < share {
                        *value = f64::NAN;
                    }
                }
            }
            first += rows;
        }
        values
    }

    /// Writes the aggregates of the rows from `first` on, and how many values each has.
    fn fill(self, columns: &Columns<'_>, first: usize, out: &mut [f64], counts: &mut [u32]) {
        let all = columns.len() as f64;
        match self {
            Self::Sum | Self::Average | Self::AverageZero => {
                fold(columns, first, out, counts, 0.0, |sum, value, _| {
                    sum + value
                });
                for (value, count) in out.iter_mut().zip(counts) {
                    *value /= match self {
                        Self::Average => f64::from(*count),
                        Self::AverageZero => all,
                        _ => 1.0,
                    };
                }
            }
            Self::Min => fold(
                columns,
                first,
                out,
                counts,
                f64::INFINITY,
                |least, value, _| {
                    if value < least { value } else { least }
                },
            ),
            Self::Max => fold(
                columns,
                first,
                out,
                counts,
                f64::NEG_INFINITY,
                |most, value, _| {
                    if value > most { value } else { most }
                },
            ),
            Self::Diff => fold(columns, first, out, counts, 0.0, |rest, value, count| {
                if count == 0 { value } else { rest - value }
            }),
            Self::Last => fold(columns, first, out, counts, 0.0, |_, value, _| value),
            Self::Count => {
                fold(columns, first, out, counts, 0.0, |count, _, _| count + 1.0);
            }
            Self::Multiply => {
                fold(columns, first, out, counts, 1.0, |product, value, _| {
                    product * value
                });
                for (value, count) in out.iter_mut().zip(counts) {
                    if f64::from(*count) < all {
                        *value = f64::NAN;
                    }
                }
            }
            Self::Median | Self::StandardDeviation | Self::Variance | Self::Range => {
                let mut row = vec![f64::NAN; columns.len()];
                for ((place, value), count) in (first..).zip(out).zip(counts) {
                    for (slot, column) in row.iter_mut().zip(columns) {
                        *slot = column.get(place).copied().unwrap_or(f64::NAN);
                    }
                    *count = row.iter().map(|value| u32::from(!value.is_nan())).sum();
                    *value = self.of(&row);
                }
            }
        }
    }
}

/// A value as a name shows it: `3.0`, or `3` where it is a whole number to graphite-web.
pub(crate) fn shown(value: f64, is_whole: bool) -> String {
    if value.is_nan() {
        "None".to_owned()
    } else if is_whole {
        format!("{value:.0}")
    } else {
        number::repr(value)
    }
}

/// Folds each row, column by column, and counts its values.
fn fold(
    columns: &Columns<'_>,
    first: usize,
    out: &mut [f64],
    counts: &mut [u32],
    start: f64,
    step: impl Fn(f64, f64, u32) -> f64,
) {
    out.fill(start);
    counts.fill(0);
    for column in columns {
        let values = column.get(first..).unwrap_or_default();
        for ((slot, count), value) in out.iter_mut().zip(counts.iter_mut()).zip(values) {
            if !value.is_nan() {
                *slot = step(*slot, *value, *count);
                *count += 1;
            }
        }
    }
}

/// The sum, which is no negative zero.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The value in the middle, or the mean of the two there.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Aggregation; 12] = [
        Aggregation::Average,
        Aggregation::AverageZero,
        Aggregation::Median,
        Aggregation::Sum,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Diff,
        Aggregation::StandardDeviation,
        Aggregation::Count,
        Aggregation::Range,
        Aggregation::Multiply,
        Aggregation::Last,
    ];

    #[test]
    fn columns_give_what_their_rows_give() {
        let nan = f64::NAN;
        let lines: [Vec<f64>; 3] = [
            (0..3000).map(f64::from).collect(),
            (0..2500)
                .map(|own| {
                    if own % 3 == 0 {
                        nan
                    } else {
                        f64::from(own) * -0.5
                    }
                })
                .collect(),
            vec![7.0],
        ];
        let columns: Vec<Cow<'_, [f64]>> =
            lines.iter().map(|own| Cow::Borrowed(&own[..])).collect();
        for aggregation in ALL {
            for share in [0.0, 0.5, 1.0] {
                let found = aggregation.of_columns(&columns, 3000, share);
                for (place, value) in found.iter().enumerate() {
                    let row: Vec<f64> = lines
                        .iter()
                        .map(|own| own.get(place).copied().unwrap_or(nan))
                        .collect();
                    let count = row.iter().filter(|value| !value.is_nan()).count();
                    let expected = if count as f64 / 3.0 >= share {
                        aggregation.of(&row)
                    } else {
                        nan
                    };
                    assert!(
                        (value - expected).abs() < 1e-9 || value.is_nan() && expected.is_nan(),
                        "{aggregation:?} {place}: {value}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_has_no_aggregate_but_a_count() {
        for aggregation in ALL {
            assert!(aggregation.of_columns(&[], 0, 0.0).is_empty());
            let nothing = [Cow::Borrowed(&[f64::NAN][..])];
            let found = aggregation.of_columns(&nothing, 1, 0.0);
            assert!(found.iter().all(|value| value.is_nan()), "{aggregation:?}");
        }
        assert_eq!(Aggregation::Count.of(&[f64::NAN]), 0.0);
        assert_eq!(Aggregation::AverageZero.of(&[f64::NAN]), 0.0);
        assert!(Aggregation::AverageZero.of(&[]).is_nan());
    }
}
