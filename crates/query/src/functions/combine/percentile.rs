//! `percentileOfSeries`.

use crate::error::Fault;
use crate::function::{Default, Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::{of_rows, quantile_of};
use crate::series::normalize;
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["percentileOfSeries"],
    group: FunctionGroup::Combine,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("n", Kind::Float),
        optional("interpolate", Kind::Boolean).or(Default::Boolean(false)),
    ],
    summary: "The value at each time below which n percent of the series' values lie.",
    example: "percentileOfSeries(servers.*.latency, 95)",
    is_aggregator: false,
    run: |call| {
        let n = call.arguments.float(1)?;
        if n <= 0.0 {
            return Err(Fault::argument("`n` must be more than 0"));
        }
        let is_interpolated = call.arguments.boolean_or(2, false);
        let series = call.arguments.series(0)?;
        let Some(normalized) = normalize(series) else {
            return Ok(Vec::new().into());
        };
        call.reserve(normalized.own_points())?;
        let (columns, length) = normalized.columns();
        call.spend(length.saturating_mul(columns.len()))?;
        call.reserve(length)?;
        let values = of_rows(&columns, length, |row| {
            call.checkpoint(row.len())?;
            quantile_of(row, n, is_interpolated)
        })?;
        let first = normalized
            .series
            .first()
            .map_or("", |series| &series.path_expression);
        let name = format!("percentileOfSeries({first},{})", number::general(n));
        Ok(vec![call.new_series(name, normalized.span(), values)].into())
    },
}];
