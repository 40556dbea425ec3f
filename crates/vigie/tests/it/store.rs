//! The part of the test's server that keeps metrics: as simple as the interface allows, with a knob for each trouble.

use crate::fixture::RecordedRequest;
use base::name::{last_element, parent};
use base::pattern::Pattern;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wire::query::Query;

/// The samples, and what to answer instead.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// By name and time.
    pub(crate) samples: BTreeMap<String, BTreeMap<i64, Value>>,
    /// Answers to give first, one per request.
    pub(crate) instead: VecDeque<(u16, Value)>,
    /// Answers to give to logins first.
    pub(crate) logins_instead: VecDeque<(u16, Value)>,
    /// Tokens with a lower serial number count as expired.
    pub(crate) serial_min: u32,
}

/// Whether the store answers requests of this path.
pub(crate) fn answers(path: &str) -> bool {
    path == "/metrics/find" || path == "/render" || path.starts_with("/v1/metrics")
}

/// The answer of a server that has too much to do.
pub(crate) fn busy() -> (u16, Value) {
    (
        503,
        json!({"errors": [{"code": "BXNMSSV08E", "message": "the store is unavailable"}]}),
    )
}

/// How a body is sent: a text is a picture or such, and stands for itself.
pub(crate) fn written(json: String, body: &Value) -> (&'static str, String) {
    match body {
        Value::String(text) if text.starts_with("<svg") => ("image/svg+xml", text.clone()),
        Value::String(text) if text.starts_with("PNG") => ("image/png", text.clone()),
        Value::String(text) => ("text/plain", text.clone()),
        _ => ("application/json", json),
    }
}

impl Store {
    /// How many samples it holds.
    pub(crate) fn len(&self) -> usize {
        self.samples.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn answer(&mut self, asked: &RecordedRequest) -> (u16, Value) {
        let credential = asked.header("x-auth-user-token");
        let serial = credential
            .strip_prefix("iam e30.")
            .and_then(|token| token.split_once(".sig")?.1.parse::<u32>().ok());
        match serial {
            None => {
                return (
                    401,
                    json!({"errors": [{"code": "BXNMSRI02E", "message": "the token is malformed"}]}),
                );
            }
            Some(serial) if serial < self.serial_min => {
                return (
                    401,
                    json!({"errors": [{"code": "BXNMSRI01E", "message": "the token has expired"}]}),
                );
            }
            Some(_) => {}
        }
        if let Some(instead) = self.instead.pop_front() {
            return instead;
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/v1/metrics") => self.send(&asked.json()),
            ("GET", "/v1/metrics") => (200, self.get(&asked.query)),
            ("GET", "/v1/metrics/list") => (200, self.list(&one(&asked.query, "query"))),
            ("GET", "/v1/metrics/senders") => (200, self.senders()),
            ("GET", "/v1/metrics/rejects") => (200, self.rejects()),
            ("GET", "/metrics/find") => (200, self.find(&one(&asked.query, "query"))),
            ("POST", "/render") => (200, self.render(asked)),
            ("DELETE", "/v1/metrics/list") => (200, self.delete(&asked.query)),
            _ => (
                405,
                json!({"errors": [{"code": "BXNMSSV02E", "message": "no such method"}]}),
            ),
        }
    }

    fn send(&mut self, body: &Value) -> (u16, Value) {
        let items = body.as_array().unwrap();
        let mut rejections = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let name = item["name"].as_str().unwrap();
            let seconds = item["timestamp"].as_f64().unwrap();
            if seconds > 4e9 {
                rejections.push(json!({"index": index, "name": name, "code": "too_new",
                    "reason": "the sample lies more than 10 minutes in the future"}));
            } else {
                let series = self.samples.entry(name.to_owned()).or_default();
                series.insert((seconds * 1000.0) as i64, item["value"].clone());
            }
        }
        let stored = items.len() - rejections.len();
        let mut receipt = json!({"received": items.len(), "stored": stored, "rejected": rejections.len(), "rejections": rejections});
        if stored == 0 {
            receipt["errors"] = json!([{"code": "BXNMSMT02E", "message": "nothing was stored"}]);
            return (400, receipt);
        }
        (200, receipt)
    }

