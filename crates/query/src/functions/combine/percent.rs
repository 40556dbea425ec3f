//! `asPercent`.

use super::aggregate::of_columns;
use super::divide::combined;
use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required};
use crate::functions::support::{Aggregation, grouped, key, paired, path_expressions, quotient};
use crate::series::{Normalized, Series, normalize};
use crate::value::Value;
use std::collections::HashMap;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["asPercent", "pct"],
    group: FunctionGroup::Combine,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("total", Kind::Any),
        optional("nodes", Kind::NodeOrTag).multiple(),
    ],
    summary: "Each series as a percentage of a total: of all the series, a number, one series, as many series, or the series with the same nodes.",
    example: "asPercent(servers.*.disk.used, servers.*.disk.size)",
    is_aggregator: true,
    run: |call| {
        let nodes: Vec<Value> = call.arguments.from(2).into_iter().cloned().collect();
        let total = call.arguments.given(1).cloned().unwrap_or(Value::None);
        let Some(normalized) = normalize(call.arguments.series(0)?) else {
            return Ok(Vec::new().into());
        };
        let series = normalized.series;
        if !nodes.is_empty() {
            return of_nodes(call, series, total, &nodes);
        }
        match total {
            Value::None => {
                let name = format!("sumSeries({})", path_expressions(&series));
                let total = sum(call, &series)?;
                of_column(call, &series, &total, &name)
            }
            Value::Series(total) => of_series(call, series, total),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                let number = total.number().unwrap_or(f64::NAN);
                let length = series.first().map_or(0, |series| series.values.len());
                call.reserve(length)?;
                of_column(call, &series, &vec![number; length], &total.to_text())
            }
            other => {
                let kind = other.kind();
                Err(Fault::argument(format!(
                    "`total` must be series or a number, not {kind}"
                )))
            }
        }
    },
}];

fn percent(value: f64, total: f64) -> f64 {
    quotient(value, total) * 100.0
}

/// The sum of the points of series, each of which may be missing.
fn sum(call: &mut FunctionCall<'_>, series: &[Series]) -> Result<Vec<f64>, Fault> {
    let columns: Vec<_> = series.iter().map(Series::points).collect();
    let length = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    call.spend(length.saturating_mul(columns.len()))?;
    call.reserve(length)?;
    of_columns(call, Aggregation::Sum, &columns, (length, 0.0))
}

/// Each series as a percentage of the same column, at the times that it had.
fn of_column(call: &mut FunctionCall<'_>, series: &[Series], total: &[f64], name: &str) -> Outcome {
    let each = total.len().saturating_add(name.len() / 8);
    call.spend(each.saturating_mul(series.len()))?;
    let mut results = Vec::with_capacity(series.len());
    for series in series {
        call.checkpoint(total.len())?;
        let text = series.name.len().saturating_add(name.len()) / 8;
        call.reserve(
            series
                .values
                .len()
                .max(total.len())
                .saturating_add(text * 3),
        )?;
        let values = paired(&series.points(), total, percent);
        let name = format!("asPercent({},{name})", series.name);
        results.push(call.new_series(name, (series.start, series.end, series.step), values));
    }
    Ok(Value::Series(results))
}

/// Each series as a percentage of the only total, or of that with the same rank among as many, by name.
fn of_series(
    call: &mut FunctionCall<'_>,
    mut series: Vec<Series>,
    mut total: Vec<Series>,
) -> Outcome {
    if total.len() == series.len() {
        series.sort_by(|one, other| one.name.cmp(&other.name));
        total.sort_by(|one, other| one.name.cmp(&other.name));
        let mut results = Vec::with_capacity(series.len());
        for (series, total) in series.into_iter().zip(total) {
            results.push(of_total(call, series, total)?);
        }
        return Ok(results.into());
    }
    let count = series.len();
    let Ok([only]) = <[Series; 1]>::try_from(total) else {
        return Err(Fault::argument(format!(
            "`total` must be a number, one series, or as many as there are ({count})"
        )));
    };
    series.push(only);
    let Some(mut normalized) = normalize(series) else {
        return Ok(Vec::new().into());
    };
    let only = normalized.series.pop();
    let Some(only) = only else {
        return Ok(Vec::new().into());
    };
    of_column(call, &normalized.series, &only.points(), &only.name)
}

fn of_total(call: &mut FunctionCall<'_>, series: Series, total: Series) -> Result<Series, Fault> {
    let name = format!("asPercent({},{})", series.name, total.name);
    combined(call, series, total, name, percent)
}

/// Each series as a percentage of the total with the same nodes; no values where either is missing.
fn of_nodes(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    total: Value,
    nodes: &[Value],
) -> Outcome {
    let groups = grouped(call, series, |series| key(series, nodes))?;
    let total_groups = match total {
        Value::None => groups.clone(),
        Value::Series(total) => grouped(call, total, |series| key(series, nodes))?,
        _ => {
            return Err(Fault::argument(
                "with `nodes`, `total` must be series or none",
            ));
        }
    };
    // graphite-web gives what has no partner the span of whatever it put side by side last.
    let mut span = None;
    let mut keys: Vec<String> = groups.iter().map(|(key, _)| key.clone()).collect();
    let mut totals = HashMap::with_capacity(total_groups.len());
    let mut groups: HashMap<String, Vec<Series>> = groups.into_iter().collect();
    for (key, group) in total_groups {
        if !groups.contains_key(&key) {
            keys.push(key.clone());
        }
        totals.insert(key, total_of(call, group, &mut span)?);
    }
    let mut results = Vec::new();
    for key in keys {
        let Some(group) = groups.remove(&key) else {
            if let Some(total) = totals.get(&key) {
                let name = format!("asPercent(MISSING,{})", total.name);
                results.push(nothing(call, name, total, span)?);
            }
            continue;
        };
        for series in group {
            let Some(total) = totals.get(&key) else {
                let name = format!("asPercent({},MISSING)", series.name);
                results.push(nothing(call, name, &series, span)?);
                continue;
            };
            let result = of_total(call, series, total.clone())?;
            span = Some((result.start, result.end, result.step));
            results.push(result);
        }
    }
    Ok(results.into())
}

/// The only series of a group, or the sum of all.
fn total_of(
    call: &mut FunctionCall<'_>,
    mut group: Vec<Series>,
    span: &mut Option<(i64, i64, i64)>,
) -> Result<Series, Fault> {
    if group.len() == 1
        && let Some(only) = group.pop()
    {
        return Ok(only);
    }
    let normalized: Option<Normalized> = normalize(group);
    let normalized = normalized.ok_or_else(|| Fault::argument("a total has no series"))?;
    let name = format!("sumSeries({})", path_expressions(&normalized.series));
    let values = sum(call, &normalized.series)?;
    *span = Some(normalized.span());
    Ok(call.new_series(name, normalized.span(), values))
}

/// As many points without a value as a series has.
fn nothing(
    call: &mut FunctionCall<'_>,
    name: String,
    like: &Series,
    span: Option<(i64, i64, i64)>,
) -> Result<Series, Fault> {
    let span = span.ok_or_else(|| Fault::argument("no series has a total with the same nodes"))?;
    let length = like.points().len();
    call.reserve(length)?;
    Ok(call.new_series(name, span, vec![f64::NAN; length]))
}
