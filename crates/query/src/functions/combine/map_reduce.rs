//! `mapSeries` and `reduceSeries`.

use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, required};
use crate::functions::support::{at, before, grouped, key};
use crate::series::Series;
use crate::value::Value;
use std::collections::HashMap;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["mapSeries", "map"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("mapNodes", Kind::NodeOrTag).multiple(),
        ],
        summary: "Lists of the series that have the same nodes, for `reduceSeries`.",
        example: "reduceSeries(mapSeries(servers.*.disk.*, 1), 'asPercent', 3, 'used', 'size')",
        is_aggregator: false,
        run: |call| {
            let series = call.arguments.series(0)?;
            let nodes: Vec<Value> = call.arguments.from(1).into_iter().cloned().collect();
            let groups = grouped(call, series, |series| key(series, &nodes))?;
            Ok(if groups.is_empty() {
                Value::Series(Vec::new())
            } else {
                Value::Lists(groups.into_iter().map(|(_, group)| group).collect())
            })
        },
    },
    Function {
        names: &["reduceSeries", "reduce"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesLists", Kind::SeriesLists),
            required("reduceFunction", Kind::String),
            required("reduceNode", Kind::Node),
            required("reduceMatchers", Kind::String).multiple(),
        ],
        summary: "Calls a function on those series of each list whose node is one of the matchers, in the matchers' order.",
        example: "reduceSeries(mapSeries(servers.*.disk.*, 1), 'asPercent', 3, 'used', 'size')",
        is_aggregator: false,
        run: |call| {
            let lists = call.arguments.take_lists(0)?;
            let function = call.arguments.text(1)?.to_owned();
            if lists.is_empty() {
                return Ok(Vec::new().into());
            }
            let index = call.arguments.integer(2)?;
            let matchers = call.arguments.from(3).into_iter();
            let matchers: Vec<String> = matchers.map(text).collect();
            let mut results = Vec::new();
            for (key, slots) in matched(call, lists, (&function, index), &matchers)? {
                results.push(reduced(call, &function, slots)?.named(key));
            }
            Ok(results.into())
        },
    },
];

/// The text that a node must match; a value that is no text matches none.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => ".".to_owned(),
    }
}

/// For each name without the node and what follows it, the series of each matcher.
type Matched = Vec<(String, Vec<Option<Series>>)>;

fn matched(
    call: &mut FunctionCall<'_>,
    lists: Vec<Vec<Series>>,
    (function, index): (&str, i64),
    matchers: &[String],
) -> Result<Matched, Fault> {
    let mut places = HashMap::new();
    let mut results: Matched = Vec::new();
    for series in lists.into_iter().flatten() {
        call.checkpoint(series.name.len().saturating_add(matchers.len()))?;
        let nodes: Vec<&str> = series.name.split('.').collect();
        let node = at(nodes.iter().copied(), index).ok_or_else(|| {
            Fault::argument(format!("the name `{}` has no node {index}", series.name))
        })?;
        let Some(matcher) = matchers.iter().position(|matcher| matcher == node) else {
            continue;
        };
        let prefix = nodes.get(..before(nodes.len(), index)).unwrap_or_default();
        let key = format!("{}.reduce.{function}", prefix.join("."));
        let slots = *places.entry(key.clone()).or_insert(results.len());
        if slots == results.len() {
            call.reserve(
                matchers
                    .len()
                    .saturating_mul(size_of::<Option<Series>>() / 8),
            )?;
            results.push((key, matchers.iter().map(|_| None).collect()));
        }
        let slot = results
            .get_mut(slots)
            .and_then(|(_, slots)| slots.get_mut(matcher));
        if let Some(slot) = slot {
            *slot = Some(series);
        }
    }
    Ok(results)
}

fn reduced(
    call: &mut FunctionCall<'_>,
    function: &str,
    slots: Vec<Option<Series>>,
) -> Result<Series, Fault> {
    let series: Option<Vec<Value>> = slots
        .into_iter()
        .map(|slot| slot.map(|series| Value::Series(vec![series])))
        .collect();
    let series =
        series.ok_or_else(|| Fault::argument("there is not a series for each of the matchers"))?;
    let first = call.call(function, series)?.into_iter().next();
    first.ok_or_else(|| Fault::argument(format!("`{function}` gives no series")))
}