    /// For each metric a sender that sends it, one of them silent.
    fn senders(&self) -> Value {
        let sender = |(at, name): (usize, &String)| {
            json!({"listener": "graphite.listen", "source": name, "key": (at > 0).then_some("ApiKey-1"),
                "first_at": 1_519_862_400, "last_at": 1_519_862_460, "silent": at == 1, "usual_gap_seconds": 10.2,
                "batches": at + 1, "received": 7, "accepted": 6, "rejected": 1})
        };
        let senders: Vec<Value> = self.samples.keys().enumerate().map(sender).collect();
        json!({"since": 1_519_862_000, "senders": senders, "left_out": 0, "missed": 0})
    }

    /// For each metric one that was refused.
    fn rejects(&self) -> Value {
        let reject = |name: &String| {
            json!({"at": 1_519_862_400, "listener": "/v1/metrics", "source": "192.0.2.1", "reason": "value",
                "name": name, "message": format!("the value of `{name}` is not a number")})
        };
        let rejects: Vec<Value> = self.samples.keys().map(reject).collect();
        let counts = match rejects.len() {
            0 => json!({}),
            count => json!({"value": count}),
        };
        json!({"since": 1_519_862_000, "by_reason": counts, "rejects": rejects, "missed": 0})
    }

    /// A call of functions has the samples of the path inside, and is called as it was written.
    fn get(&self, query: &str) -> Value {
        let query = Query::parse(query).unwrap();
        let mut rows = Vec::new();
        for target in query.all("target") {
            let inner = match target.rsplit_once('(') {
                Some((_, inner)) => inner.split([',', ')']).next().unwrap_or(inner),
                None => target,
            };
            let path = pattern(inner);
            let fitting = self.samples.iter().filter(|(name, _)| path.matches(name));
            rows.extend(fitting.map(|(name, points)| {
                let points: Vec<Value> = points
                    .iter()
                    .map(|(at, value)| json!([value, *at as f64 / 1000.0]))
                    .collect();
                let name = if inner == target { name } else { target };
                json!({"target": name, "datapoints": points})
            }));
        }
        rows.into()
    }

    fn find(&self, text: &str) -> Value {
        let nodes = self.list(text);
        let nodes = nodes.as_array().unwrap().iter();
        let both = nodes.flat_map(|node| {
            [("branch", false), ("leaf", true)].map(|(key, is_leaf)| {
                (node[key] == json!(true))
                    .then(|| json!({"path": node["path"], "is_leaf": is_leaf}))
            })
        });
        both.flatten().collect()
    }

    /// A picture that holds what was asked.
    fn render(&self, asked: &RecordedRequest) -> Value {
        let form = Query::parse(&asked.body).unwrap();
        let begin = match form.one("format").unwrap() {
            Some("png") => "PNG",
            Some("svg") => "<svg/>",
            _ => "a.b,0,60,60|",
        };
        format!("{begin}{}", self.samples.len()).into()
    }

    fn list(&self, text: &str) -> Value {
        let pattern = pattern(text);
        let all: BTreeSet<&str> = self.samples.keys().flat_map(|name| nodes(name)).collect();
        let fitting = all.iter().filter(|path| pattern.matches(path));
        let nodes: Vec<Value> = fitting
            .map(|path| {
                json!({"path": path, "name": last_element(path), "leaf": self.samples.contains_key(*path),
                    "branch": all.iter().any(|node| parent(node) == Some(path))})
            })
            .collect();
        nodes.into()
    }

    fn delete(&mut self, query: &str) -> Value {
        let text = one(query, "query");
        let dry_run = one(query, "dry_run") == "true";
        let pattern = pattern(&text);
        let doomed: Vec<String> = self
            .samples
            .keys()
            .filter(|name| nodes(name).any(|node| pattern.matches(node)))
            .cloned()
            .collect();
        let below = doomed.iter().filter(|name| !pattern.matches(name)).count();
        let names: Vec<&String> = doomed.iter().take(if dry_run { 20 } else { 0 }).collect();
        let reply = json!({"query": text, "deleted": doomed.len(), "below": below, "dry_run": dry_run, "names": names});
        if !dry_run {
            self.samples.retain(|name, _| !doomed.contains(name));
        }
        reply
    }
}

fn one(query: &str, name: &'static str) -> String {
    let query = Query::parse(query).unwrap();
    query.one(name).unwrap().unwrap_or_default().to_owned()
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

/// A name and everything above it.
fn nodes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |path| parent(path))
}
