//! Answers the `/render` cases of a corpus (`datasets/*.json`, `cases/**/*.jsonl`) from memory, and says which differ:
//! `cargo run -p query --example corpus -- FOLDER [--only FUNCTION] [--verbose]`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a developer's tool"
)]

use base::context::Context;
use base::pattern::Pattern;
use base::store::StoreError;
use base::time::Millis;
use jiff::tz::TimeZone;
use query::evaluate::Evaluation;
use query::series::{Series, Tags, reduce};
use query::source::{Event, Fetched, Path, Range, Source};
use query::window::Window;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

struct Stored {
    name: String,
    start: i64,
    step: i64,
    values: Vec<f64>,
}

struct Memory {
    series: Vec<Stored>,
    events: Vec<Event>,
    now: i64,
}

fn tags(name: &str) -> Tags {
    let mut parts = name.split(';');
    let mut tags = Tags::from([("name".to_owned(), parts.next().unwrap().to_owned())]);
    for part in parts {
        let (tag, value) = part.split_once('=').unwrap();
        tags.insert(tag.to_owned(), value.to_owned());
    }
    tags
}

impl Source for Memory {
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError> {
        Ok(paths
            .iter()
            .map(|path| self.fetch_one(path, range))
            .collect())
    }

    fn events(&self, tags: &[String], range: Range) -> Result<Vec<Event>, StoreError> {
        let fits = |event: &&Event| {
            range.from <= event.when
                && event.when <= range.until
                && tags.iter().all(|own| event.tags.contains(own))
        };
        Ok(self.events.iter().filter(fits).cloned().collect())
    }
}

