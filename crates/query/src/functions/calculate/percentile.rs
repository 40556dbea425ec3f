//! `nPercentile`: the percentile of all values of a series.

use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, required};
use crate::functions::support::{copied, quantile};
use crate::value::Value;
use base::number;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["nPercentile"],
    group: FunctionGroup::Calculate,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("n", Kind::Float),
    ],
    summary: "A flat line at the n-th percentile of each series.",
    example: "nPercentile(servers.*.latency, 95)",
    is_aggregator: false,
    run: n_percentile,
}];

fn n_percentile(call: &mut FunctionCall<'_>) -> Outcome {
    call.arguments.ensure_complete(1)?;
    let is_zero = call.arguments.given(1).and_then(Value::number) == Some(0.0);
    if is_zero {
        return Err(Fault::argument("`n` must not be 0"));
    }
    let mut lines = Vec::new();
    for series in call.arguments.series(0)? {
        call.checkpoint(series.values.len())?;
        let share = call.arguments.float(1)?;
        let tag = call
            .arguments
            .given(1)
            .map_or_else(String::new, Value::to_text);
        let value = call.with_scratch(series.values.len(), |_| {
            quantile(series.present(), share, false)
        })?;
        if value.is_nan() {
            continue;
        }
        let count = usize::try_from((series.end - series.start) / series.step).unwrap_or(0);
        call.spend(count)?;
        call.reserve(count.saturating_add(series.weight() - series.values.len()))?;
        let name = format!("nPercentile({}, {})", series.name, number::general(share));
        lines.push(copied(
            series.tagged("nPercentile", tag),
            name,
            vec![value; count],
        ));
    }
    Ok(lines.into())
}
