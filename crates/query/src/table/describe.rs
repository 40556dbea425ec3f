//! The table as `/functions` shows it.

use super::{all, find, is_aggregator};
use crate::function::{AGGREGATIONS, Default, Function, Kind, Parameter};
use serde_json::{Map, Value, json};

/// Infinity, for which JSON has no number, until [`text`] writes it as one that is too large.
const INFINITY: &str = "infinity";

/// The JSON text of [`list`] or [`one`].
#[must_use]
pub fn text(document: &Value) -> String {
    let marked = format!("\"default\":\"{INFINITY}\"");
    document.to_string().replace(&marked, "\"default\":1e9999")
}

/// The same for people: on several lines.
#[must_use]
pub fn pretty(document: &Value) -> String {
    let marked = format!("\"default\": \"{INFINITY}\"");
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.replace(&marked, "\"default\": 1e9999")
}

/// Every function by name; by group and name where `is_grouped`, and those of one group alone where one is named.
#[must_use]
pub fn list(group: Option<&str>, is_grouped: bool) -> Value {
    let mut result = Map::new();
    for function in all() {
        let group_name = function.group.name();
        if group.is_some_and(|group| group != group_name) {
            continue;
        }
        for name in function.names {
            let description = describe(name, function);
            if !is_grouped {
                result.insert((*name).to_owned(), description);
                continue;
            }
            let group = result.entry(group_name).or_insert_with(|| json!({}));
            if let Some(group) = group.as_object_mut() {
                group.insert((*name).to_owned(), description);
            }
        }
    }
    Value::Object(result)
}

/// One function; `None` where there is none of that name.
#[must_use]
pub fn one(name: &str) -> Option<Value> {
    find(name).map(|function| describe(name, function))
}

fn describe(name: &str, function: &Function) -> Value {
    json!({
        "name": name,
        "function": signature(name, function),
        "description": format!("{}\n\nExample:\n\n    &target={}", function.summary, function.example),
        "module": "vigie.functions",
        "group": function.group.name(),
        "params": function.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}

/// The call with its parameters: `movingAverage(seriesList, windowSize, xFilesFactor=None)`.
#[must_use]
pub fn signature(name: &str, function: &Function) -> String {
    let parameters = function.parameters.iter().map(|parameter| {
        let name = parameter.keyword.unwrap_or(parameter.name);
        if parameter.is_multiple {
            return format!("*{name}");
        }
        match default(parameter) {
            _ if parameter.is_required => name.to_owned(),
            None => format!("{name}=None"),
            Some(Value::Bool(true)) => format!("{name}=True"),
            Some(Value::Bool(false)) => format!("{name}=False"),
            Some(Value::String(text)) => format!("{name}='{text}'"),
            Some(other) => format!("{name}={other}"),
        }
    });
    format!("{name}({})", parameters.collect::<Vec<_>>().join(", "))
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = Map::from_iter([
        ("name".to_owned(), json!(parameter.name)),
        ("type".to_owned(), json!(parameter.kind.name())),
    ]);
    if parameter.is_required {
        described.insert("required".to_owned(), json!(true));
    }
    if let Some(default) = default(parameter) {
        described.insert("default".to_owned(), default);
    }
    if parameter.is_multiple {
        described.insert("multiple".to_owned(), json!(true));
    }
    let options = options(parameter);
    if !options.is_empty() {
        let options: Vec<Value> = options.into_iter().map(literal).collect();
        described.insert("options".to_owned(), json!(options));
    }
    if !parameter.suggestions.is_empty() {
        let suggestions: Vec<Value> = parameter
            .suggestions
            .iter()
            .map(|text| literal(text))
            .collect();
        described.insert("suggestions".to_owned(), json!(suggestions));
    }
    Value::Object(described)
}

fn default(parameter: &Parameter) -> Option<Value> {
    Some(match parameter.default {
        Default::None => return None,
        Default::Integer(integer) => json!(integer),
        Default::Float(float) if float.is_finite() => json!(float),
        Default::Float(_) => json!(INFINITY),
        Default::Text(text) => json!(text),
        Default::Boolean(boolean) => json!(boolean),
    })
}

/// The values that fit, where only some do, in order.
fn options(parameter: &Parameter) -> Vec<&'static str> {
    let mut options: Vec<&'static str> = parameter.options.to_vec();
    if matches!(parameter.kind, Kind::AggFunc | Kind::AggOrSeriesFunc) {
        options.extend(AGGREGATIONS);
    }
    if parameter.kind == Kind::AggOrSeriesFunc {
        let names = all().flat_map(|function| function.names);
        options.extend(names.filter(|name| is_aggregator(name)));
    }
    options.sort_unstable();
    options.dedup();
    options
}

/// A value of the list: what Python has as something else than a text is no text here either.
fn literal(text: &str) -> Value {
    match text {
        "True" => json!(true),
        "False" => json!(false),
        "None" => Value::Null,
        _ => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), |integer| json!(integer)),
    }
}
