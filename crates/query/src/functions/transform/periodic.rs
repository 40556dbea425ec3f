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
        let renamed = each(call, nothing, |(), own| {
            let name = format!("compressPeriodicGaps({})", own.name);
            Ok(own.renamed(name))
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

fn compressed(call: &mut FunctionCall<'_>, mut own: Series) -> Result<Series, Fault> {
    let Some((first, distance)) = period(&own.points()) else {
        return Ok(own);
    };
    let places = |count: usize| {
        i64::try_from(count)
            .unwrap_or(i64::MAX)
            .saturating_mul(own.step)
    };
    let (start, width) = (own.start.saturating_add(places(first)), places(distance));
    let buckets = Buckets {
        start,
        end: own.end,
        width,
    };
    let values = summarized(call, &own, Aggregation::Last, buckets)?;
    let last = i64::try_from(values.len())
        .unwrap_or(i64::MAX)
        .saturating_sub(1);
    own.start = start;
    own.end = start.saturating_add(last.saturating_mul(width));
    own.step = width;
    own.values_per_point = 1;
    own.drawing = Drawing::default();
    Ok(own.with_values(values))
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
    let distance = second.checked_sub(first).filter(|own| *own > 1)?;
    let third = second + distance;
    let at = |index: usize| points.get(index).copied();
    let (before, own, behind) = (at(third - 1)?, at(third)?, at(third + 1)?);
    (is_value(own) && before.is_nan() && behind.is_nan()).then_some((first, distance))
}
