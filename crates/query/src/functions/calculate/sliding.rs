//! The aggregate of every window of a row of values.
//!
//! Short windows are rows: their first values are a column, their second ones another, which is the same moved by one. For long
//! ones the values are cut into blocks as long as the window: a window is the
//! end of one block and the beginning of the next, and its aggregate one of the running aggregates from the end of the one
//! and one from the front of the other. That takes a constant number of steps for each value, and as nothing is ever
//! subtracted, nothing that has left the window leaves an error behind.

mod flat;
mod whole;

use super::ranks::medians;
use crate::error::Fault;
use crate::functions::support::{Aggregation, Checkpoint};
use flat::Flatness;
use std::borrow::Cow;

/// Windows up to this width are rows of as many columns.
const SHORT: usize = 32;

/// A deviation that is less than this share of the values is computed from them, as running sums do not hold its digits.
const FLAT: f64 = 1e-4;

/// The aggregate of the values that are there in each window of `width` values: as many results as windows fit, NaN where
/// fewer than `share` of a window are there.
pub(super) fn windows(
    values: &[f64],
    width: usize,
    (aggregation, share): (Aggregation, f64),
    checkpoint: &mut Checkpoint<'_>,
) -> Result<Vec<f64>, Fault> {
    if width == 0 || width > values.len() {
        return Ok(Vec::new());
    }
    // Short windows take their width for each value, others a few steps.
    checkpoint(values.len().saturating_mul(width.min(SHORT)))?;
    let is_enough = |count: f64| count > 0.0 && count / width as f64 >= share;
    if aggregation == Aggregation::Median {
        return medians(values, width, is_enough, checkpoint);
    }
    if width <= SHORT
        && let Some(values) = of_whole(values, width, aggregation)
    {
        let is_enough = is_enough(width as f64);
        return Ok(match is_enough {
            true => values,
            false => vec![f64::NAN; values.len()],
        });
    }
    if width <= SHORT && aggregation != Aggregation::Multiply {
        let count = values.len() - width + 1;
        let columns = (0..width).filter_map(|place| values.get(place..place + count));
        let columns: Vec<_> = columns.map(Cow::Borrowed).collect();
        // What is not in a window counts as nothing in its mean.
        let aggregation = match aggregation {
            Aggregation::AverageZero => Aggregation::Average,
            other => other,
        };
        return Ok(aggregation.of_columns(&columns, count, share));
    }
    let counts = slide(
        values,
        width,
        |value| if value.is_nan() { 0.0 } else { 1.0 },
        |a, b| a + b,
    );
    let mut results = match aggregation {
        Aggregation::Count => counts.clone(),
        Aggregation::Average | Aggregation::AverageZero => quotients(sums(values, width), &counts),
        Aggregation::Sum => sums(values, width),
        Aggregation::Min => slide(values, width, |value| value, f64::min),
        Aggregation::Max => slide(values, width, |value| value, f64::max),
        Aggregation::Range => {
            let least = slide(values, width, |value| value, f64::min);
            differences(slide(values, width, |value| value, f64::max), &least)
        }
        Aggregation::Multiply => slide(
            values,
            width,
            |value| if value.is_nan() { 1.0 } else { value },
            |a, b| a * b,
        ),
        Aggregation::Diff => {
            let first = firsts(values, width);
            let rest = differences(sums(values, width), &first);
            differences(first, &rest)
        }
        Aggregation::Last => slide(
            values,
            width,
            |value| value,
            |a, b| if b.is_nan() { a } else { b },
        ),
        Aggregation::StandardDeviation => deviations(values, width, checkpoint)?,
        Aggregation::Median | Aggregation::Variance => {
            let mut results = Vec::with_capacity(values.len() - width + 1);
            for window in values.windows(width) {
                checkpoint(width)?;
                results.push(aggregation.of(window));
            }
            results
        }
    };
    checkpoint(values.len().saturating_mul(4))?;
    for (result, count) in results.iter_mut().zip(&counts) {
        if !is_enough(*count) {
            *result = f64::NAN;
        }
    }
    Ok(results)
}

/// The same for sums and means where no value is missing.
fn of_whole(values: &[f64], width: usize, aggregation: Aggregation) -> Option<Vec<f64>> {
    let count = match aggregation {
        Aggregation::Sum => None,
        Aggregation::Average | Aggregation::AverageZero => Some(width as f64),
        _ => return None,
    };
    let mut sums = whole::sums(values, width)?;
    if let Some(count) = count {
        for sum in &mut sums {
            *sum /= count;
        }
    }
    Some(sums)
}

fn sums(values: &[f64], width: usize) -> Vec<f64> {
    slide(
        values,
        width,
        |value| if value.is_nan() { 0.0 } else { value },
        |a, b| a + b,
    )
}

fn firsts(values: &[f64], width: usize) -> Vec<f64> {
    slide(
        values,
        width,
        |value| value,
        |a, b| if a.is_nan() { b } else { a },
    )
}

fn differences(mut values: Vec<f64>, others: &[f64]) -> Vec<f64> {
    for (value, other) in values.iter_mut().zip(others) {
        *value -= other;
    }
    values
}

fn quotients(mut values: Vec<f64>, others: &[f64]) -> Vec<f64> {
    for (value, other) in values.iter_mut().zip(others) {
        *value /= other;
    }
    values
}

