//! Graphite's own endpoints, for whoever has only them: rules, functions, names, tags, and what is refused.

mod likeness;

use crate::harness::{Reply, Server};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

/// Tried here.
pub(crate) const LIMITS: [Limit; 5] = [
    limit::TARGET_BYTES,
    limit::SCHEMA_BYTES,
    limit::SCHEMA_RULES,
    limit::SCHEMA_READING_BYTES,
    limit::SCHEMA_COMPILED_BYTES,
];

const SETTINGS: &str = "/v1/settings/domain";

/// A second that every step of these tests divides.
const AT: i64 = 1_700_000_400;

struct Fixture {
    server: Server,
    token: String,
}

impl Fixture {
    /// Two samples of each of three series, half a minute apart.
    fn start() -> Self {
        let server = Server::start();
        let token = server.token();
        let names = ["app.a.load", "app.b.load", "cpu.load;host=h1"];
        let samples = names.iter().flat_map(|name| {
            [0, 30].map(
                |later| json!({"name": name, "value": 2 + later / 10, "timestamp": AT + later}),
            )
        });
        let kept = Self { server, token };
        let sent = kept.metrics(
            "POST",
            "/v1/metrics",
            Some(json!(samples.collect::<Vec<_>>())),
        );
        assert_eq!(sent.status, 200, "{}", sent.text());
        kept
    }

    fn metrics(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self.server.metrics(&self.token, method, path);
        match body {
            Some(body) => request.json(&body).send(),
            None => request.send(),
        }
    }

    fn get(&self, path: &str) -> Value {
        let reply = self.metrics("GET", path, None);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    fn set(&self, settings: Value) -> Reply {
        self.metrics("PUT", SETTINGS, Some(settings))
    }

    /// The values of a target in the minute from [`AT`] on.
    fn values(&self, target: &str) -> Value {
        let query = [
            ("target", target),
            ("from", &(AT - 1).to_string()),
            ("until", &(AT + 59).to_string()),
            ("format", "json"),
        ];
        let path = format!("/render?{}", wire::query::encode(&query));
        let series = self.get(&path);
        let points = series[0]["datapoints"].as_array().cloned();
        points
            .unwrap_or_default()
            .iter()
            .map(|point| point[0].clone())
            .collect()
    }
}

#[test]
fn rules_say_the_step_of_a_name_and_what_its_samples_become() {
    let kept = Fixture::start();
    assert_eq!(kept.values("app.a.load"), json!([3.5]));
    let schemas = "[fine]\npattern = ^app\\.a\\.\nretentions = 30s:1d\n";
    let set = kept.set(json!({"schemas": schemas}));
    assert_eq!(set.status, 200, "{}", set.text());
    assert_eq!(kept.values("app.a.load"), json!([2, 5]));
    assert_eq!(kept.values("app.b.load"), json!([3.5]));
    let aggregation = "[most]\npattern = b\naggregationMethod = max\n";
    assert_eq!(kept.set(json!({"aggregation": aggregation})).status, 200);
    assert_eq!(kept.values("app.b.load"), json!([5]));
    // Behind the rules is the resolution of the domain. What a change leaves out stays.
    assert_eq!(kept.set(json!({"resolution_seconds": 15})).status, 200);
    assert_eq!(kept.values("app.a.load"), json!([2, 5]));
    assert_eq!(kept.values("app.b.load"), json!([2, null, 5, null]));
    let all = json!({"resolution_seconds": 15, "schemas": schemas, "aggregation": aggregation, "key_before_names": false});
    assert_eq!(kept.get(SETTINGS), all);
    assert_eq!(
        kept.set(json!({"schemas": null, "resolution_seconds": null}))
            .status,
        200
    );
    assert_eq!(kept.values("app.a.load"), json!([3.5]));
    assert_eq!(kept.get(SETTINGS)["aggregation"], aggregation);
}

/// A mistake says its line, and what was in force stays so.
#[test]
fn rules_with_a_mistake_change_nothing() {
    let kept = Fixture::start();
    let good = "[all]\npattern = .*\nretentions = 30s:1d\n";
    assert_eq!(kept.set(json!({"schemas": good})).status, 200);
    for (wrong, expected) in [
        (
            json!({"schemas": "[a]\npattern = (\nretentions = 1m:1d"}),
            "line 2 of `storage-schemas.conf`",
        ),
        (
            json!({"schemas": "[a]\npattern = b\n"}),
            "has no `retentions`",
        ),
        (
            json!({"schemas": "[a]\npattern = b\nretentions = soon"}),
            "line 3",
        ),
        (
            json!({"aggregation": "[a]\npattern = b\naggregationMethod = most"}),
            "`storage-aggregation.conf`",
        ),
        (
            json!({"schemas": "# \u{0}\n[a]\npattern = b\nretentions = 1m:1d"}),
            "U+0000, which cannot be seen",
        ),
        (
            json!({"schemas": "# \u{202e}\n[a]\npattern = b\nretentions = 1m:1d"}),
            "U+202E, which cannot be seen",
        ),
        (json!({"schema": good}), "unknown field `schema`"),
        (json!({"schemas": null, "aggregation": "oops"}), "line 1"),
        (
            json!({"schemas": null, "resolution_seconds": 0}),
            "resolution_seconds",
        ),
        (json!({"schemas": 7}), "cannot be read"),
    ] {
        let refused = kept.set(wrong.clone());
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
        assert!(
            refused.text().contains(expected),
            "{wrong}: {}",
            refused.text()
        );
        assert_eq!(kept.get(SETTINGS)["schemas"], good, "{wrong}");
    }
}

#[test]
fn texts_of_rules_and_targets_have_limits_by_name() {
    let kept = Fixture::start();
    let long = "#".repeat(limit::SCHEMA_BYTES.default as usize + 1);
    let rules = |pattern: &str, count: u64| {
        let rule = |at| format!("[r{at}]\npattern = {pattern}\nretentions = 1m:1d\n");
        (0..count).map(rule).collect::<String>()
    };
    for (text, limit) in [
        (long, limit::SCHEMA_BYTES),
        (
            rules("r", limit::SCHEMA_RULES.default + 1),
            limit::SCHEMA_RULES,
        ),
        (rules(&r"\w".repeat(30), 10), limit::SCHEMA_READING_BYTES),
        (rules("[a-z]{900}", 100), limit::SCHEMA_COMPILED_BYTES),
    ] {
        let refused = kept.set(json!({"schemas": text}));
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains(limit.name), "{}", refused.text());
        assert_eq!(hits(&kept.server, limit), 1, "{}", limit.name);
    }
    let target = "a".repeat(limit::TARGET_BYTES.default as usize + 1);
    let refused = kept.server.metrics(&kept.token, "POST", "/render");
    let refused = refused
        .form(&[("target", &target), ("format", "json")])
        .send();
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.text().contains(limit::TARGET_BYTES.name),
        "{}",
        refused.text()
    );
    assert_eq!(hits(&kept.server, limit::TARGET_BYTES), 1);
}

