//! Requests of the limited caller on Graphite's routes: paths, functions, tags, completion.

use super::script::{PATTERNS, asked};
use super::world::Asked;

/// The path by which a route with a part to fill in is tried.
pub(super) fn tried_path(path: &'static str) -> &'static str {
    match path {
        "/tags/{tag}" => "/tags/host",
        "/events/{id}" => "/events/1",
        "/events/{id}/" => "/events/1/",
        "/functions/{name}" => "/functions/sumSeries",
        path => path,
    }
}

/// Requests that change nothing. They say when they are: answers hold the time.
pub(super) fn reads(seconds: i64) -> Vec<Asked> {
    let (from, until) = ((seconds - 120).to_string(), (seconds + 120).to_string());
    let (from, until) = (("from", from.as_str()), ("until", until.as_str()));
    let now = ("now", until.1);
    let json = ("format", "json");
    let mut all = Vec::new();
    for pattern in PATTERNS {
        let (target, query) = (("target", pattern), ("query", pattern));
        all.extend([
            asked(("GET", "/render"), &[target, from, until, json]),
            asked(
                ("POST", "/render"),
                &[target, from, until, ("format", "csv")],
            ),
            asked(("GET", "/metrics/find"), &[query, now]),
            asked(("POST", "/metrics/find"), &[query, now, json]),
            asked(
                ("GET", "/metrics/find"),
                &[query, now, ("format", "completer")],
            ),
            asked(
                ("GET", "/metrics/find"),
                &[query, now, ("format", "nodelist")],
            ),
            asked(("GET", "/metrics/expand"), &[query]),
            asked(("POST", "/metrics/expand"), &[query, ("leavesOnly", "1")]),
        ]);
    }
    for target in [
        "sumSeries(**)",
        "countSeries(db.*)",
        "groupByNode(*.*,0,'sum')",
        "aliasByNode(*.*.*,1)",
        "seriesByTag('name=~.*')",
        "seriesByTag('host=h1')",
        "seriesByTag('name=db.cpu','host=h1')",
        "divideSeries(app.cpu,db.secret)",
        "fallbackSeries(db.secret,app.cpu)",
        "asPercent(*.*)",
        "highestMax(**,2)",
        "averageSeriesWithWildcards(*.cpu,0)",
        "removeEmptySeries(**)",
    ] {
        all.push(asked(
            ("GET", "/render"),
            &[("target", target), from, until, json],
        ));
    }
    for verb in ["GET", "POST"] {
        all.extend([
            asked((verb, "/metrics/index.json"), &[]),
            asked((verb, "/tags"), &[]),
            asked((verb, "/tags/findSeries"), &[("expr", "host=h1")]),
            asked((verb, "/tags/findSeries"), &[("expr", "name=~.*")]),
            asked((verb, "/tags/autoComplete/tags"), &[]),
            asked(
                (verb, "/tags/autoComplete/tags"),
                &[("expr", "name=db.cpu")],
            ),
            asked((verb, "/tags/autoComplete/values"), &[("tag", "name")]),
            asked(
                (verb, "/tags/autoComplete/values"),
                &[("tag", "host"), ("expr", "name=b.cpu")],
            ),
        ]);
    }
    // Of the domain as a whole: to this caller, nothing has happened.
    let tags = ("tags", "deploy");
    for target in ["events('*')", "events('deploy')", "events('deploy','none')"] {
        let pairs = [("target", target), from, until, json];
        all.push(asked(("GET", "/render"), &pairs));
    }
    for path in ["/events", "/events/", "/events/get_data"] {
        all.extend([
            asked(("GET", path), &[]),
            asked(("GET", path), &[tags, from, until]),
        ]);
    }
    all.extend([
        asked(("POST", "/events/get_data"), &[("set", "union"), tags]),
        asked(("GET", "/events/1"), &[]),
        asked(("GET", "/events/1/"), &[]),
    ]);
    all.extend([
        asked(("GET", "/tags/host"), &[]),
        asked(("GET", "/functions"), &[]),
        asked(("GET", "/functions/sumSeries"), &[]),
        asked(("GET", "/version"), &[]),
        asked(("POST", "/version"), &[]),
        asked(("POST", "/tags/tagSeries"), &[("path", "db.cpu;host=h1")]),
        asked(
            ("POST", "/tags/tagMultiSeries"),
            &[("path", "db.cpu;host=h1")],
        ),
    ]);
    all
}

/// Changes by the caller to events, and to series by their names.
pub(super) fn changes(seconds: i64) -> Vec<Asked> {
    let event = serde_json::json!({"what": "own", "tags": "deploy", "when": seconds});
    let mut all = Vec::new();
    for path in ["/events", "/events/"] {
        all.extend([
            asked(("POST", path), &[]).with(event.clone()),
            asked(("DELETE", path), &[("until", "now")]),
        ]);
    }
    for name in ["db.secret", "db.cpu;host=h1", "app.net", "app.mem"] {
        all.push(asked(("POST", "/tags/delSeries"), &[("path", name)]));
    }
    let both = [("path", "zoo.app.cpu"), ("path", "app.mem")];
    all.push(asked(("POST", "/tags/delSeries"), &both));
    all
}

/// Requests that are refused for what they say.
pub(super) fn mistakes() -> Vec<Asked> {
    let json = ("format", "json");
    vec![
        asked(
            ("GET", "/render"),
            &[("target", "sumSeries(db.secret"), json],
        ),
        asked(
            ("GET", "/render"),
            &[("target", "noFunction(db.secret)"), json],
        ),
        asked(
            ("GET", "/render"),
            &[("target", "movingAverage(db.secret,'x')"), json],
        ),
        asked(
            ("GET", "/render"),
            &[("target", "db.secret"), ("from", "nonsense"), json],
        ),
        asked(("GET", "/metrics/find"), &[("query", "")]),
        asked(
            ("GET", "/metrics/find"),
            &[("query", "db.*"), ("format", "none")],
        ),
        asked(("GET", "/tags/findSeries"), &[("expr", "host=~(")]),
        asked(("GET", "/functions/none"), &[]),
        asked(("GET", "/events/none"), &[]),
        asked(("GET", "/events"), &[("from", "nonsense")]),
        asked(("POST", "/tags/delSeries"), &[]),
        asked(("POST", "/tags/delSeries"), &[("path", "db..secret")]),
    ]
}