/// For each window what `and` makes of its parts, in order.
fn slide<P: Copy>(
    values: &[f64],
    width: usize,
    one: impl Fn(f64) -> P,
    and: impl Fn(P, P) -> P,
) -> Vec<P> {
    let mut results = Vec::with_capacity(values.len().saturating_sub(width) + 1);
    // For each place of the block before, from the last one on: what is made of that place and all after it.
    let mut ends: Vec<P> = Vec::with_capacity(width);
    for block in values.chunks(width) {
        let mut begin: Option<P> = None;
        let mut ends_left = ends.iter().rev().skip(1);
        let is_first = ends.is_empty();
        for (place, value) in block.iter().enumerate() {
            let part = one(*value);
            let whole = begin.map_or(part, |begin| and(begin, part));
            begin = Some(whole);
            if place + 1 == width {
                results.push(whole);
            } else if !is_first {
                results.extend(ends_left.next().map(|end| and(*end, whole)));
            }
        }
        ends.clear();
        for value in block.iter().rev() {
            let part = one(*value);
            ends.push(ends.last().map_or(part, |end| and(part, *end)));
        }
    }
    results
}

/// Values side by side: how many, their sum and the sum of the squares of their distances to their mean, counted from a
/// value in their midst.
type Moments = (f64, f64, f64);

fn deviations(
    values: &[f64],
    width: usize,
    checkpoint: &mut Checkpoint<'_>,
) -> Result<Vec<f64>, Fault> {
    let origin = values
        .iter()
        .copied()
        .find(|value| !value.is_nan())
        .unwrap_or(0.0);
    let one = |value: f64| -> Moments {
        if value.is_nan() {
            (0.0, 0.0, 0.0)
        } else {
            (1.0, value - origin, 0.0)
        }
    };
    let and = |a: Moments, b: Moments| -> Moments {
        if a.0 == 0.0 {
            return b;
        }
        if b.0 == 0.0 {
            return a;
        }
        let count = a.0 + b.0;
        let distance = b.1 / b.0 - a.1 / a.0;
        (
            count,
            a.1 + b.1,
            a.2 + b.2 + distance * distance * (a.0 * b.0 / count),
        )
    };
    let moments = slide(values, width, one, and);
    let mut flatness = Flatness::of(values, width);
    let mut deviations = Vec::with_capacity(moments.len());
    for (window, (count, sum, spread)) in values.windows(width).zip(moments) {
        // In its place whatever it comes to.
        let flat = flatness.next();
        let deviation = (spread / count).sqrt();
        if deviation > FLAT * (sum / count).abs() {
            deviations.push(deviation);
            continue;
        }
        // Of a flat stretch graphite-web's answer is a rounding error, and that of as many values the same.
        let known = flat.and_then(|value| flatness.known(value, count));
        if let Some(known) = known {
            deviations.push(known);
            continue;
        }
        checkpoint(width)?;
        let exact = Aggregation::StandardDeviation.of(window);
        if let Some(value) = flat {
            flatness.keep(value, count, exact);
        }
        deviations.push(exact);
    }
    Ok(deviations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(values: &[f64], width: usize, aggregation: Aggregation, share: f64) -> Vec<f64> {
        let one = |window: &[f64]| {
            let present: Vec<f64> = window
                .iter()
                .copied()
                .filter(|value| !value.is_nan())
                .collect();
            if present.is_empty() || (present.len() as f64 / width as f64) < share {
                f64::NAN
            } else {
                aggregation.of(&present)
            }
        };
        values.windows(width).map(one).collect()
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![Just(f64::NAN), 0.5..2.0_f64, -2.0..-0.5_f64, Just(1.0)]
    }

    proptest! {
        #[test]
        fn windows_are_what_each_alone_would_be(
            values in prop::collection::vec(value(), 0..200),
            width in prop_oneof![1_usize..SHORT, SHORT..SHORT + 20],
            share in 0.0..1.0_f64,
        ) {
            for aggregation in Aggregation::ALL {
                let found = windows(&values, width, (aggregation, share), &mut |_| Ok(())).unwrap();
                let expected = naive(&values, width, aggregation, share);
                prop_assert_eq!(found.len(), expected.len());
                for (value, other) in found.iter().zip(&expected) {
                    let is_near = value.is_nan() && other.is_nan()
                        || (value - other).abs() <= 1e-9 * value.abs().max(other.abs()).max(1e-3);
                    prop_assert!(is_near, "{:?}: {} {}", aggregation, value, other);
                }
            }
        }
    }

    fn plain(values: &[f64], width: usize, aggregation: Aggregation) -> Vec<f64> {
        windows(values, width, (aggregation, 0.0), &mut |_| Ok(())).unwrap()
    }

    #[test]
    fn a_flat_row_is_looked_at_once_for_each_count_of_values() {
        for (values, most) in [
            (vec![1.0; 100_000], 100),
            (
                (0..100_000)
                    .map(|place| if place % 7 == 0 { f64::NAN } else { 0.1 })
                    .collect(),
                200,
            ),
        ] {
            let mut charged = 0;
            let checkpoint = &mut |points: usize| {
                charged += points;
                Ok(())
            };
            let aggregation = (Aggregation::StandardDeviation, 0.0);
            windows(&values, 10_000, aggregation, checkpoint).unwrap();
            assert!(charged < most * values.len(), "{charged}");
        }
    }

    #[test]
    fn what_has_left_leaves_no_error() {
        let mut values = vec![1.0; 100];
        values.insert(0, 1e18);
        let found = plain(&values, 50, Aggregation::Sum);
        assert_eq!(found.first(), Some(&1e18));
        assert!(found.iter().skip(1).all(|value| *value == 50.0));
        let found = plain(&values, 50, Aggregation::StandardDeviation);
        assert!(found.iter().skip(1).all(|value| *value == 0.0), "{found:?}");
    }

    #[test]
    fn a_flat_window_has_the_rounding_error_that_its_sum_has() {
        let values = vec![0.1; 100];
        let expected = Aggregation::StandardDeviation.of(&[0.1; 50]);
        let found = plain(&values, 50, Aggregation::StandardDeviation);
        assert!(found.iter().all(|value| *value == expected), "{found:?}");
    }
}