impl Memory {
    fn fetch_one(&self, path: &Path, range: Range) -> Vec<Fetched> {
        let until = range.until.min(self.now);
        if range.from > self.now {
            return Vec::new();
        }
        let glob = match path {
            Path::Glob(text) => Pattern::parse(text).ok(),
            Path::Tags(_) => None,
        };
        let mut found: Vec<Fetched> = Vec::new();
        for own in &self.series {
            let tags = tags(&own.name);
            let is_meant = match path {
                // Tagged series are found by their tags alone.
                Path::Glob(_) if own.name.contains(';') => false,
                Path::Glob(_) => glob.as_ref().is_some_and(|glob| glob.matches(&own.name)),
                Path::Tags(expressions) => {
                    tags.len() > 1
                        && expressions
                            .iter()
                            .all(|own| own.condition().unwrap().fits_tags(&tags))
                }
            };
            if !is_meant {
                continue;
            }
            let first = range.from - range.from.rem_euclid(own.step) + own.step;
            let mut end = until - until.rem_euclid(own.step) + own.step;
            if first == end {
                end += own.step;
            }
            let value = |at: i64| {
                let place = usize::try_from((at - own.start).div_euclid(own.step)).ok();
                place
                    .and_then(|place| own.values.get(place))
                    .copied()
                    .unwrap_or(f64::NAN)
            };
            let values = (first..end)
                .step_by(usize::try_from(own.step).unwrap())
                .map(value)
                .collect();
            found.push(Fetched {
                name: own.name.clone(),
                tags,
                start: first,
                end,
                step: own.step,
                values: Arc::new(values),
            });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

fn load(folder: &FilePath) -> Memory {
    let (mut series, mut events) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder.join("datasets")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let data: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for own in data["series"].as_array().unwrap() {
            let values = own["values"].as_array().unwrap().iter();
            series.push(Stored {
                name: own["name"].as_str().unwrap().to_owned(),
                start: own["start"].as_i64().unwrap(),
                step: own["step"].as_i64().unwrap(),
                values: values
                    .map(|value| value.as_f64().unwrap_or(f64::NAN))
                    .collect(),
            });
        }
        for own in data["events"].as_array().into_iter().flatten() {
            let own_tags = match &own["tags"] {
                Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
                Value::Array(all) => all
                    .iter()
                    .map(|tag| tag.as_str().unwrap().to_owned())
                    .collect(),
                _ => Vec::new(),
            };
            events.push(Event {
                when: own["when"].as_i64().unwrap(),
                tags: own_tags,
            });
        }
    }
    Memory {
        series,
        events,
        now: i64::MAX / 2,
    }
}

fn rows(series: &[Series], without_nulls: bool) -> Value {
    // Where no series has any place for a value, there are no series.
    if series.iter().all(|own| own.values.is_empty()) {
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
        .map(|own| {
            let points = own
                .datapoints()
                .filter(|(_, value)| !without_nulls || !value.is_nan());
            let points: Vec<Value> = points
                .map(|(at, value)| json!([number(value), at]))
                .collect();
            json!({"target": own.title(), "tags": own.tags, "datapoints": points})
        })
        .filter(|row| !without_nulls || row["datapoints"] != json!([]))
        .collect()
}

/// The answer to a case: rows, or why there are none.
fn answer(memory: &Memory, case: &Value) -> Result<Value, String> {
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
            .find(|(own, _)| *own == name)
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
    let memory = Memory {
        now: now.secs(),
        ..borrowed(memory)
    };
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

/// The same data, which is not copied for each case.
fn borrowed(memory: &Memory) -> Memory {
    let series = memory.series.iter();
    let series = series.map(|own| Stored {
        name: own.name.clone(),
        start: own.start,
        step: own.step,
        values: own.values.clone(),
    });
    Memory {
        series: series.collect(),
        events: memory.events.clone(),
        now: memory.now,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

fn is_near(found: f64, expected: f64, largest: f64) -> bool {
    found == expected
        || (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs())
        || (found - expected).abs() <= 1e-13 * largest
}

/// Names are equal but for the last digits of long decimal numbers.
fn same_text(found: &str, expected: &str) -> bool {
    let cut = |text: &str| {
        let mut out = String::new();
        for part in text.split_inclusive(|c: char| !(c.is_ascii_digit() || c == '.')) {
            let digits = part.trim_end_matches(|c: char| !(c.is_ascii_digit() || c == '.'));
            match digits.parse::<f64>() {
                Ok(number) if digits.len() > 10 && digits.contains('.') => {
                    out.push_str(&format!("{number:.9e}"));
                }
                _ => out.push_str(part),
            }
        }
        out
    };
    found == expected || cut(found) == cut(expected)
}

fn difference(found: &Value, expected: &Value) -> Option<String> {
    let (found, expected) = (found.as_array()?, expected.as_array()?);
    let names = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["target"].to_string())
            .collect::<Vec<_>>()
    };
    let is_same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(own, other)| {
            same_text(
                &own["target"]
                    .as_str()
                    .map_or_else(|| own["target"].to_string(), str::to_owned),
                other["target"]
                    .as_str()
                    .unwrap_or(&other["target"].to_string()),
            )
        });
    if !is_same {
        return Some(format!(
            "names\n   found    {:?}\n   expected {:?}",
            names(found),
            names(expected)
        ));
    }
    for (own, other) in found.iter().zip(expected) {
        let (points, others) = (
            own["datapoints"].as_array()?,
            other["datapoints"].as_array()?,
        );
        let largest = others
            .iter()
            .filter_map(|point| number(&point[0]))
            .fold(0.0, |a: f64, b| a.max(b.abs()));
        let is_same = points.len() == others.len()
            && points.iter().zip(others).all(|(a, b)| {
                a[1] == b[1]
                    && match (number(&a[0]), number(&b[0])) {
                        (Some(a), Some(b)) => {
                            is_near(a, b, if largest.is_finite() { largest } else { 0.0 })
                        }
                        (None, None) => true,
                        _ => false,
                    }
            });
        if !is_same {
            return Some(format!(
                "points of {}\n   found    {}\n   expected {}",
                own["target"], own["datapoints"], other["datapoints"]
            ));
        }
        let (tags, others) = (own["tags"].as_object()?, other["tags"].as_object()?);
        let is_same = tags.len() == others.len()
            && others.iter().all(|(tag, value)| {
                tags.get(tag).is_some_and(|own| {
                    same_text(own.as_str().unwrap_or(""), value.as_str().unwrap_or(""))
                })
            });
        if !is_same {
            return Some(format!(
                "tags of {}\n   found    {}\n   expected {}",
                own["target"], own["tags"], other["tags"]
            ));
        }
    }
    None
}

fn files(folder: &FilePath, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            found.push(path);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = FilePath::new(&arguments[0]);
    let only = arguments
        .iter()
        .position(|own| own == "--only")
        .map(|at| arguments[at + 1].clone());
    let is_verbose = arguments.iter().any(|own| own == "--verbose");
    let memory = load(folder);
    let mut all = Vec::new();
    files(&folder.join("cases"), &mut all);
    all.sort();
    let (mut passed, mut failed) = (0, 0);
    for file in all {
        let (mut own, mut total) = (0, 0);
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            // graphite-web prints infinity so, which no strict reader takes.
            let line = line
                .replace("-1e9999", "\"-inf\"")
                .replace("1e9999", "\"inf\"");
            let case: Value = serde_json::from_str(&line).unwrap();
            let is_json = case["compare"] == "json" || case["compare"] == "error";
            let names = case["functions"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let is_asked = only
                .as_ref()
                .is_none_or(|only| names.iter().any(|name| name == only.as_str()));
            if case["request"]["path"] != "/render" || !is_json || !is_asked {
                continue;
            }
            total += 1;
            let found = answer(&memory, &case);
            let problem = match (&found, case["expect"]["status"].as_i64()) {
                (Ok(rows), Some(200)) => difference(rows, &case["expect"]["body"]),
                (Err(error), Some(200)) => Some(format!("error: {error}")),
                (Ok(rows), status) => Some(format!("{rows}, not an error {status:?}")),
                (Err(_), _) => None,
            };
            match problem {
                None => own += 1,
                Some(problem) if is_verbose => {
                    let short: String = problem.chars().take(1500).collect();
                    println!("{} {}\n   {short}", case["id"], case["request"]["params"]);
                }
                Some(_) => {}
            }
        }
        if total > 0 {
            println!(
                "{:<32} {own}/{total}",
                file.file_stem().unwrap().to_string_lossy()
            );
        }
        passed += own;
        failed += total - own;
    }
    println!("{passed} passed, {failed} failed");
}
