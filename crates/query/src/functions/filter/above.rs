//! `useSeriesAbove`.

use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, required};
use crate::functions::support::Substitution;
use base::limit;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["useSeriesAbove"],
    group: FunctionGroup::FilterSeries,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("value", Kind::Float),
        required("search", Kind::String),
        required("replace", Kind::String),
    ],
    summary: "Other series in the place of those that exceed a value: their names are made by a regular expression.",
    example: "useSeriesAbove(servers.*.load, 0.9, 'load$', 'latency')",
    is_aggregator: false,
    run: |call| {
        let value = call.arguments.float(1)?;
        let change = Substitution::at(call, 2, 3)?;
        let series = call.arguments.series(0)?;
        let mut targets = Vec::new();
        let mut bytes = 0_usize;
        for series in &series {
            call.checkpoint(series.values.len())?;
            let points = series.points();
            if points.is_empty() || points.iter().any(|value| value.is_nan()) {
                let name = &series.name;
                return Err(Fault::argument(format!(
                    "`{name}` has times without a value, and so no maximum"
                )));
            }
            let target = change.of_name(call, &series.name)?;
            if points.iter().any(|point| *point > value) {
                bytes = bytes.saturating_add(target.len() + 1);
                if bytes as u64 > limit::TARGET_BYTES.default {
                    return Err(Fault::too_long(bytes));
                }
                targets.push(target);
            }
        }
        if targets.is_empty() {
            return Ok(Vec::new().into());
        }
        let window = call.window.clone();
        let text = format!("group({})", targets.join(","));
        let mut found = call.isolated(|call| call.evaluate_text(&text, &window))?;
        found.retain(|series| !series.values.is_empty());
        Ok(found.into())
    },
}];
