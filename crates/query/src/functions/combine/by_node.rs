//! Series grouped by nodes of their names, or by tags.

use super::aggregate::aggregate_of;
use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required,
};
use crate::functions::support::{grouped, key};
use crate::series::{Series, tags_of};
use crate::value::Value;
use std::collections::BTreeSet;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["groupByNode"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("nodeNum", Kind::NodeOrTag),
            optional("callback", Kind::AggOrSeriesFunc).or(Default::Text("average")),
        ],
        summary: "Combines the series that have the same node by an aggregation or a function.",
        example: "groupByNode(servers.*.cpu.*.load, 1, 'sum')",
        is_aggregator: false,
        run: |call| {
            let node = call.arguments.given(1).cloned();
            let node = node.ok_or_else(|| Fault::argument("`nodeNum` is missing"))?;
            let callback = call.arguments.text_or(2, "average")?.to_owned();
            by_nodes(call, &callback, &[node])
        },
    },
    Function {
        names: &["groupByNodes"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("callback", Kind::AggOrSeriesFunc),
            optional("nodes", Kind::NodeOrTag).multiple(),
        ],
        summary: "Combines the series that have the same nodes by an aggregation or a function.",
        example: "groupByNodes(servers.*.cpu.*.load, 'max', 1, -1)",
        is_aggregator: false,
        run: |call| {
            let callback = call.arguments.text(1)?.to_owned();
            let nodes: Vec<Value> = call.arguments.from(2).into_iter().cloned().collect();
            by_nodes(call, &callback, &nodes)
        },
    },
    Function {
        names: &["groupByTags"],
        group: FunctionGroup::Combine,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("callback", Kind::AggOrSeriesFunc),
            required("tags", Kind::Tag).multiple(),
        ],
        summary: "Combines the series that have the same values of some tags by an aggregation or a function.",
        example: "groupByTags(seriesByTag('name=requests'), 'sum', 'dc', 'host')",
        is_aggregator: false,
        run: |call| {
            let callback = call.arguments.text(1)?.to_owned();
            let tags = call.arguments.from(2).into_iter().map(|tag| match tag {
                Value::Text(tag) => Ok(tag.clone()),
                other => Err(Fault::argument(format!(
                    "a tag must be a text, not {}",
                    other.kind()
                ))),
            });
            let tags: Vec<String> = tags.collect::<Result<_, _>>()?;
            if tags.is_empty() {
                return Err(Fault::argument("`tags` is missing: the name of a tag"));
            }
            by_tags(call, &callback, &tags)
        },
    },
];

fn by_nodes(call: &mut FunctionCall<'_>, callback: &str, nodes: &[Value]) -> Outcome {
    let series = call.arguments.series(0)?;
    let mut results = Vec::new();
    for (key, group) in grouped(call, series, |series| key(series, nodes))? {
        results.push(combined(call, group, callback)?.named(key));
    }
    Ok(results.into())
}

/// The first series that a function of the table makes of a group; or else its aggregate of that name.
fn combined(
    call: &mut FunctionCall<'_>,
    group: Vec<Series>,
    callback: &str,
) -> Result<Series, Fault> {
    if !call.is_function(callback) {
        return aggregate_of(call, group, callback);
    }
    let first = call.call(callback, vec![group.into()])?.into_iter().next();
    first.ok_or_else(|| Fault::argument(format!("`{callback}` gives no series")))
}

fn by_tags(call: &mut FunctionCall<'_>, callback: &str, tags: &[String]) -> Outcome {
    let series = call.arguments.series(0)?;
    let has_name = tags.iter().any(|tag| tag == "name");
    let names: BTreeSet<&str> = series.iter().map(|series| tag_of(series, "name")).collect();
    let shared = match names.first() {
        Some(only) if names.len() == 1 => (*only).to_owned(),
        _ => callback.to_owned(),
    };
    let groups = grouped(call, series, |series| {
        let others = tags.iter().filter(|tag| *tag != "name");
        let mut parts: Vec<String> = others
            .map(|tag| format!(";{tag}={}", tag_of(series, tag)))
            .collect();
        parts.sort_unstable();
        let name = if has_name {
            tag_of(series, "name")
        } else {
            &shared
        };
        Ok(format!("{name}{}", parts.concat()))
    })?;
    let mut results = Vec::with_capacity(groups.len());
    for (key, group) in groups {
        let tags = tags_of(&key).map_err(Fault::argument)?;
        let mut series = combined(call, group, callback)?.renamed(key);
        series.tags = tags;
        results.push(series);
    }
    Ok(results.into())
}

fn tag_of<'s>(series: &'s Series, tag: &str) -> &'s str {
    series.tags.get(tag).map_or("", String::as_str)
}
