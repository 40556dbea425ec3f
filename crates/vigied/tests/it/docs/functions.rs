//! The reference of the functions of targets, from their table.

use query::function::{AGGREGATIONS, Default, Function, FunctionGroup, Kind, Parameter};
use query::table::{self, describe, graphite_0_9_15};
use std::collections::BTreeMap;
use std::fmt::Write;

const INTRODUCTION: &str = "\
# Functions of targets

Generated from the table of functions, which the parser, error messages and `/functions` read as well.

A target is a path, `servers.*.load`, or a function of targets: `sumSeries(servers.*.load)`. What stands first among the parameters
may stand before a `|` instead: `servers.*.load|sumSeries()`. A parameter may be given by its name, behind those that are given by
place: `summarize(shop.orders, '1h', alignToFrom=true)`. [Graphite's own interface](../guides/graphite.md) says how to ask.

The functions are those of graphite-web 1.1.10, with its results. Where graphite-web 0.9.15 did something else, a line says what:
targets that were written for it show something else now. What the two differ in elsewhere is
[in the guide](../guides/from-graphite.md#targets-of-graphite-0915).
";

/// The values of a parameter, in words.
const fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::AggFunc => "the name of an aggregation, in quotes",
        Kind::AggOrSeriesFunc => {
            "the name of an aggregation, or of a function that makes one series out of many, in quotes"
        }
        Kind::Any => "series or a number, as the function says",
        Kind::Boolean => "`true` or `false`",
        Kind::Date => "[a time](times.md), in quotes",
        Kind::Float => "a number",
        Kind::Integer => "a whole number",
        Kind::IntOrInf => "a whole number, or `inf`",
        Kind::IntOrInterval => "a number of points, or a span of time",
        Kind::Interval => {
            "a span of time, in quotes: a number and `s`, `min`, `h`, `d`, `w`, `mon` (30 days) or `y` (365 days)"
        }
        Kind::Node => {
            "the place of an element in a path: 0 is the first one, negative numbers count from the end"
        }
        Kind::NodeOrTag => "that, or the name of a tag, in quotes",
        Kind::SeriesList => "a target",
        Kind::SeriesLists => "targets",
        Kind::String => "a text, in quotes of either kind",
        Kind::Tag => "the name of a tag, in quotes",
    }
}

const fn about(group: FunctionGroup) -> &'static str {
    match group {
        FunctionGroup::Alias => "What series are called.",
        FunctionGroup::Calculate => "Values out of several points.",
        FunctionGroup::Combine => "Several series into one, or into fewer.",
        FunctionGroup::FilterData => "Which values stay.",
        FunctionGroup::FilterSeries => "Which series stay.",
        FunctionGroup::Graph => "How a picture shows series.",
        FunctionGroup::Special => "Series that are found or made, and what fits in nowhere else.",
        FunctionGroup::Sorting => "The order of series.",
        FunctionGroup::Transform => "Each series into another.",
        FunctionGroup::Unknown => "Without a group.",
    }
}

/// The whole page.
pub(super) fn page() -> String {
    let mut groups: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    for function in table::all() {
        groups
            .entry(function.group.name())
            .or_default()
            .push(function);
        for parameter in function.parameters {
            kinds.insert(parameter.kind.name(), parameter.kind);
        }
    }
    let mut text = String::from(INTRODUCTION);
    text.push_str("\n## Contents\n\n| group | functions |\n|---|---|\n");
    for (group, functions) in &mut groups {
        functions.sort_by_key(|function| function.names[0].to_lowercase());
        let links = functions.iter().flat_map(|function| {
            let anchor = function.names[0].to_lowercase();
            let link = move |name: &&str| format!("[`{name}`](#{anchor})");
            function.names.iter().map(link)
        });
        let links: Vec<String> = links.collect();
        let anchor = group.to_lowercase().replace(' ', "-");
        let links = links.join(", ");
        let _ = writeln!(text, "| [{group}](#{anchor}-functions) | {links} |");
    }
    text.push_str("\n## Types\n\n| type | is |\n|---|---|\n");
    for (name, kind) in kinds {
        let _ = writeln!(text, "| {name} | {} |", meaning(kind));
    }
    let names = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect();
    let aggregations: Vec<String> = names(AGGREGATIONS);
    let aggregators = table::all().filter(|function| function.is_aggregator);
    let mut aggregators: Vec<&str> = aggregators
        .flat_map(|aggregator| aggregator.names)
        .copied()
        .collect();
    aggregators.sort_unstable();
    let aggregators: Vec<String> = names(&aggregators);
    let _ = write!(
        text,
        "\nAn aggregation is {}.\n\nA function that makes one series out of many is {}.\n",
        aggregations.join(", "),
        aggregators.join(", ")
    );
    for (group, functions) in groups {
        let _ = write!(
            text,
            "\n## {group} functions\n\n{}\n",
            about(functions[0].group)
        );
        for function in functions {
            one(&mut text, function);
        }
    }
    text
}

