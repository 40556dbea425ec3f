//! What the limited caller asks on Graphite's routes: paths, functions, tags, completion.

use super::script::{PATTERNS, asked};
use super::world::Asked;

/// The path by which a route with a part to fill in is tried.
pub(super) fn tried_path(path: &'static str) -> &'static str {
    match path {
        "/tags/{tag}" => "/tags/host",
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
    all.extend([
        asked(("GET", "/tags/host"), &[]),
        asked(("GET", "/functions"), &[]),
        asked(("GET", "/functions/sumSeries"), &[]),
        asked(("GET", "/version"), &[]),
        asked(("POST", "/tags/tagSeries"), &[("path", "db.cpu;host=h1")]),
        asked(
            ("POST", "/tags/tagMultiSeries"),
            &[("path", "db.cpu;host=h1")],
        ),
    ]);
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
    ]
}
