//! `compressPeriodicGaps`: series whose values are further apart than their step.

use super::arithmetic::nothing;
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, required};
use crate::functions::support::{Aggregation, Buckets, each, summarized};
use crate::series::{Drawing, Series};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["compressPeriodicGaps"],
    group: FunctionGroup::Transform,
    parameters: &[required("seriesList", Kind::SeriesList)],
    summary: "Finds the distance at which a series has values, from its first three, and makes it the step.",
    example: "compressPeriodicGaps(servers.*.nightly)",
    is_aggregator: false,
    run: |call| {
        let renamed = each(call, nothing, |(), series| {
            let name = format!("compressPeriodicGaps({})", series.name);
            Ok(series.renamed(name))
        })?;
        let crate::value::Value::Series(series) = renamed else {
            return Ok(renamed);
        };
        let compressed: Result<Vec<_>, _> = series
            .into_iter()
            .map(|series| compressed(call, series))
            .collect();
        Ok(compressed?.into())
    },
}];

fn compressed(call: &mut FunctionCall<'_>, mut series: Series) -> Result<Series, Fault> {
    let Some((first, distance)) = period(&series.points()) else {
        return Ok(series);
    };
    let places = |count: usize| {
        i64::try_from(count)
            .unwrap_or(i64::MAX)
            .saturating_mul(series.step)
    };
    let (start, width) = (series.start.saturating_add(places(first)), places(distance));
    let buckets = Buckets {
        start,
        end: series.end,
        width,
    };
    let values = summarized(call, &series, Aggregation::Last, buckets)?;
    let last = i64::try_from(values.len())
        .unwrap_or(i64::MAX)
        .saturating_sub(1);
    series.start = start;
    series.end = start.saturating_add(last.saturating_mul(width));
    series.step = width;
    series.values_per_point = 1;
    series.drawing = Drawing::default();
    Ok(series.with_values(values))
}

/// The place of the first value and the distance to the second, where the third stands at the same distance and nothing
/// beside it. As in graphite-web, zero is no value here, and a value at the very beginning is found, but not remembered.
fn period(points: &[f64]) -> Option<(usize, usize)> {
    let is_value = |value: f64| !value.is_nan() && value != 0.0;
    let (mut first, mut second) = (0, 0);
    for (index, value) in points.iter().enumerate() {
        if is_value(*value) {
            if first > 0 {
                second = index;
                break;
            }
            first = index;
        }
    }
    let distance = second.checked_sub(first).filter(|distance| *distance > 1)?;
    let third = second + distance;
    let at = |index: usize| points.get(index).copied();
    let (before, here, after) = (at(third - 1)?, at(third)?, at(third + 1)?);
    (is_value(here) && before.is_nan() && after.is_nan()).then_some((first, distance))
}
