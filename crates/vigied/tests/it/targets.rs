//! `GET /v1/metrics` with functions and rules: the values of `/render`, in the original's answers, and with its errors.

use crate::harness::{Reply, Server};
use base::limit;
use serde_json::{Value, json};
use wire::query;

/// A minute that every step of these tests divides.
const AT: i64 = 1_700_000_400;

/// Targets whose answers both routes give.
const TARGETS: [&str; 27] = [
    "app.*.load",
    "sumSeries(app.*.load)",
    "averageSeries(app.*.load)",
    "alias(app.a.load,'a name, with \"signs\"')",
    "aliasByNode(app.*.load,1)",
    "scale(app.a.load,1e3)|offset(1)",
    "derivative(app.a.load)",
    "integral(transformNull(app.a.load))",
    "movingAverage(app.a.load,2)",
    "movingAverage(app.a.load,'2min')",
    "summarize(app.*.load,'2min','max')",
    "summarize(app.a.load,'1d','sum',true)",
    "groupByNode(app.*.load,1,'sum')",
    "consolidateBy(app.a.load,'max')",
    "timeShift(app.a.load,'1min')",
    "asPercent(app.*.load)",
    "divideSeries(app.a.load,app.b.load)",
    "highestAverage(app.*.load,1)",
    "removeBelowValue(app.*.load,4)",
    "keepLastValue(app.a.load)",
    "constantLine(7)",
    "delay(app.a.load,0)",
    "threshold(5,'limit')",
    "template(scale(app.$name.load,$1),2,name='b')",
    "seriesByTag('name=cpu.load')",
    "aliasByTags(seriesByTag('host=h1'),'host')",
    "fallbackSeries(nowhere.*,app.a.load)",
];

struct Fixture {
    server: Server,
    token: String,
}

impl Fixture {
    /// Samples of two series with a gap, and one with a tag.
    fn start(options: &[&str]) -> Self {
        let server = Server::with(options);
        let token = server.token();
        let kept = Self { server, token };
        let mut samples = Vec::new();
        for (name, factor) in [
            ("app.a.load", 1),
            ("app.b.load", 3),
            ("cpu.load;host=h1", 5),
        ] {
            for later in [0, 10, 30, 60, 90, 240, 250] {
                let value = factor * (2 + later / 10);
                samples.push(json!({"name": name, "value": value, "timestamp": AT + later}));
            }
        }
        let sent = kept.ask("POST", "/v1/metrics", Some(json!(samples)));
        assert_eq!(sent.status, 200, "{}", sent.text());
        kept
    }

    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self.server.metrics(&self.token, method, path);
        match body {
            Some(body) => request.json(&body).send(),
            None => request.send(),
        }
    }

    fn set(&self, settings: Value) {
        let set = self.ask("PUT", "/v1/settings/domain", Some(settings));
        assert_eq!(set.status, 200, "{}", set.text());
    }

    fn asked(&self, route: &str, pairs: &[(&str, &str)]) -> Reply {
        self.ask("GET", &format!("{route}?{}", query::encode(pairs)), None)
    }

    /// The answer for five minutes from [`AT`] on.
    fn get(&self, route: &str, more: &[(&str, &str)]) -> Value {
        let (from, until) = ((AT - 1).to_string(), (AT + 299).to_string());
        let times = [
            ("from", from.as_str()),
            ("until", until.as_str()),
            ("format", "json"),
        ];
        let reply = self.asked(route, &[more, &times].concat());
        assert_eq!(reply.status, 200, "{route} {more:?}: {}", reply.text());
        reply.json()
    }

    fn refused(&self, pairs: &[(&str, &str)]) -> Value {
        let reply = self.asked("/v1/metrics", pairs);
        assert_eq!(reply.status, 400, "{pairs:?}: {}", reply.text());
        reply.json()["errors"][0].clone()
    }
}

/// The answer of `/render`, without the tags that the original did not have.
fn without_tags(mut answer: Value) -> Value {
    for row in answer.as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("tags").unwrap();
    }
    answer
}

const RULES: &str = "[fine]\npattern = ^app\\.a\\.\nretentions = 30s:1d\n";
const AGGREGATION: &str = "[most]\npattern = b\nxFilesFactor = 0\naggregationMethod = max\n";

