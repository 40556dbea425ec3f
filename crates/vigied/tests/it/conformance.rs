//! Graphite's own answers: names, order, windows, consolidation. `tests/fixtures/graphite/README.md` says what they are.

use crate::harness::{Server, token};
use base::time_expr;
use serde_json::{Value, json};
use std::path::Path;
use wire::query;

fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphite");
    let text = std::fs::read_to_string(path.join(file)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn samples() -> Vec<Value> {
    let mut samples = Vec::new();
    for series in lines("series.jsonl") {
        let (start, step) = (series["start"].as_i64(), series["step"].as_i64());
        let instants = (0..).map(|slot| start.unwrap() + slot * step.unwrap());
        for (at, value) in instants.zip(series["values"].as_array().unwrap()) {
            if !value.is_null() {
                samples.push(json!({"name": series["name"], "value": value, "timestamp": at}));
            }
        }
    }
    samples
}

/// To the last bit: numbers are added up in the same order.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => found.to_bits() == expected.to_bits(),
        _ => found.is_null() && expected.is_null(),
    }
}

/// The difference between the rows of an answer and those of the reference.
fn difference(found: &Value, expected: &Value) -> Option<String> {
    let (found, expected) = (found.as_array()?, expected.as_array()?);
    let names = |rows: &[Value], key: &str| -> Vec<Value> {
        let name = |row: &Value| match key {
            "" => row[0].clone(),
            key => row[key].clone(),
        };
        rows.iter().map(name).collect()
    };
    let (ours, theirs) = (names(found, "target"), names(expected, ""));
    if ours != theirs {
        return Some(format!("series {ours:?}, not {theirs:?}"));
    }
    for (row, reference) in found.iter().zip(expected) {
        let points = row["datapoints"].as_array()?;
        let values = reference[3].as_array()?;
        let (first, step) = (reference[1].as_i64()?, reference[2].as_i64()?);
        if points.len() != values.len() {
            return Some(format!("{} points, not {}", points.len(), values.len()));
        }
        for (slot, (point, value)) in (0..).zip(points.iter().zip(values)) {
            let at = first + slot * step;
            if point[1] != json!(at) || !is_same(&point[0], value) {
                return Some(format!("point {slot} is {point}, not [{value},{at}]"));
            }
        }
    }
    None
}

/// A time that Graphite refuses, as the strict reader does, and `/v1` takes.
fn is_ours_alone((key, text): &(&str, &str)) -> bool {
    let (now, utc) = (
        base::time::Millis(1_700_002_800_000),
        jiff::tz::TimeZone::UTC,
    );
    matches!(*key, "from" | "until")
        && time_expr::parse(text, now, &utc).is_err()
        && time_expr::lenient::parse(text, now, &utc).is_ok()
}

#[test]
fn graphite_answers_the_same() {
    let server = Server::start();
    let token = token(&server.serving.url(), &server.owner.api_key);
    for chunk in samples().chunks(5000) {
        let sent = server
            .metrics(&token, "POST", "/v1/metrics")
            .json(&json!(chunk))
            .send();
        assert_eq!(sent.json()["stored"], json!(chunk.len()), "{}", sent.text());
    }
    let (mut resolution, mut ours_alone) = (0, 0);
    let mut wrong = Vec::new();
    for case in lines("cases.jsonl") {
        let kind = case["kind"].as_str().unwrap();
        // Names come with any resolution; windows with that of the series.
        let step = case["step"]
            .as_i64()
            .unwrap_or(if kind == "list" { resolution } else { 10 });
        if step != resolution {
            let set = server
                .metrics(&token, "PUT", "/v1/settings/domain")
                .json(&json!({"resolution_seconds": step}))
                .send();
            assert_eq!(set.status, 200, "{}", set.text());
            resolution = step;
        }
        let pairs: Vec<(&str, &str)> = case["query"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .collect();
        if kind == "error" && pairs.iter().any(is_ours_alone) {
            ours_alone += 1;
            continue;
        }
        let route = if kind == "list" {
            "/v1/metrics/list"
        } else {
            "/v1/metrics"
        };
        let path = format!("{route}?{}", query::encode(&pairs));
        let reply = server.metrics(&token, "GET", &path).send();
        let status = if kind == "error" { 400 } else { 200 };
        let complaint = if reply.status != status {
            Some(reply.text())
        } else {
            let found = reply.json();
            match kind {
                "render" => difference(&found, &case["series"]),
                "names" => {
                    let names: Vec<&Value> = found
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|row| &row["target"])
                        .collect();
                    (json!(names) != case["names"]).then(|| format!("{names:?}"))
                }
                "list" => (found != case["names"]).then(|| found.to_string()),
                _ => None,
            }
        };
        if let Some(complaint) = complaint {
            wrong.push(format!("{} {path}: {complaint}", case["id"]));
        }
    }
    assert!(ours_alone < 10, "{ours_alone} cases are none here");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
