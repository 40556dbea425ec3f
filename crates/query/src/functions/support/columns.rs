//! Aggregates rows column by column, in blocks that fit the cache.

use super::aggregation::{Aggregation, median};
use std::borrow::Cow;
use std::convert::Infallible;

/// Columns of values, one below the other; each may end before the others.
type Columns<'c> = [Cow<'c, [f64]>];

/// Rows of a piece.
const ROWS: usize = 1024;

/// Values that are turned from columns into rows at once: half a megabyte.
const TRANSPOSED_VALUES: usize = 1 << 16;

/// Rows of them at least, where there are very many columns: at least one cache line of each column.
const TRANSPOSED_ROWS_MIN: usize = 8;

impl Aggregation {
    /// The aggregate of each row of columns, where at least `share` of its values are there.
    pub(crate) fn of_columns(self, columns: &Columns<'_>, length: usize, share: f64) -> Vec<f64> {
        let all = columns.len() as f64;
        let is_enough = |count: f64| count > 0.0 && count / all >= share;
        if self == Self::Median {
            let of = |row: &mut [f64]| -> Result<f64, Infallible> {
                Ok(if is_enough(row.len() as f64) {
                    median(row)
                } else {
                    f64::NAN
                })
            };
            let Ok(values) = of_rows(columns, length, of);
            return values;
        }
        let mut values = vec![f64::NAN; length];
        let mut counts = vec![0.0; ROWS];
        let mut others = vec![0.0; ROWS];
        for (first, out) in (0..).step_by(ROWS).zip(values.chunks_mut(ROWS)) {
            let counts = counts.get_mut(..out.len()).unwrap_or_default();
            let others = others.get_mut(..out.len()).unwrap_or_default();
            self.fill((columns, first), out, counts, others);
            for (value, count) in out.iter_mut().zip(counts) {
                if !is_enough(*count) {
                    *value = f64::NAN;
                }
            }
        }
        values
    }