#[test]
fn targets_have_the_values_of_render() {
    let kept = Fixture::start(&[]);
    let mut compared = 0;
    for settings in [
        json!({"resolution_seconds": 60}),
        json!({"schemas": RULES, "aggregation": AGGREGATION}),
        json!({"schemas": null, "resolution_seconds": 30}),
        // No rule: samples as they were sent for a path, and a value a minute for functions.
        json!({"aggregation": null, "resolution_seconds": null}),
    ] {
        kept.set(settings.clone());
        let is_as_sent = settings["resolution_seconds"].is_null() && settings["schemas"].is_null();
        for target in TARGETS {
            if is_as_sent && !target.contains('(') {
                continue;
            }
            for more in [
                &[][..],
                &[("maxDataPoints", "3")],
                &[("maxDataPoints", "1")],
                &[("maxDataPoints", "nonsense"), ("noNullPoints", "true")],
                &[
                    ("maxDataPoints", "2"),
                    ("noNullPoints", "1"),
                    ("tz", "Asia/Kolkata"),
                ],
                &[("xFilesFactor", "0.9"), ("template[name]", "a")],
                &[("xFilesFactor", "0.9"), ("maxDataPoints", "2")],
            ] {
                let pairs = [&[("target", target)], more].concat();
                let ours = kept.get("/v1/metrics", &pairs);
                let theirs = without_tags(kept.get("/render", &pairs));
                assert_eq!(ours, theirs, "{settings} {pairs:?}");
                compared += ours.as_array().unwrap().len();
            }
        }
    }
    assert!(compared > 300, "{compared} series were compared");
}

#[test]
fn a_path_is_as_it_was_sent_unless_a_rule_says_otherwise() {
    let kept = Fixture::start(&[]);
    let path = [("target", "app.a.load")];
    let as_sent = kept.get("/v1/metrics", &path);
    let points = as_sent[0]["datapoints"].as_array().unwrap();
    assert_eq!(points.len(), 7);
    assert_eq!(points[1], json!([3, AT + 10]));
    // Beside a function it stays so, in the order of the targets.
    let both = [
        ("target", "sumSeries(app.*.load)"),
        ("target", "app.a.load"),
        ("target", "constantLine(1)"),
    ];
    let answer = kept.get("/v1/metrics", &both);
    assert_eq!(answer[0]["target"], "sumSeries(app.*.load)");
    assert_eq!(answer[0]["datapoints"].as_array().unwrap().len(), 5);
    assert_eq!(answer[1], as_sent[0]);
    assert_eq!(answer[2]["target"], "1.0");
    assert_eq!(answer.as_array().unwrap().len(), 3);
    // A rule for one name is a rule of the domain.
    kept.set(json!({"schemas": RULES}));
    let fine = kept.get("/v1/metrics", &path);
    assert_eq!(fine[0]["datapoints"].as_array().unwrap().len(), 10);
    let coarse = kept.get("/v1/metrics", &[("target", "app.b.load")]);
    assert_eq!(coarse[0]["datapoints"].as_array().unwrap().len(), 5);
    // Who wants it as it was sent says so, whatever the rules are.
    let sent = [("target", "app.a.load"), ("as", "sent")];
    assert_eq!(kept.get("/v1/metrics", &sent), as_sent);
    kept.set(json!({"schemas": RULES, "resolution_seconds": 60}));
    assert_eq!(kept.get("/v1/metrics", &sent), as_sent);
    kept.set(json!({"schemas": null, "resolution_seconds": 60}));
    assert_ne!(kept.get("/v1/metrics", &path), as_sent);
    assert_eq!(kept.get("/v1/metrics", &sent), as_sent);
    kept.set(json!({"resolution_seconds": null}));
    for wrong in [
        [("target", "scale(app.a.load,1)"), ("as", "sent")],
        [("target", "app.a.load"), ("as", "it-was")],
        [("target", "app.a.load"), ("as", "")],
    ] {
        assert_eq!(kept.refused(&wrong)["field"], "as", "{wrong:?}");
    }
    kept.set(json!({"schemas": null}));
    assert_eq!(kept.get("/v1/metrics", &path), as_sent);
}

/// A path means the same series inside a function as alone: those with tags too, in any order of their tags.
#[test]
fn tags_are_part_of_the_last_element_inside_functions_too() {
    let kept = Fixture::start(&[]);
    let count = |target: &str| {
        let answer = kept.get("/v1/metrics", &[("target", target)]);
        answer.as_array().unwrap().len()
    };
    for path in ["cpu.*", "cpu.load;host=*", "cpu.load;host=h1", "*.load*"] {
        assert_eq!(count(path), 1, "{path}");
        assert_eq!(count(&format!("scale({path},2)")), 1, "{path}");
    }
    assert_eq!(count("scale(cpu.load,2)"), 0);
    kept.set(json!({"schemas": RULES}));
    assert_eq!((count("cpu.*"), count("scale(cpu.*,2)")), (1, 1));
}