fn one(text: &mut String, function: &Function) {
    let name = function.names[0];
    let _ = write!(
        text,
        "\n### {name}\n\n```text\n{}\n```\n\n",
        describe::signature(name, function)
    );
    text.push_str(function.summary);
    if let [_, others @ ..] = function.names
        && !others.is_empty()
    {
        let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(text, " Also {}.", others.join(", "));
    }
    text.push_str("\n\n");
    if !function.parameters.is_empty() {
        text.push_str("| parameter | type | default | |\n|---|---|---|---|\n");
        for parameter in function.parameters {
            let (name, kind) = (parameter.name, parameter.kind.name());
            let _ = writeln!(
                text,
                "| {name} | {kind} | {} | {} |",
                missing(parameter),
                values(parameter)
            );
        }
        text.push('\n');
    }
    let _ = writeln!(text, "    {}", function.example);
    match graphite_0_9_15::in_graphite_0_9_15(name) {
        graphite_0_9_15::Graphite0915::Same => {}
        graphite_0_9_15::Graphite0915::Missing => text.push_str("\n0.9.15 did not have it.\n"),
        graphite_0_9_15::Graphite0915::Different(note) => {
            let _ = writeln!(text, "\nIn 0.9.15: {note}");
        }
    }
    if !matches!(
        graphite_0_9_15::in_graphite_0_9_15(name),
        graphite_0_9_15::Graphite0915::Missing
    ) {
        let new = function.names.iter().filter(|alias| alias != &&name);
        let new = new.filter(|alias| {
            graphite_0_9_15::in_graphite_0_9_15(alias) == graphite_0_9_15::Graphite0915::Missing
        });
        let new: Vec<String> = new.map(|alias| format!("`{alias}`")).collect();
        if !new.is_empty() {
            let _ = writeln!(text, "\n0.9.15 did not know it as {}.", new.join(", "));
        }
    }
}

fn missing(parameter: &Parameter) -> String {
    if parameter.is_required {
        return "needed".to_owned();
    }
    match parameter.default {
        Default::None => String::new(),
        Default::Integer(integer) => format!("`{integer}`"),
        Default::Float(float) if float.is_finite() => format!("`{float}`"),
        Default::Float(_) => "`inf`".to_owned(),
        Default::Text(text) => format!("`'{text}'`"),
        Default::Boolean(boolean) => format!("`{boolean}`"),
    }
}

/// How often it may be given, and which values fit.
fn values(parameter: &Parameter) -> String {
    let list = |values: &[&str]| {
        let values = values.iter().map(|value| format!("`{value}`"));
        values.collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if parameter.is_multiple {
        parts.push("any number of them".to_owned());
    }
    let is_aggregation = |option: &&str| {
        AGGREGATIONS.contains(option)
            || (option.strip_suffix("Series")).is_some_and(|base| AGGREGATIONS.contains(&base))
    };
    if AGGREGATIONS
        .iter()
        .all(|name| parameter.options.contains(name))
    {
        let others = parameter
            .options
            .iter()
            .filter(|name| !is_aggregation(name));
        let others: Vec<&str> = others.copied().collect();
        parts.push(match others.as_slice() {
            [] => "an aggregation".to_owned(),
            others => format!("an aggregation, or {}", list(others)),
        });
    } else if !parameter.options.is_empty() {
        parts.push(format!("one of {}", list(parameter.options)));
    }
    if !parameter.suggestions.is_empty() {
        parts.push(format!("for example {}", list(parameter.suggestions)));
    }
    parts.join("; ")
}