    /// Writes the aggregates of the rows from a place on, and how many values each has. `others` has room for what is needed
    /// meanwhile.
    fn fill(
        self,
        from: (&Columns<'_>, usize),
        out: &mut [f64],
        counts: &mut [f64],
        others: &mut [f64],
    ) {
        let all = from.0.len() as f64;
        match self {
            Self::Sum => sum(from, out, counts),
            Self::Average => {
                sum(from, out, counts);
                divide(out, counts);
            }
            Self::AverageZero => {
                sum(from, out, counts);
                for value in out {
                    *value /= all;
                }
            }
            Self::Min => least(from, out, counts),
            Self::Max => most(from, out, counts),
            Self::Range => {
                least(from, others, counts);
                most(from, out, counts);
                for (value, least) in out.iter_mut().zip(others) {
                    *value -= *least;
                }
            }
            Self::Diff => fold(from, out, counts, 0.0, |rest, value, count| {
                if count == 0.0 { value } else { rest - value }
            }),
            Self::Last => fold(from, out, counts, 0.0, |_, value, _| value),
            Self::Count => {
                fold(from, out, counts, 0.0, |count, _, _| count + 1.0);
            }
            Self::Multiply => {
                fold(from, out, counts, 1.0, |product, value, _| product * value);
                for (value, count) in out.iter_mut().zip(counts) {
                    if *count < all {
                        *value = f64::NAN;
                    }
                }
            }
            Self::Variance | Self::StandardDeviation => {
                sum(from, others, counts);
                divide(others, counts);
                squares(from, others, out);
                divide(out, counts);
                if self == Self::StandardDeviation {
                    for value in out {
                        *value = value.sqrt();
                    }
                }
            }
            // Of rows: it never comes here.
            Self::Median => {}
        }
    }
}

fn sum(from: (&Columns<'_>, usize), out: &mut [f64], counts: &mut [f64]) {
    fold(from, out, counts, 0.0, |sum, value, _| sum + value);
}

fn least(from: (&Columns<'_>, usize), out: &mut [f64], counts: &mut [f64]) {
    fold(from, out, counts, f64::INFINITY, |least, value, _| {
        if value < least { value } else { least }
    });
}

fn most(from: (&Columns<'_>, usize), out: &mut [f64], counts: &mut [f64]) {
    fold(from, out, counts, f64::NEG_INFINITY, |most, value, _| {
        if value > most { value } else { most }
    });
}

fn divide(values: &mut [f64], divisors: &[f64]) {
    for (value, divisor) in values.iter_mut().zip(divisors) {
        *value /= *divisor;
    }
}

/// Folds each row, column by column, and counts its values. What is not there is left out without a branch, so that several rows
/// are worked on at once; and four columns at a time, so that what comes out of them is taken up and laid down less often.
fn fold(
    (columns, first): (&Columns<'_>, usize),
    out: &mut [f64],
    counts: &mut [f64],
    start: f64,
    step: impl Fn(f64, f64, f64) -> f64,
) {
    out.fill(start);
    counts.fill(0.0);
    let take = |slot: &mut f64, count: &mut f64, values: &[f64]| {
        let (mut sum, mut number) = (*slot, *count);
        for value in values {
            let is_there = !value.is_nan();
            let folded = step(sum, *value, number);
            sum = if is_there { folded } else { sum };
            number += if is_there { 1.0 } else { 0.0 };
        }
        (*slot, *count) = (sum, number);
    };
    let piece = first..first + out.len();
    for columns in columns.chunks(4) {
        let pieces = columns.iter().map(|column| column.get(piece.clone()));
        let pieces: Option<Vec<&[f64]>> = pieces.collect();
        if let Some([a, b, c, d]) = pieces.as_deref() {
            let values = a.iter().zip(*b).zip(*c).zip(*d);
            let slots = out.iter_mut().zip(counts.iter_mut());
            for ((slot, count), (((a, b), c), d)) in slots.zip(values) {
                take(slot, count, &[*a, *b, *c, *d]);
            }
            continue;
        }
        for column in columns {
            let values = column.get(first..).unwrap_or_default();
            for ((slot, count), value) in out.iter_mut().zip(counts.iter_mut()).zip(values) {
                take(slot, count, &[*value]);
            }
        }
    }
}

/// The sums of the squares of the distances to the means.
fn squares((columns, first): (&Columns<'_>, usize), means: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for column in columns {
        let values = column.get(first..).unwrap_or_default();
        for ((slot, mean), value) in out.iter_mut().zip(means).zip(values) {
            let distance = value - mean;
            let square = if value.is_nan() {
                0.0
            } else {
                distance * distance
            };
            *slot += square;
        }
    }
}

/// Applies `of` to the values present in each row, in the order of the columns.
pub(crate) fn of_rows<E>(
    columns: &Columns<'_>,
    length: usize,
    mut of: impl FnMut(&mut [f64]) -> Result<f64, E>,
) -> Result<Vec<f64>, E> {
    let rows = (TRANSPOSED_VALUES / columns.len().max(1)).clamp(TRANSPOSED_ROWS_MIN, ROWS);
    // An odd width: rows that lie a power of two apart would take each other's place in the cache.
    let width = columns.len() | 1;
    let mut turned = vec![f64::NAN; width.saturating_mul(rows.min(length))];
    let mut lengths = vec![0_usize; rows];
    let mut results = Vec::with_capacity(length);
    for first in (0..length).step_by(rows) {
        lengths.fill(0);
        for column in columns {
            let values = column.get(first..).unwrap_or_default();
            let places = turned.chunks_exact_mut(width).zip(&mut lengths);
            for ((row, length), value) in places.zip(values) {
                if !value.is_nan()
                    && let Some(slot) = row.get_mut(*length)
                {
                    *slot = *value;
                    *length += 1;
                }
            }
        }
        let filled = turned.chunks_exact_mut(width).zip(&lengths);
        for (row, count) in filled.take(length - first) {
            results.push(of(row.get_mut(..*count).unwrap_or_default())?);
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_what_their_rows_give() {
        let nan = f64::NAN;
        let lines: [Vec<f64>; 3] = [
            (0..3000).map(f64::from).collect(),
            (0..2500)
                .map(|number| {
                    if number % 3 == 0 {
                        nan
                    } else {
                        f64::from(number) * -0.5
                    }
                })
                .collect(),
            vec![7.0],
        ];
        let columns: Vec<Cow<'_, [f64]>> =
            lines.iter().map(|line| Cow::Borrowed(&line[..])).collect();
        for aggregation in Aggregation::ALL {
            for share in [0.0, 0.5, 1.0] {
                let found = aggregation.of_columns(&columns, 3000, share);
                for (index, value) in found.iter().enumerate() {
                    let row: Vec<f64> = lines
                        .iter()
                        .map(|line| line.get(index).copied().unwrap_or(nan))
                        .collect();
                    let count = row.iter().filter(|value| !value.is_nan()).count();
                    let expected = if count as f64 / 3.0 >= share {
                        aggregation.of(&row)
                    } else {
                        nan
                    };
                    assert!(
                        (value - expected).abs() < 1e-9 || value.is_nan() && expected.is_nan(),
                        "{aggregation:?} {index}: {value}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn rows_of_many_columns_hold_what_is_there() {
        let nan = f64::NAN;
        let lines: Vec<Vec<f64>> = (0..9000_u32)
            .map(|number| vec![f64::from(number), nan, f64::from(number % 2) + 1.0])
            .map(|line| line.repeat(4))
            .collect();
        let columns: Vec<Cow<'_, [f64]>> =
            lines.iter().map(|line| Cow::Borrowed(&line[..])).collect();
        let found = Aggregation::Median.of_columns(&columns, 12, 0.0);
        let expected = [4499.5, nan, 1.5].repeat(4);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        let nothing = [Cow::Borrowed(&[nan][..])];
        for aggregation in Aggregation::ALL {
            assert!(aggregation.of_columns(&[], 0, 0.0).is_empty());
            let found = aggregation.of_columns(&nothing, 1, 0.0);
            assert!(found.iter().all(|value| value.is_nan()), "{aggregation:?}");
        }
    }
}
