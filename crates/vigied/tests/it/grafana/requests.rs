//! Each request that Grafana sends has the answer that graphite-web gives: `tests/fixtures/grafana/README.md` says what they are.

use super::source::Source;
use crate::harness::{Reply, Server};
use serde_json::{Value, json};
use std::path::Path;

fn fixture(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grafana");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// JSON, in which graphite-web writes infinity as a number that is too great.
fn read(text: &str) -> Value {
    let text = text.replace("1e9999", "\"infinity\"");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The world of the fixtures.
fn fill(server: &Server) {
    let token = server.token();
    let world = read(&fixture("world.json"));
    let rules = json!({"schemas": world["schemas"]});
    let set = server.metrics(&token, "PUT", "/v1/settings/domain");
    let set = set.json(&rules).send();
    assert_eq!(set.status, 200, "{}", set.text());
    let mut samples = Vec::new();
    for series in world["series"].as_array().unwrap() {
        let (start, step) = (series["start"].as_i64(), series["step"].as_i64());
        let instants = (0..).map(|slot| start.unwrap() + slot * step.unwrap());
        for (at, value) in instants.zip(series["values"].as_array().unwrap()) {
            if !value.is_null() {
                samples.push(json!({"name": series["name"], "value": value, "timestamp": at}));
            }
        }
    }
    let count = samples.len();
    let sent = server.metrics(&token, "POST", "/v1/metrics");
    let sent = sent.json(&json!(samples)).send();
    assert_eq!(sent.json()["stored"], json!(count), "{}", sent.text());
    for event in world["events"].as_array().unwrap() {
        let reply = server
            .metrics(&token, "POST", "/events/")
            .json(event)
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

/// The result in a fixed order, without the numbers that a database gave.
fn as_set(value: &Value) -> Value {
    match value {
        Value::Array(all) => {
            let mut all: Vec<Value> = all.iter().map(as_set).collect();
            all.sort_by_key(ToString::to_string);
            Value::Array(all)
        }
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "id");
            let kept = kept.map(|(name, value)| (name.clone(), as_set(value)));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// Where two values first differ. Numbers are equal to the last digits that a sum in another order has.
fn difference(found: &Value, expected: &Value, place: &str) -> Option<String> {
    let describe = || Some(format!("{place}: {found}, not {expected}"));
    match (found, expected) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64()?, other.as_f64()?);
            let is_same = (one - other).abs() <= 1e-12 * one.abs().max(other.abs());
            if is_same { None } else { describe() }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(at, (one, other))| difference(one, other, &format!("{place}[{at}]")))
        }
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => other
            .iter()
            .find_map(|(name, expected)| match one.get(name) {
                None => Some(format!("{place}: no `{name}` in {found}")),
                Some(found) => difference(found, expected, &format!("{place}.{name}")),
            }),
        _ if found == expected => None,
        _ => describe(),
    }
}

/// The mistake in an answer.
fn complaint(reply: &Reply, compare: &str, expect: &Value) -> Option<String> {
    let status = expect["status"].as_u64().unwrap();
    let is_right = match compare {
        "refused" => (400..500).contains(&reply.status),
        _ => u64::from(reply.status) == status,
    };
    if !is_right {
        return Some(format!("{}, not {status}: {}", reply.status, reply.text()));
    }
    let expected = &expect["body"];
    match compare {
        "refused" => None,
        "text" => {
            let text = reply.text();
            (text.trim() != expected).then(|| format!("{text:?}, not {expected}"))
        }
        "found" => difference(&as_set(&read(&reply.text())), &as_set(expected), "body"),
        // Those of which the editor shows all kinds of parameters.
        "functions" => {
            let found = read(&reply.text());
            expected.as_object()?.iter().find_map(|(name, expected)| {
                let function = &found[name];
                let described = json!({"group": function["group"], "params": function["params"]});
                difference(&described, expected, name)
            })
        }
        _ => difference(&read(&reply.text()), expected, "body"),
    }
}

#[test]
fn each_request_of_grafana_is_answered_as_by_graphite_web() {
    let server = Server::start();
    fill(&server);
    let domain = format!("s-{}", server.owner.space);
    let key = &server.owner.api_key;
    let sources = [
        Source::by_headers(&server, key, &domain),
        Source::by_path(&server, key, &domain),
    ];
    let mut wrong = Vec::new();
    let mut asked = 0;
    for line in fixture("requests.jsonl").lines() {
        let recorded = read(line);
        let text = |field: &str| recorded[field].as_str().unwrap_or_default();
        let path = match text("query") {
            "" => text("path").to_owned(),
            query => format!("{}?{query}", text("path")),
        };
        for source in &sources {
            let reply = source.ask(text("method"), &path, recorded["form"].as_str());
            if let Some(complaint) = complaint(&reply, text("compare"), &recorded["expect"]) {
                wrong.push(format!("{}: {complaint}", text("what")));
            }
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked} requests: the file is not read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The editor reads fields of every function that the requests above do not check.
#[test]
fn the_list_of_functions_is_one_that_the_editor_of_queries_reads() {
    let server = Server::start();
    let domain = format!("s-{}", server.owner.space);
    let source = Source::by_headers(&server, &server.owner.api_key, &domain);
    let reply = source.ask("GET", "/functions", None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    // A number that is too great is infinity to a browser, where the word is no JSON.
    assert!(reply.text().contains("\"default\":1e9999"));
    assert!(!reply.text().contains("Infinity"));
    let functions = read(&reply.text());
    let functions = functions.as_object().unwrap();
    assert!(functions.len() > 150, "{}", functions.len());
    let types = [
        "aggFunc",
        "aggOrSeriesFunc",
        "any",
        "boolean",
        "date",
        "float",
        "integer",
        "intOrInf",
        "intOrInterval",
        "interval",
        "node",
        "nodeOrTag",
        "seriesList",
        "seriesLists",
        "string",
        "tag",
    ];
    for (name, function) in functions {
        assert_eq!(function["name"], json!(name));
        for field in ["group", "description", "function", "module"] {
            assert!(
                function[field].is_string(),
                "{name}: `{field}` of {function}"
            );
        }
        for parameter in function["params"].as_array().unwrap() {
            assert!(parameter["name"].is_string(), "{name}: {parameter}");
            let kind = parameter["type"].as_str().unwrap();
            assert!(types.contains(&kind), "{name}: {parameter}");
            for flag in ["required", "multiple"] {
                let is_flag = parameter.get(flag).is_none_or(Value::is_boolean);
                assert!(is_flag, "{name}: {parameter}");
            }
            for list in ["options", "suggestions"] {
                let is_list = parameter.get(list).is_none_or(Value::is_array);
                assert!(is_list, "{name}: {parameter}");
            }
        }
    }
}