#[test]
fn without_null_points_a_series_without_samples_is_left_out() {
    let kept = Fixture::start(&[]);
    let early = [
        ("target", "app.*.load"),
        ("from", &*(AT - 3600).to_string()),
        ("until", &*(AT - 1800).to_string()),
    ]
    .map(|(key, value)| (key, value.to_owned()));
    let early: Vec<(&str, &str)> = early
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let few = [("noNullPoints", "true"), ("maxDataPoints", "2")];
    for settings in [
        json!({"resolution_seconds": null}),
        json!({"resolution_seconds": 60}),
        json!({"schemas": RULES}),
    ] {
        kept.set(settings.clone());
        let all = kept.asked("/v1/metrics", &early).json();
        assert_eq!(all.as_array().unwrap().len(), 2, "{settings}");
        for more in [&few[..1], &few[..]] {
            let left = kept.asked("/v1/metrics", &[&early, more].concat()).json();
            assert_eq!(left, json!([]), "{settings}");
            let some = kept.get("/v1/metrics", &[&[("target", "app.*.load")], more].concat());
            let some = some.as_array().unwrap();
            assert!(!some.is_empty(), "{settings}");
            for row in some {
                let points = row["datapoints"].as_array().unwrap();
                assert!(!points.is_empty(), "{settings}");
                assert!(points.iter().all(|point| !point[0].is_null()), "{settings}");
            }
        }
    }
}

/// A mistake says which target, and where in it.
#[test]
fn a_mistake_in_a_target_has_its_place() {
    let kept = Fixture::start(&[]);
    for (target, column, length, expected) in [
        ("sumSerie(app.*)", 1, 8, "did you mean `sumSeries`"),
        ("scale(sumSerie(app.*),2)", 7, 8, "did you mean `sumSeries`"),
        ("scale(app.*", 12, 0, "the target ends there"),
        ("scale(app.*) x", 14, 1, "expected the end"),
        ("alias(app.a,'x)", 13, 3, "no closing quote"),
        ("sumSeries(app.[a)", 15, 1, "[`"),
        ("scale(app..a,2)", 11, 1, "empty element"),
        ("scale(app.a.load)", 1, 5, "`factor`"),
        // An argument that a function cannot use has the place, and is quoted as it is written.
        (
            "movingAverage(app.a.load,'5mim')",
            26,
            6,
            "`5mim` is not a span",
        ),
        ("timeShift(app.a.load,'1x')", 22, 4, "`1x` is not a span"),
        ("scale(app.a.load,'x')", 18, 3, "`factor` must be"),
        ("scale(app.a.load,factor='x')", 25, 3, "`factor` must be"),
        (
            "groupByNode(app.a.load,1,'sumSerie')",
            26,
            10,
            "did you mean `sumSeries`",
        ),
        ("a[b", 2, 1, "[`"),
        (
            "日.[",
            3,
            1,
            "`[` at column 3 has no partner in its element",
        ),
        ("é..b", 3, 1, "empty element at column 3"),
        (" é.日 x", 5, 1, "' ' at column 5"),
        ("scale(é..a,2)", 9, 1, "empty element at column 9"),
    ] {
        for (before, number) in [(&[][..], 1), (&[("target", "a"), ("target", "b")][..], 3)] {
            let error = kept.refused(&[before, &[("target", target)]].concat());
            let place = json!({"number": number, "column": column, "length": length});
            assert_eq!(error["position"], place, "{target}: {error}");
            assert_eq!(error["field"], "target", "{error}");
            assert_eq!(error["code"], "BXNMSMT05E", "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(expected), "{target}: {message}");
        }
    }
    // Nothing is read of a request of which one target is wrong.
    let other = kept.refused(&[("target", "app.*.load"), ("target", "sumSeries(")]);
    assert_eq!(other["position"]["number"], json!(2));
    for (key, value) in [("xFilesFactor", "x"), ("format", "csv")] {
        let error = kept.refused(&[("target", "scale(a,1)"), (key, value)]);
        assert_eq!(error["field"], key, "{error}");
        assert_eq!(error["position"], Value::Null);
    }
}

/// Targets that functions build as they work have no place in the text that was sent.
#[test]
fn a_mistake_in_a_target_that_a_function_makes_has_no_place() {
    let kept = Fixture::start(&[]);
    let target = "applyByNode(app.*.load,1,'sumSerie(%.load)')";
    let error = kept.refused(&[("target", target)]);
    assert_eq!(error["position"], Value::Null, "{error}");
    assert!(error["message"].as_str().unwrap().contains("sumSeries"));
}

#[test]
fn functions_have_the_limits_of_paths() {
    let kept = Fixture::start(&["--set", "limits.targets_per_query=2"]);
    let two = [("target", "constantLine(1)"), ("target", "constantLine(2)")];
    assert_eq!(kept.get("/v1/metrics", &two).as_array().unwrap().len(), 2);
    let error = kept.refused(&[&two[..], &[("target", "constantLine(3)")]].concat());
    assert_eq!(error["code"], "BXNMSMT04E");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`targets_per_query` = 2")
    );
    let kept = Fixture::start(&["--set", "limits.series_per_query=1"]);
    let error = kept.refused(&[("target", "sumSeries(app.*.load)"), ("from", "20231114")]);
    assert_eq!(error["code"], "BXNMSMT12E", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(limit::SERIES_PER_QUERY.name), "{message}");
}
