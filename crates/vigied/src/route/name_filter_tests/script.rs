//! Requests of the limited caller on every route of metrics, and in every way that could tell of a name.

use super::world::{Asked, samples};
use serde_json::json;

const RENDER: (&str, &str) = ("GET", "/v1/metrics");
const LIST: (&str, &str) = ("GET", "/v1/metrics/list");
const DELETE: (&str, &str) = ("DELETE", "/v1/metrics/list");

/// Patterns for what the caller reaches, for what they do not, and for both.
pub(super) const PATTERNS: [&str; 26] = [
    "*",
    "**",
    "*.*",
    "*.*.*",
    "app",
    "app*",
    "app.*",
    "app.**",
    "app.cpu",
    "app.cpu.*",
    "app.cpu.core0",
    "app.disk;host=h1",
    "app.*;host=*",
    "*;host=*",
    "app-x.*",
    "app-x.cpu",
    "db",
    "db.*",
    "db.secret",
    "db.cpu;host=h1",
    "{app,db}.*",
    "{app.cpu,db.cpu}",
    "[a-z]*.cpu",
    "?b.*",
    "zoo.**",
    "nowhere.*",
];

pub(super) fn asked((verb, path): (&'static str, &'static str), pairs: &[(&str, &str)]) -> Asked {
    Asked::new(verb, path, pairs)
}

/// Requests that change nothing.
pub(super) fn reads(seconds: i64) -> Vec<Asked> {
    let (from, until) = ((seconds - 600).to_string(), (seconds + 600).to_string());
    let (from, until) = (("from", from.as_str()), ("until", until.as_str()));
    let early = (seconds - 6000).to_string();
    let before = ("until", early.as_str());
    let dry = ("dry_run", "true");
    let mut all = Vec::new();
    for pattern in PATTERNS {
        let (target, query) = (("target", pattern), ("query", pattern));
        let nodes = ("format", "nodes");
        all.extend([
            asked(RENDER, &[target, from, until]),
            asked(RENDER, &[target, from, until, ("maxDataPoints", "1")]),
            asked(RENDER, &[target, before]),
            asked(LIST, &[query]),
            asked(LIST, &[query, nodes]),
            asked(LIST, &[query, nodes, from, until]),
            asked(LIST, &[query, before]),
            asked(DELETE, &[query, dry]),
            asked(DELETE, &[query, dry, from, until]),
        ]);
    }
    let both = [("target", "db.*"), ("target", "app.*"), from, until];
    all.extend([
        asked(LIST, &[]),
        asked(RENDER, &both),
        asked(("GET", "/metrics"), &[]),
        asked(("GET", "/v1/settings/domain"), &[]),
    ]);
    all
}

/// Requests that are refused for what they say.
pub(super) fn mistakes() -> Vec<Asked> {
    let six = [("target", "db.secret"); 6];
    vec![
        asked(RENDER, &[]),
        asked(RENDER, &six),
        asked(RENDER, &[("target", "db.[secret")]),
        asked(RENDER, &[("target", "sumSeries(db.*)")]),
        asked(RENDER, &[("target", "db.secret"), ("from", "nonsense")]),
        asked(("GET", "/v1/metrics/senders"), &[]),
        asked(("GET", "/v1/metrics/rejects"), &[]),
        asked(LIST, &[("query", "db.{secret")]),
        asked(LIST, &[("query", "db.*"), ("format", "treejson")]),
        asked(DELETE, &[]),
        asked(DELETE, &[("query", "db.*"), ("dry_run", "perhaps")]),
        asked(DELETE, &[("query", "db.*"), ("name", "db.secret")]),
    ]
}

/// Writes, among them to names that exist and are not the caller's, and to such that do not exist.
pub(super) fn writes(universe: &[&str], seconds: i64) -> Vec<Asked> {
    let new = [
        "app.new",
        "app.cpu.core1",
        "app-y.cpu",
        "db.new",
        "b.cpu;host=h2",
    ];
    let all: Vec<&str> = universe.iter().copied().chain(new).collect();
    let send = |pairs: &[(&str, &str)]| asked(("POST", "/v1/metrics"), pairs);
    let lines = |path| {
        let lines = "db secret=1\napp cpu=2,new=3\nb,host=h2 cpu=1\n";
        asked(("POST", path), &[]).with(json!(lines))
    };
    let resolution = |seconds| {
        let body = json!({"resolution_seconds": seconds});
        asked(("PUT", "/v1/settings/domain"), &[]).with(body)
    };
    vec![
        send(&[]).with(samples(&all, seconds)),
        send(&[]).with(samples(&all, seconds)),
        send(&[("durability", "buffered")]).with(samples(&all, seconds + 1)),
        send(&[]).with(samples(&["db.secret"], seconds)),
        send(&[]).with(samples(&["db.never"], seconds)),
        send(&[]).with(samples(&["db.secret", "app.cpu", "db..x", "app.cpu"], 1)),
        send(&[]).with(json!([])),
        send(&[]).with(json!({"db.secret": 1})),
        lines("/write"),
        lines("/api/v2/write"),
        asked(("POST", "/collectd"), &[]).with(json!("PUTVAL app/cpu/x N:1\nPUTVAL db/cpu/x N:1")),
        asked(("GET", "/query"), &[("q", "CREATE DATABASE x")]),
        asked(("POST", "/query"), &[("q", "SHOW DATABASES")]),
        resolution(Some(60)),
        resolution(Some(0)),
        resolution(None),
    ]
}

/// Deletions: the caller's own series go one after another, and in the end all of them.
pub(super) fn deletions(seconds: i64) -> Vec<Asked> {
    let (from, until) = ((seconds - 1).to_string(), (seconds + 600).to_string());
    let range = [("from", from.as_str()), ("until", until.as_str())];
    let ranged = |pattern| asked(DELETE, &[&[("query", pattern)], &range[..]].concat());
    let whole = |pattern| asked(DELETE, &[("query", pattern)]);
    vec![
        ranged("db.secret"),
        ranged("*.cpu"),
        whole("db.secret"),
        whole("app-x"),
        whole("app.cpu"),
        whole("app.cpu"),
        ranged("**"),
        whole("*"),
        whole("**"),
    ]
}
