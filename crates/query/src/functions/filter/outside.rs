//! `averageOutsidePercentile` and `removeBetweenPercentile`: series outside the middle of all.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, Parameter, required};
use crate::functions::support::{Aggregation, of_rows, quantile, quantile_of};
use crate::series::Series;
use std::borrow::Cow;

const PARAMETERS: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Float),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["averageOutsidePercentile"],
        group: FunctionGroup::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series whose means are not between the nth percentile of all means and the one as far from the other end.",
        example: "averageOutsidePercentile(servers.*.load, 90)",
        is_aggregator: false,
        run: |call| {
            let (low, high) = ends(call.arguments.float(1)?);
            let series = call.arguments.series(0)?;
            let mut averages = Vec::with_capacity(series.len());
            for series in &series {
                call.checkpoint(series.values.len())?;
                averages.push(Aggregation::Average.of(&series.points()));
            }
            let low = quantile(averages.iter().copied(), low, false)?;
            let high = quantile(averages.iter().copied(), high, false)?;
            if averages.iter().any(|average| average.is_nan()) {
                return Err(Fault::argument("a series has no values, and so no mean"));
            }
            let pairs = series.into_iter().zip(averages);
            let kept = pairs.filter(|(_, average)| !(low < *average && *average < high));
            Ok(kept.map(|(series, _)| series).collect::<Vec<_>>().into())
        },
    },
    Function {
        names: &["removeBetweenPercentile"],
        group: FunctionGroup::FilterSeries,
        parameters: PARAMETERS,
        summary: "The series that at any time have a value that is not between the nth percentile of all and the one as far from the other end.",
        example: "removeBetweenPercentile(servers.*.load, 90)",
        is_aggregator: false,
        run: |call| {
            let (low, high) = ends(call.arguments.float(1)?);
            let series = call.arguments.series(0)?;
            call.reserve(series.iter().map(|series| series.values.len()).sum())?;
            let columns: Vec<_> = series.iter().map(Series::points).collect();
            let length = columns.iter().map(|column| column.len()).min().unwrap_or(0);
            call.spend(length.saturating_mul(columns.len()))?;
            let is_whole = |column: &Cow<'_, [f64]>| {
                column.len() == length && !column.iter().any(|value| value.is_nan())
            };
            if !columns.iter().all(is_whole) {
                return Err(Fault::argument(
                    "each series must have a value at each time, and as many as the others",
                ));
            }
            let mut highs = Vec::with_capacity(length);
            let lows = of_rows(&columns, length, |row| {
                call.checkpoint(row.len().saturating_mul(2))?;
                highs.push(quantile_of(row, high, false)?);
                quantile_of(row, low, false)
            })?;
            let ends = || lows.iter().zip(&highs);
            let mut is_outside = Vec::with_capacity(columns.len());
            for column in &columns {
                call.checkpoint(column.len())?;
                let mut values = column.iter().zip(ends());
                is_outside.push(values.any(|(value, (low, high))| !(low < value && value < high)));
            }
            drop(columns);
            let kept = series
                .into_iter()
                .zip(is_outside)
                .filter(|(_, outside)| *outside);
            Ok(kept.map(|(series, _)| series).collect::<Vec<_>>().into())
        },
    },
];

/// The percentiles at which the middle begins and ends.
fn ends(n: f64) -> (f64, f64) {
    let high = if n < 50.0 { 100.0 - n } else { n };
    (100.0 - high, high)
}