/// A series with tags has no place in the tree of names, nor has what lies above it alone.
#[test]
fn the_tree_of_names_is_that_of_series_without_tags() {
    let kept = Fixture::start();
    let find = |query: &str| {
        let found = kept.get(&format!("/metrics/find?format=json&query={query}"));
        let found: Vec<String> = (found.as_array().unwrap().iter())
            .map(|node| node["path"].as_str().unwrap().to_owned())
            .collect();
        found
    };
    assert_eq!(find("*"), ["app"]);
    assert_eq!(find("**"), ["app"]);
    assert_eq!(find("app..*.load"), ["app.a.load", "app.b.load"]);
    assert_eq!(find("app."), ["app."]);
    assert_eq!(find("app.\\*.load"), ["app.*.load"]);
    assert_eq!(find("cpu.*"), [""; 0]);
    assert_eq!(
        kept.get("/metrics/index.json"),
        json!(["app.a.load", "app.b.load"])
    );
    let tagged = kept.get("/tags/findSeries?expr=host=h1");
    assert_eq!(tagged, json!(["cpu.load;host=h1"]));
    assert_eq!(kept.values("seriesByTag('host=h1')"), json!([3.5]));
    for (format, kind, begins) in [
        ("pickle", "application/pickle", b"\x80\x02]".as_slice()),
        ("msgpack", "application/x-msgpack", b"\xdd\0\0\0\x01"),
    ] {
        let path = format!("/metrics/find?query=*&format={format}");
        let reply = kept.metrics("GET", &path, None);
        assert_eq!(reply.header("content-type").unwrap(), kind);
        assert!(reply.body.starts_with(begins), "{:?}", reply.body);
    }
}

/// GET and POST say the same, wherever a parameter stands.
#[test]
fn a_form_says_what_a_url_says() {
    let kept = Fixture::start();
    for (path, pairs) in [
        (
            "/metrics/find",
            &[("query", "app.*"), ("format", "treejson")][..],
        ),
        (
            "/metrics/expand",
            &[("query", "app.*"), ("query", "app.*.load")],
        ),
        ("/metrics/index.json", &[]),
        ("/tags", &[]),
        ("/tags/findSeries", &[("expr", "name=cpu.load")]),
        ("/tags/autoComplete/tags", &[("tagPrefix", "h")]),
        ("/tags/autoComplete/values", &[("tag", "host")]),
        (
            "/render",
            &[
                ("target", "countSeries(app.*.load)"),
                ("from", "-1h"),
                ("now", "1700001000"),
                ("format", "csv"),
            ],
        ),
    ] {
        let by_url = kept.metrics(
            "GET",
            &format!("{path}?{}", wire::query::encode(pairs)),
            None,
        );
        let by_form = kept
            .server
            .metrics(&kept.token, "POST", path)
            .form(pairs)
            .send();
        assert_eq!(by_url.status, 200, "{path}: {}", by_url.text());
        assert_eq!(
            (by_url.status, by_url.text()),
            (by_form.status, by_form.text()),
            "{path}"
        );
        assert!(by_url.text().len() > 2, "{path}: {}", by_url.text());
    }
    let tagged = kept.server.metrics(&kept.token, "POST", "/tags/tagSeries");
    let tagged = tagged.form(&[("path", "disk;rack=a;dc=x")]).send();
    assert_eq!(tagged.json(), json!("disk;dc=x;rack=a"));
}

