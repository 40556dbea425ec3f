//! `aggregate`, and the functions that are it under a name of their own.

use crate::error::Fault;
use crate::function::{
    AGGREGATIONS, Function, FunctionCall, FunctionGroup, Kind, Outcome, Parameter, optional,
    required,
};
use crate::functions::support::{Aggregation, path_expressions};
use crate::series::{Series, Tags, normalize};
use crate::similar;
use std::borrow::Cow;

const LISTS: &[Parameter] = &[required("seriesLists", Kind::SeriesList).multiple()];

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aggregate"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("func", Kind::AggFunc),
            optional("xFilesFactor", Kind::Float),
        ],
        summary: "Makes one series out of many: at each time the aggregate of their values.",
        example: "aggregate(servers.*.load, 'median')",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            let share = share(call, 2)?;
            let name = call.arguments.text(1)?.to_owned();
            Ok(aggregated(call, series, &name, share)?.into())
        },
    },
    Function::new(&["sumSeries", "sum"], FunctionGroup::Combine, LISTS,
        "The sum of the series at each time.",
        "sumSeries(servers.*.requests)",
        |call| all(call, "sum"),
    ).aggregator(),
    Function::new(&["averageSeries", "avg"], FunctionGroup::Combine, LISTS,
        "The mean of the series at each time.",
        "averageSeries(servers.*.load)",
        |call| all(call, "average"),
    ).aggregator(),
    Function::new(&["minSeries"], FunctionGroup::Combine, LISTS,
        "The least value of the series at each time.",
        "minSeries(servers.*.disk.free)",
        |call| all(call, "min"),
    ).aggregator(),
    Function::new(&["maxSeries"], FunctionGroup::Combine, LISTS,
        "The greatest value of the series at each time.",
        "maxSeries(servers.*.latency)",
        |call| all(call, "max"),
    ).aggregator(),
    Function::new(&["rangeOfSeries"], FunctionGroup::Combine, LISTS,
        "How far the values of the series lie apart at each time.",
        "rangeOfSeries(servers.*.temperature)",
        |call| all(call, "rangeOf"),
    ).aggregator(),
    Function::new(&["stddevSeries"], FunctionGroup::Combine, LISTS,
        "The standard deviation of the series at each time.",
        "stddevSeries(servers.*.latency)",
        |call| all(call, "stddev"),
    ).aggregator(),
    Function::new(&["diffSeries"], FunctionGroup::Combine, LISTS,
        "The first series less all others at each time.",
        "diffSeries(shop.orders.placed, shop.orders.{cancelled,returned})",
        |call| all(call, "diff"),
    ).aggregator(),
    Function::new(&["multiplySeries"], FunctionGroup::Combine, LISTS,
        "The product of the series at each time, where all have a value. A single series stays as it is.",
        "multiplySeries(shop.price, shop.sold)",
        |call| match call.arguments.series_lists(0)?.as_mut_slice() {
            [only] if only.len() == 1 => Ok(std::mem::take(only).into()),
            lists => {
                let series = lists.iter_mut().flat_map(std::mem::take).collect();
                Ok(aggregated(call, series, "multiply", None)?.into())
            }
        },
    ).aggregator(),
];

/// The share of values that must be there, where the call says it.
pub(super) fn share(call: &FunctionCall<'_>, index: usize) -> Result<Option<f64>, Fault> {
    let given = call.arguments.given(index);
    given.map(|_| call.arguments.float(index)).transpose()
}

/// The aggregate of all lists.
fn all(call: &mut FunctionCall<'_>, aggregation: &str) -> Outcome {
    let lists = call.arguments.series_lists(0)?;
    let series = lists.into_iter().flatten().collect();
    Ok(aggregated(call, series, aggregation, None)?.into())
}

/// The error for an unknown aggregation, with the aggregation or aggregating function that may have been meant.
fn unknown(name: &str) -> Fault {
    let functions = FUNCTIONS.iter().filter(|function| function.is_aggregator);
    let functions = functions.flat_map(|function| function.names.iter().copied());
    let near = similar::suggestion(name, AGGREGATIONS.iter().copied().chain(functions));
    Fault::argument(format!("there is no aggregation `{name}`{near}"))
}

/// One series whose values are the aggregates of `series`; none where there are none.
pub(in crate::functions) fn aggregated(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    name: &str,
    share: Option<f64>,
) -> Result<Vec<Series>, Fault> {
    let short = name.strip_suffix("Series").unwrap_or(name);
    let aggregation = Aggregation::named(short).ok_or_else(|| unknown(name))?;
    let Some(normalized) = normalize(series) else {
        return Ok(Vec::new());
    };
    let share = share.unwrap_or_else(|| call.x_files_factor());
    let values = call.with_scratch(normalized.own_points(), |call| {
        let (columns, length) = normalized.columns();
        call.spend(length.saturating_mul(columns.len()))?;
        call.reserve(length)?;
        of_columns(call, aggregation, &columns, (length, share))
    })?;
    let title = format!("{short}Series({})", path_expressions(&normalized.series));
    let mut tags = common_tags(&normalized.series);
    tags.entry("name".to_owned())
        .or_insert_with(|| title.clone());
    let of_whole = normalized.series.iter().all(|series| series.is_whole);
    let mut result = call.new_series(title, normalized.span(), values);
    result.is_whole = aggregation.is_whole(of_whole);
    result.tags = tags;
    result.x_files_factor = share;
    Ok(vec![result.tagged("aggregatedBy", short)])
}

/// Rows that are worked on between two checks of the deadline, times columns.
const PART: usize = 1 << 18;

/// The aggregate of each row, part by part. A column may end before the others.
pub(super) fn of_columns(
    call: &mut FunctionCall<'_>,
    aggregation: Aggregation,
    columns: &[Cow<'_, [f64]>],
    (length, share): (usize, f64),
) -> Result<Vec<f64>, Fault> {
    let rows = (PART / columns.len().max(1)).max(1024);
    if length <= rows {
        return Ok(aggregation.of_columns(columns, length, share));
    }
    let mut values = Vec::with_capacity(length);
    for first in (0..length).step_by(rows) {
        let end = first.saturating_add(rows).min(length);
        call.checkpoint((end - first).saturating_mul(columns.len()))?;
        let part = |column: &Cow<'_, [f64]>| column.len().min(first)..column.len().min(end);
        let part: Vec<_> = columns
            .iter()
            .map(|column| Cow::Borrowed(column.get(part(column)).unwrap_or_default()))
            .collect();
        values.extend(aggregation.of_columns(&part, end - first, share));
    }
    Ok(values)
}

/// The aggregate of series of which there is at least one.
pub(in crate::functions) fn aggregate_of(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    name: &str,
) -> Result<Series, Fault> {
    let aggregate = aggregated(call, series, name, None)?.into_iter().next();
    aggregate.ok_or_else(|| Fault::argument("there is nothing to aggregate"))
}

/// The tags that all series have with the same value.
fn common_tags(series: &[Series]) -> Tags {
    let mut all = series.iter();
    let mut tags = all
        .next()
        .map(|series| series.tags.clone())
        .unwrap_or_default();
    for series in all {
        tags.retain(|tag, value| series.tags.get(tag) == Some(value));
    }
    tags
}
