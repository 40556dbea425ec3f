//! Series that lie outside the middle of all.

use crate::error::Fault;
use crate::function::{Function, Group, Kind, Parameter, required};
use crate::functions::support::{Aggregation, quantile};

const PARAMETERS: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["averageOutsidePercentile"],
        group: Group::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series whose means are not between the nth percentile of all means and the one as far from the other end.",
        example: "averageOutsidePercentile(servers.*.load, 90)",
        is_aggregator: false,
        run: |call| {
            let (low, high) = ends(call.arguments.float(1)?);
            let series = call.arguments.series(0)?;
            let mut averages = Vec::with_capacity(series.len());
            for own in &series {
                call.checkpoint(own.values.len())?;
                averages.push(Aggregation::Average.of(&own.points()));
            }
            let low = quantile(averages.iter().copied(), low, false)?;
            let high = quantile(averages.iter().copied(), high, false)?;
            if averages.iter().any(|average| average.is_nan()) {
                return Err(Fault::argument("a series has no values, and so no mean"));
            }
            let pairs = series.into_iter().zip(averages);
            let kept = pairs.filter(|(_, average)| !(low < *average && *average < high));
            Ok(kept.map(|(own, _)| own).collect::<Vec<_>>().into())
        },
    },
    Function {
        names: &["removeBetweenPercentile"],
        group: Group::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series that at any time have a value that is not between the nth percentile of all and the one as far from the other end.",
        example: "removeBetweenPercentile(servers.*.load, 90)",
        is_aggregator: false,
        run: |call| {
            let (low, high) = ends(call.arguments.float(1)?);
            let series = call.arguments.series(0)?;
            call.reserve(series.iter().map(|own| own.values.len()).sum())?;
            let columns: Vec<_> = series.iter().map(|own| own.points().into_owned()).collect();
            let length = columns.iter().map(Vec::len).min().unwrap_or(0);
            call.spend(length.saturating_mul(columns.len()))?;
            let is_whole = |column: &Vec<f64>| {
                column.len() == length && !column.iter().any(|value| value.is_nan())
            };
            if !columns.iter().all(is_whole) {
                return Err(Fault::argument(
                    "each series must have a value at each time, and as many as the others",
                ));
            }
            let mut is_outside = vec![false; columns.len()];
            for place in 0..length {
                let row = || {
                    columns
                        .iter()
                        .filter_map(|column| column.get(place).copied())
                };
                let low = quantile(row(), low, false)?;
                let high = quantile(row(), high, false)?;
                for (outside, value) in is_outside.iter_mut().zip(row()) {
                    *outside |= !(low < value && value < high);
                }
            }
            let kept = series
                .into_iter()
                .zip(is_outside)
                .filter(|(_, outside)| *outside);
            Ok(kept.map(|(own, _)| own).collect::<Vec<_>>().into())
        },
    },
];

/// The percentiles at which the middle begins and ends.
fn ends(n: f64) -> (f64, f64) {
    let high = if n < 50.0 { 100.0 - n } else { n };
    (100.0 - high, high)
}
