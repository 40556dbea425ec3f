//! The first series in an order: `highest`, `lowest`, `limit`, …

use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional, required,
    unknown_aggregation,
};
use crate::functions::sort::sort_by_aggregate;
use crate::functions::support::{Aggregation, before};
use crate::series::Series;
use crate::value::Value;

const SERIES_AND_N: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Integer),
];

const SERIES_N_AND_FUNC: &[Parameter] = &[
    required("seriesList", Kind::SeriesList),
    required("n", Kind::Integer),
    optional("func", Kind::AggFunc).or(Default::Text("average")),
];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::new(
        &["highest"],
        FunctionGroup::FilterSeries,
        SERIES_N_AND_FUNC,
        "The n series with the greatest aggregates, the greatest first.",
        "highest(servers.*.load, 5, 'max')",
        |call| by_function(call, true),
    ),
    Function::new(
        &["lowest"],
        FunctionGroup::FilterSeries,
        SERIES_N_AND_FUNC,
        "The n series with the least aggregates, the least first.",
        "lowest(servers.*.load, 5, 'max')",
        |call| by_function(call, false),
    ),
    Function::new(
        &["highestAverage"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series with the greatest means, the greatest first.",
        "highestAverage(servers.*.load, 5)",
        |call| first(call, Aggregation::Average, true),
    ),
    Function::new(
        &["highestCurrent"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series with the greatest last values, the greatest first.",
        "highestCurrent(servers.*.load, 5)",
        |call| first(call, Aggregation::Last, true),
    ),
    Function::new(
        &["highestMax"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series with the greatest values, the greatest first.",
        "highestMax(servers.*.load, 5)",
        |call| first(call, Aggregation::Max, true),
    ),
    Function::new(
        &["lowestAverage"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series with the least means, the least first.",
        "lowestAverage(servers.*.load, 5)",
        |call| first(call, Aggregation::Average, false),
    ),
    Function::new(
        &["lowestCurrent"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series with the least last values, the least first.",
        "lowestCurrent(servers.*.load, 5)",
        |call| first(call, Aggregation::Last, false),
    ),
    Function::new(
        &["limit"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The first n series; all but the last n where n is negative.",
        "limit(servers.*.load, 10)",
        |call| {
            let n = call.arguments.integer(1)?;
            Ok(head(call.arguments.series(0)?, n).into())
        },
    ),
    Function::new(
        &["mostDeviant"],
        FunctionGroup::FilterSeries,
        SERIES_AND_N,
        "The n series that vary most around their mean, the most deviant first.",
        "mostDeviant(servers.*.load, 5)",
        |call| {
            let n = call.arguments.integer(1)?;
            let mut series = call.arguments.series(0)?;
            series.retain(|series| !series.is_empty_of_values());
            let series = sort_by_aggregate(call, series, Aggregation::Variance, true)?;
            Ok(head(series, n).into())
        },
    ),
];

fn by_function(call: &mut FunctionCall<'_>, is_highest: bool) -> Outcome {
    let name = call.arguments.text_or(2, "average")?;
    let aggregation = Aggregation::named(name).ok_or_else(|| unknown_aggregation(name))?;
    let n = match call.arguments.given(1) {
        None => 1,
        Some(_) => count(call)?,
    };
    sorted(call, aggregation, is_highest, n)
}

fn first(call: &mut FunctionCall<'_>, aggregation: Aggregation, is_highest: bool) -> Outcome {
    let n = count(call)?;
    sorted(call, aggregation, is_highest, n)
}

/// `n`, cut to a whole number.
fn count(call: &FunctionCall<'_>) -> Result<i64, Fault> {
    match call.arguments.given(1) {
        Some(Value::Float(float)) if float.is_finite() => Ok(float.trunc() as i64),
        Some(Value::Text(text)) => text
            .trim()
            .parse()
            .map_err(|_| Fault::argument(format!("`n` must be a whole number, not `{text}`"))),
        _ => call.arguments.integer(1),
    }
}

fn sorted(
    call: &mut FunctionCall<'_>,
    aggregation: Aggregation,
    is_highest: bool,
    n: i64,
) -> Outcome {
    let series = call.arguments.series(0)?;
    let series = sort_by_aggregate(call, series, aggregation, is_highest)?;
    Ok(head(series, n).into())
}

fn head(mut series: Vec<Series>, n: i64) -> Vec<Series> {
    series.truncate(before(series.len(), n));
    series
}
