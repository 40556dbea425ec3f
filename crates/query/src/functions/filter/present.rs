//! `removeEmptySeries`: series that have values.

use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::retained;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["removeEmptySeries"],
    group: FunctionGroup::FilterSeries,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("xFilesFactor", Kind::Float),
    ],
    summary: "The series that have values, and at least a share of them where one is given.",
    example: "removeEmptySeries(servers.*.load, 0.5)",
    is_aggregator: false,
    run: |call| {
        let share = call.arguments.float_or(1, 0.0)?;
        let series = call.arguments.series(0)?;
        let series = retained(call, series, |series| {
            let points = series.points();
            let present = points.iter().filter(|value| !value.is_nan()).count();
            present > 0 && present as f64 / points.len() as f64 >= share
        })?;
        Ok(series.into())
    },
}];
