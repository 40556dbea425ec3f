//! Functions in requests of the limited caller: every one of them, in every form of answer, by tags, and by mistake.

use super::world::Asked;
use query::table;
use std::collections::BTreeSet;

const RENDER: &str = "/render";

/// The same language, in the original's answers.
const V1: &str = "/v1/metrics";

/// Targets that look at names, tags, several paths, other times and at what is made of names.
const TARGETS: [&str; 40] = [
    "sumSeries(*.*)",
    "countSeries(*.*)",
    "countSeries(db.*)",
    "averageSeriesWithWildcards(*.*,0)",
    "groupByNode(*.*,0,'sum')",
    "groupByNodes(*.*,'max',1,0)",
    "aliasByNode(sortByName(*.*),0,1)",
    "asPercent(*.*)",
    "asPercent(app.*,*.*)",
    "asPercent(app.*,db.secret)",
    "divideSeries(app.*,db.secret)",
    "diffSeries(app.cpu,db.secret)",
    "fallbackSeries(db.secret,app.cpu)",
    "fallbackSeries(app.cpu,db.secret)",
    "useSeriesAbove(*.*,0,'app','db')",
    "useSeriesAbove(app.*,0,'app','db')",
    "aliasQuery(app.cpu,'app.cpu','db.secret','of %d')",
    "aliasQuery(app.*,'^.*$','countSeries(*.*)','of %d')",
    "applyByNode(*.*,0,'sumSeries(%.*)')",
    "applyByNode(app.*,0,'countSeries(*.*)')",
    "reduceSeries(mapSeries(*.*,0),'sumSeries',1,'cpu','secret')",
    "highest(*.*,3,'max')",
    "limit(sortByTotal(*.*),2)",
    "exclude(*.*,'app')",
    "grep(*.*,'secret')",
    "mostDeviant(*.*,2)",
    "averageOutsidePercentile(*.*,50)",
    "removeEmptySeries(*.*)",
    "movingAverage(*.*,3)",
    "timeShift(*.*,'1h')",
    "timeStack(db.*,'1h',0,2)",
    "holtWintersForecast(*.*)",
    "linearRegression(*.*)",
    "weightedAverage(*.*,*.*,0)",
    "stacked(*.*)",
    "legendValue(*.*,'last')",
    "cactiStyle(*.*)",
    "events('*')",
    "template(sumSeries($1.*),'db')",
    "sumSeries(*.*)|aliasSub('a','$')",
];

/// Expressions of tags.
const TAGS: [&str; 9] = [
    "name=~.*",
    "host=h1",
    "host=~h.*",
    "host!=h2",
    "name=app",
    "name=db.cpu",
    "name=~db",
    "host=",
    "host!=",
];

fn asked(path: &'static str, pairs: &[(&str, &str)]) -> Asked {
    Asked::new("GET", path, pairs)
}

/// Paths in the original's route, with as few points as a graph may have.
pub(super) fn paths(seconds: i64) -> Vec<Asked> {
    let (from, until) = ((seconds - 600).to_string(), (seconds + 600).to_string());
    let times = [("from", from.as_str()), ("until", until.as_str())];
    let asked_with = |pattern: &str, points_max: &str| {
        let pairs = [
            ("target", pattern),
            ("maxDataPoints", points_max),
            ("noNullPoints", "1"),
        ];
        asked(V1, &[&pairs[..], &times].concat())
    };
    let patterns = super::script::PATTERNS.iter();
    patterns
        .flat_map(|pattern| ["1", "3"].map(|points_max| asked_with(pattern, points_max)))
        .collect()
}

