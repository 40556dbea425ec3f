//! The crate's answer to a case.

use super::memory::Memory;
use base::context::Context;
use base::time::Millis;
use jiff::tz::TimeZone;
use query::evaluate::Evaluation;
use query::series::{Series, reduce};
use query::window::Window;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn rows(series: &[Series], without_nulls: bool) -> Value {
    // Where no series has any place for a value, there are no series.
    if series.iter().all(|series| series.values.is_empty()) {
        return json!([]);
    }
    let number = |value: f64| {
        if value.is_infinite() {
            json!(if value > 0.0 { "inf" } else { "-inf" })
        } else {
            json!(value)
        }
    };
    series
        .iter()
        .map(|series| {
            let points = series
                .datapoints()
                .filter(|(_, value)| !without_nulls || !value.is_nan());
            let points: Vec<Value> = points
                .map(|(at, value)| json!([number(value), at]))
                .collect();
            json!({"target": series.title(), "tags": *series.tags, "datapoints": points})
        })
        .filter(|row| !without_nulls || row["datapoints"] != json!([]))
        .collect()
}

/// The answer to a case: rows, or why there are none.
pub(crate) fn answer(memory: &Memory, case: &Value) -> Result<Value, String> {
    let parameters: Vec<(&str, &str)> = case["request"]["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair[0].as_str().unwrap(),
                pair[1].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let last = |name: &str| {
        parameters
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let zone = last("tz")
        .and_then(base::time_expr::zone)
        .unwrap_or(TimeZone::UTC);
    let clock = Millis::from_secs(1_800_000_000);
    let read = |text: &str, now: Millis| {
        base::time_expr::parse(text, now, &zone).map_err(|error| error.to_string())
    };
    let now = match last("now") {
        Some(text) => read(text, clock)?,
        None => clock,
    };
    let until = last("until")
        .map_or(Ok(now), |text| read(text, now))?
        .secs();
    let from = last("from")
        .map_or(Ok(now.plus(-86_400_000)), |text| read(text, now))?
        .secs();
    if from == until {
        return Err("empty range".to_owned());
    }
    let memory = memory.at(now.secs());
    let window = Window::new(from.min(until), from.max(until), now.secs(), zone);
    let plain: Vec<&str> = parameters
        .iter()
        .filter(|(name, _)| *name == "target")
        .map(|(_, value)| *value)
        .collect();
    let targets = if plain.is_empty() {
        parameters
            .iter()
            .filter(|(name, _)| *name == "target[]")
            .map(|(_, value)| *value)
            .collect()
    } else {
        plain
    };
    let variables: BTreeMap<String, String> = parameters
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("template[")?.strip_suffix(']')?;
            Some((name.to_owned(), (*value).to_owned()))
        })
        .collect();
    let context = Context::unlimited();
    let share = last("xFilesFactor")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0);
    let mut evaluation = Evaluation::new(&memory, &context)
        .with_variables(variables)
        .with_x_files_factor(share);
    let series = evaluation
        .targets(&targets, &window)
        .map_err(|(place, error)| format!("target {place}: {error}"))?;
    let mut series: Vec<Series> = series.into_iter().flatten().collect();
    if let Some(most) = last("maxDataPoints").and_then(|text| text.parse().ok()) {
        reduce(&mut series, most);
    }
    Ok(rows(&series, last("noNullPoints").is_some()))
}