/// A target that cannot be read says where, and what may have been meant.
#[test]
fn a_wrong_target_is_refused_with_its_place() {
    let kept = Fixture::start();
    for (query, expected) in [
        ("target=sumSeries(app.*", "column"),
        ("target=sumSerie(app.*)", "did you mean `sumSeries`"),
        ("target=app.a.load&from=teatimes", "times like"),
        ("target=app.a.load&format=gif", "`format`"),
        ("target=app.a.load&cacheTimeout=x", "`cacheTimeout`"),
        ("target=app.a.load&jsonp=alert(1)", "`jsonp`"),
    ] {
        let format = if query.contains("format") {
            ""
        } else {
            "&format=json"
        };
        let reply = kept.metrics("GET", &format!("/render?{query}{format}"), None);
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.text().contains(expected), "{query}: {}", reply.text());
    }
    let unknown = kept.metrics("GET", "/functions/sumSerie", None);
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "BXNMSMT13E")
    );
}

/// Dashboards write `%H:%M` as it is, and graphite-web takes it so; our own interface shows the mistake.
#[test]
fn a_percent_that_escapes_nothing_is_one() {
    let kept = Fixture::start();
    let times = format!("from={}&until={}", AT - 1, AT + 59);
    let named = format!("target=alias(app.a.load,'50%')&{times}&xFormat=%H:%M&format=json");
    assert_eq!(kept.get(&format!("/render?{named}"))[0]["target"], "50%");
    let form = kept.server.metrics(&kept.token, "POST", "/render");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    let form = form.body(named).send();
    assert_eq!(form.status, 200, "{}", form.text());
    let path = format!("/v1/metrics?target=app.a.load&{times}&x=%H");
    assert_eq!(kept.metrics("GET", &path, None).status, 400);
}

#[test]
fn lists_of_functions_and_tags_are_on_several_lines_where_that_is_asked_for() {
    let kept = Fixture::start();
    for path in [
        "/functions",
        "/functions/alias",
        "/tags",
        "/tags/host",
        "/tags/findSeries?expr=host=h1",
        "/tags/autoComplete/tags",
        "/tags/autoComplete/values?tag=host",
    ] {
        let plain = kept.metrics("GET", path, None);
        assert_eq!(plain.text().trim_end().lines().count(), 1, "{path}");
        let mark = if path.contains('?') { '&' } else { '?' };
        let pretty = kept.metrics("GET", &format!("{path}{mark}pretty=1"), None);
        assert!(pretty.text().contains("\n  "), "{path}: {}", pretty.text());
        assert_eq!(
            pretty.text().split_whitespace().collect::<String>(),
            plain.text().split_whitespace().collect::<String>(),
            "{path}"
        );
    }
}

#[test]
fn a_question_costs_what_it_means_and_not_what_lies_beside_it() {
    let server = Server::with(&[
        "--set",
        "limits.series_per_query=2",
        "--set",
        "limits.nodes_per_list=3",
    ]);
    let token = server.token();
    let kept = Fixture { server, token };
    let tagged = (0..10).map(|host| format!("cpu.load;host=h{host};of=o{}", host % 2));
    let plain = ["cpu.idle", "disk.a", "disk.b", "disk.c", "disk.d"].map(str::to_owned);
    let rare = ["mem.used;rack=r1".to_owned()];
    let names = tagged.chain(plain).chain(rare);
    let samples = names.map(|name| json!({"name": name, "value": 1, "timestamp": AT}));
    let sent = kept.metrics("POST", "/v1/metrics", Some(samples.collect()));
    assert_eq!(sent.status, 200, "{}", sent.text());
    for target in [
        "cpu.*",
        "seriesByTag('host=~h1$')",
        "seriesByTag('name=~m.m')",
        "seriesByTag('name=~cpu','host!=~h[^3]')",
    ] {
        assert_eq!(kept.values(target).as_array().unwrap().len(), 1, "{target}");
    }
    for (path, found) in [
        (
            "/tags/rack",
            json!({"tag": "rack", "values": [{"value": "r1", "count": 1}]}),
        ),
        (
            "/tags/findSeries?expr=host=h1",
            json!(["cpu.load;host=h1;of=o1"]),
        ),
        ("/tags/autoComplete/values?tag=rack", json!(["r1"])),
        ("/tags/autoComplete/tags?expr=rack=r1", json!(["name"])),
    ] {
        assert_eq!(kept.get(path), found, "{path}");
    }
    // What means too many is refused with the figure.
    let reply = kept.metrics("GET", "/tags/host", None);
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("nodes_per_list"), "{}", reply.text());
}