/// Requests that change nothing.
pub(super) fn reads(seconds: i64) -> Vec<Asked> {
    let (from, until) = ((seconds - 600).to_string(), (seconds + 600).to_string());
    let now = (seconds + 700).to_string();
    let times = [
        ("from", from.as_str()),
        ("until", until.as_str()),
        ("now", now.as_str()),
    ];
    let json = ("format", "json");
    let rendered = |target: &str, more: &[(&str, &str)]| {
        asked(RENDER, &[&[("target", target)], &times[..], more].concat())
    };
    let mut all = Vec::new();
    for target in TARGETS {
        all.push(rendered(target, &[json]));
    }
    // The examples of the table have a call of every function.
    for function in table::all() {
        let example = function.example.replace("servers", "*");
        // What nobody knows is not the same twice.
        if !example.contains("randomWalk") {
            all.push(rendered(&example, &[json]));
        }
    }
    for target in TARGETS {
        let all_of =
            |more: &[(&str, &str)]| asked(V1, &[&[("target", target)], &times[..], more].concat());
        all.push(all_of(&[]));
        all.push(all_of(&[("maxDataPoints", "1"), ("noNullPoints", "1")]));
        // Beside a path, which is answered as it was sent.
        all.push(all_of(&[("target", "*.*"), ("target", "db.secret")]));
    }
    for function in table::all() {
        let example = function.example.replace("servers", "*");
        if !example.contains("randomWalk") {
            all.push(asked(V1, &[&[("target", &*example)], &times[..]].concat()));
        }
    }
    for format in ["csv", "raw", "rickshaw", "dygraph", "svg"] {
        all.push(rendered("sumSeries(*.*)", &[("format", format)]));
        all.push(rendered(
            "*.*",
            &[("format", format), ("maxDataPoints", "1")],
        ));
    }
    let two = [("target", "db.*"), ("target", "sumSeries(*.*)"), json];
    all.push(Asked::new("POST", RENDER, &[&two[..], &times[..]].concat()));
    all.push(rendered(
        "*.*",
        &[json, ("noNullPoints", "1"), ("jsonp", "f")],
    ));
    for expression in TAGS {
        let pair = ("expr", expression);
        all.push(asked("/tags/findSeries", &[pair]));
        all.push(asked("/tags/autoComplete/tags", &[pair]));
        all.push(asked("/tags/autoComplete/values", &[pair, ("tag", "host")]));
        all.push(asked("/tags/autoComplete/values", &[pair, ("tag", "name")]));
        let target = format!("seriesByTag('{expression}')");
        all.push(rendered(&target, &[json]));
        all.push(asked(V1, &[&[("target", &*target)], &times[..]].concat()));
        all.push(rendered(
            &format!("groupByTags({target},'sum','host')"),
            &[json],
        ));
        all.push(rendered(
            &format!("aliasByTags({target},'name','host')"),
            &[json],
        ));
    }
    all.extend([
        asked("/tags", &[("filter", "h")]),
        asked("/tags/host", &[("filter", "h1")]),
        asked("/tags/autoComplete/tags", &[("tagPrefix", "h")]),
        asked(
            "/tags/autoComplete/values",
            &[("tag", "host"), ("valuePrefix", "h")],
        ),
    ]);
    all
}

/// Requests that are refused for what they say.
pub(super) fn mistakes() -> Vec<Asked> {
    let json = ("format", "json");
    let targets = [
        "sumSerie(db.*)",
        "sumSeries(db.*",
        "db.[secret",
        "db.{secret",
        "aliasQuery(app.cpu,'app','db.nothing','%d')",
        "aliasQuery(app.*,'app.cpu','db.secret','%d %d')",
        "weightedAverage(db.*)",
        "movingAverage(db.secret,'x')",
        "seriesByTag('nothing')",
        "seriesByTag('host=~[')",
        "db.secret()",
        "asPercent(app.*,'db.secret')",
        "divideSeries(*.*,*.*)",
    ];
    let rendered = |target: &&str| asked(RENDER, &[("target", *target), json]);
    let mut all: Vec<Asked> = targets.iter().map(rendered).collect();
    all.extend(
        targets
            .iter()
            .map(|target| asked(V1, &[("target", *target)])),
    );
    all.extend([
        asked(
            RENDER,
            &[("target", "db.secret"), ("from", "nonsense"), json],
        ),
        asked(RENDER, &[("target", "db.secret"), ("format", "nothing")]),
        asked("/metrics/find", &[("query", "db.[secret")]),
        asked("/functions/db.secret", &[]),
        asked("/tags/findSeries", &[]),
        asked("/tags/findSeries", &[("expr", "host")]),
        asked("/tags/autoComplete/values", &[]),
    ]);
    all
}

/// The examples have a call of every function, so that one of every family is asked.
#[test]
fn every_function_is_asked() {
    let all = reads(1_700_000_000);
    let queries: Vec<String> = all.iter().map(|asked| asked.query.clone()).collect();
    let missing: BTreeSet<&str> = table::all()
        .map(|function| function.names[0])
        .filter(|name| {
            !queries
                .iter()
                .any(|query| query.contains(&format!("{name}%28")))
        })
        .filter(|name| {
            !queries
                .iter()
                .any(|query| query.contains(&format!("{name}(")))
        })
        .filter(|name| !name.starts_with("randomWalk"))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
