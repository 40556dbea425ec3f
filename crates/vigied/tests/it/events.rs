//! Graphite's events, and the deletion of series by their names.

use crate::audit::entries;
use crate::harness::{Reply, Server, Serving};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

/// Tried here.
pub(crate) const LIMITS: [Limit; 6] = [
    limit::EVENT_WHAT_BYTES,
    limit::EVENT_TAGS_BYTES,
    limit::EVENT_DATA_BYTES,
    limit::EVENTS_PER_DOMAIN,
    limit::EVENTS_PER_MINUTE,
    limit::EVENTS_PER_ANSWER,
];

const AT: i64 = 1_700_001_000;

struct Fixture {
    server: Server,
    token: String,
}

impl Fixture {
    fn with(settings: &[&str]) -> Self {
        let flags: Vec<&str> = settings
            .iter()
            .flat_map(|setting| ["--set", setting])
            .collect();
        Self::on(Server::with(&flags))
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        Self { server, token }
    }

    fn start() -> Self {
        Self::with(&[]).with_history()
    }

    /// With the events of a small history.
    fn with_history(self) -> Self {
        for (what, tags, later, data) in [
            ("deploy web", json!(["deploy", "web"]), 15, "rev 1"),
            ("deploy db", json!("deploy db"), 30, "rev 2"),
            ("restart", json!(["restart"]), 30, ""),
            ("deploy web again", json!(["deploy", "web"]), 101, "<b>\n"),
        ] {
            let event = json!({"what": what, "tags": tags, "when": AT + later, "data": data});
            self.post(&event);
        }
        self
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let request = self.server.metrics(&self.token, method, path);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    fn post(&self, event: &Value) {
        let reply = self.send("POST", "/events/", Some(event));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.text(), "");
    }

    fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, None);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// The numbers of the events that a question finds, in their order.
    fn ids_found(&self, pairs: &[(&str, &str)]) -> Vec<i64> {
        let path = format!("/events/get_data?{}", wire::query::encode(pairs));
        let found = self.get(&path);
        let ids = found.as_array().unwrap().iter();
        ids.map(|event| event["id"].as_i64().unwrap()).collect()
    }

    fn refused(&self, reply: &Reply, status: u16, limit: Limit) {
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(limit.name), "{}", reply.text());
        assert_eq!(hits(&self.server, limit), 1, "{}", limit.name);
    }
}

#[test]
fn events_are_listed_as_graphite_web_lists_them() {
    list(&Fixture::start());
}

#[test]
fn events_are_listed_as_graphite_web_lists_them_on_postgres() {
    let test = "events_are_listed_as_graphite_web_lists_them_on_postgres";
    if let Some(server) = Server::on_postgres(test) {
        list(&Fixture::on(server).with_history());
    }
}

fn list(kept: &Fixture) {
    let all = kept.get("/events/get_data");
    assert_eq!(
        all[0],
        json!({"when": AT + 15, "what": "deploy web", "data": "rev 1", "tags": ["deploy", "web"], "id": 1})
    );
    assert_eq!(kept.get("/events"), all);
    assert_eq!(kept.get("/events/"), all);
    let (from, until) = ((AT + 16).to_string(), (AT + 100).to_string());
    let (from, until) = (from.as_str(), until.as_str());
    for (pairs, ids) in [
        (&[][..], &[1, 2, 3, 4][..]),
        (&[("from", from)], &[2, 3, 4]),
        (&[("from", from), ("until", until)], &[2, 3]),
        (&[("from", until), ("until", from)], &[]),
        (&[("tags", "deploy")], &[1, 2, 4]),
        (&[("tags", "deploy web")], &[1, 4]),
        (&[("tags", "deploy none")], &[1, 2, 4]),
        (&[("tags", "none")], &[]),
        (&[("tags", "")], &[]),
        (&[("tags", "web restart"), ("set", "union")], &[1, 3, 4]),
        (&[("tags", "deploy web"), ("set", "intersection")], &[1, 4]),
        (&[("tags", "deploy none"), ("set", "intersection")], &[]),
    ] {
        assert_eq!(kept.ids_found(pairs), ids, "{pairs:?}");
    }
    // Minutes of that day, as a wall in Berlin has them.
    let clock = [
        ("from", "23:30_20231114"),
        ("until", "23:31_20231114"),
        ("tz", "Europe/Berlin"),
    ];
    assert_eq!(kept.ids_found(&clock), [1, 2, 3]);
    // An event of the future is there once its time is over.
    kept.post(&json!({"what": "planned", "when": AT + 10_000_000_000_i64}));
    assert_eq!(kept.ids_found(&[]).len(), 4);
    assert_eq!(
        kept.ids_found(&[("until", "20990101"), ("from", from)])
            .len(),
        3
    );
}

#[test]
fn one_event_is_shown_by_its_number() {
    let kept = Fixture::start();
    let expected = json!({"id": 4, "when": "2023-11-14T22:31:41Z", "what": "deploy web again", "data": "<b>\n", "tags": ["deploy", "web"]});
    for path in ["/events/4", "/events/4/"] {
        assert_eq!(kept.get(path), expected);
    }
    for id in ["5", "0", "none", "99999999999999999999", "+4"] {
        let reply = kept.send("GET", &format!("/events/{id}"), None);
        assert_eq!((reply.status, &*reply.code()), (404, "BXNMSMT22E"), "{id}");
    }
    let script = kept.send("GET", "/events/get_data?jsonp=show&tags=restart", None);
    assert_eq!(script.header("content-type"), Some("text/javascript"));
    assert_eq!(script.header("x-content-type-options"), Some("nosniff"));
    let text = script.text();
    assert!(
        text.starts_with("show([{") && text.trim_end().ends_with("}])"),
        "{text}"
    );
    let wrong = kept.send("GET", "/events/get_data?jsonp=alert(1)", None);
    assert_eq!(wrong.status, 400);
}

#[test]
fn events_are_a_series_of_targets() {
    let kept = Fixture::start();
    let counted = |target: &str| {
        let (from, until) = (AT.to_string(), (AT + 110).to_string());
        let query = [
            ("target", target),
            ("from", &*from),
            ("until", &until),
            ("format", "json"),
        ];
        let path = format!("/render?{}", wire::query::encode(&query));
        let series = kept.get(&path);
        assert_eq!(series[0]["target"], target);
        let points = series[0]["datapoints"].as_array().unwrap();
        let some = points.iter().filter(|point| !point[0].is_null());
        let some: Vec<_> = some
            .map(|point| (point[1].as_i64().unwrap() - AT, point[0].as_f64().unwrap()))
            .collect();
        some
    };
    assert_eq!(counted("events(\"*\")"), [(15, 1.0), (30, 2.0), (101, 1.0)]);
    assert_eq!(
        counted("events(\"deploy\", \"web\")"),
        [(15, 1.0), (101, 1.0)]
    );
    assert_eq!(counted("events(\"restart\", \"none\")"), [(30, 1.0)]);
    assert_eq!(counted("events(\"none\")"), []);
}

#[test]
fn what_is_no_event_is_refused_and_not_kept() {
    let kept = Fixture::with(&[]);
    for (body, expected) in [
        (json!([]), "object"),
        (json!({"tags": "a"}), "`what` is missing"),
        (json!({"what": "a", "tags": 7}), "`tags`"),
        (json!({"what": "a", "when": "noon"}), "`when`"),
        (json!({"what": "a", "when": 1e300}), "year"),
        (json!({"what": "a\u{0}"}), "control character"),
    ] {
        let refused = kept.send("POST", "/events/", Some(&body));
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "BXNMSMT21E"),
            "{body}"
        );
        assert!(
            refused.text().contains(expected),
            "{body}: {}",
            refused.text()
        );
    }
    let wrong = kept.server.metrics(&kept.token, "POST", "/events");
    assert_eq!(wrong.body("{\"what\"").send().status, 400);
    assert_eq!(kept.get("/events"), json!([]));
    for path in ["/events?from=soon", "/events?until=yesterdayy"] {
        assert_eq!(kept.send("GET", path, None).status, 400, "{path}");
    }
}

#[test]
fn texts_of_events_have_limits_by_name() {
    let kept = Fixture::with(&[]);
    for (field, limit) in [
        ("what", limit::EVENT_WHAT_BYTES),
        ("tags", limit::EVENT_TAGS_BYTES),
        ("data", limit::EVENT_DATA_BYTES),
    ] {
        let most = usize::try_from(limit.default).unwrap();
        let event = |length: usize| {
            let mut event = json!({"what": "a"});
            event[field] = json!("x".repeat(length));
            event
        };
        kept.post(&event(most));
        let refused = kept.send("POST", "/events", Some(&event(most + 1)));
        kept.refused(&refused, 400, limit);
    }
    assert_eq!(kept.ids_found(&[]).len(), 3);
}

#[test]
fn a_domain_keeps_so_many_events_until_some_are_deleted() {
    let kept = Fixture::with(&["limits.events_per_domain=3", "limits.events_per_answer=2"]);
    let event = |at: i64| json!({"what": "a", "when": AT + at});
    for at in 0..3 {
        kept.post(&event(at));
    }
    let full = kept.send("POST", "/events/", Some(&event(3)));
    kept.refused(&full, 409, limit::EVENTS_PER_DOMAIN);
    assert_eq!(full.header("Retry-After"), None);
    assert!(full.text().contains("DELETE /events/"), "{}", full.text());
    let many = kept.send("GET", "/events/get_data", None);
    kept.refused(&many, 400, limit::EVENTS_PER_ANSWER);
    let until = (AT + 1).to_string();
    assert_eq!(kept.ids_found(&[("until", &until)]), [1, 2]);
    // A mistyped parameter deletes nothing, nor does a missing end.
    for path in [
        "/events/",
        "/events/?until=now&form=-1h",
        "/events/?from=-1h",
        "/events/?until=",
        "/events/?until=%20",
        "/events/?until=_",
        "/events/?from=&until=now",
        "/events/?until=-1y&until=now",
    ] {
        assert_eq!(kept.send("DELETE", path, None).status, 400, "{path}");
    }
    let path = format!("/events/?until={until}");
    let deleted = kept.send("DELETE", &path, None);
    assert_eq!(
        (deleted.status, deleted.json()),
        (200, json!({"deleted": 2}))
    );
    let again = kept.send("DELETE", &path, None);
    assert_eq!(again.json(), json!({"deleted": 0}));
    kept.post(&event(4));
    assert_eq!(kept.ids_found(&[]), [3, 4]);
    let account = &kept.server.owner.account;
    let found = entries(&kept.server.data(), &["--account", account]);
    let entered: Vec<_> = (found.iter())
        .filter(|entry| entry["event"] == "events_deleted")
        .collect();
    assert_eq!(entered.len(), 1, "{found:#?}");
    assert_eq!(entered[0]["credential"], "iam_token");
}

#[test]
fn an_account_makes_so_many_events_in_a_minute() {
    let kept = Fixture::with(&["limits.events_per_minute=2"]);
    let event = json!({"what": "a"});
    let mut replies = (0..100).map(|_| kept.send("POST", "/events", Some(&event)));
    let slowed = replies.find(|reply| reply.status != 200).unwrap();
    kept.refused(&slowed, 429, limit::EVENTS_PER_MINUTE);
    assert!(slowed.header("retry-after").is_some());
}

#[test]
fn events_outlive_a_restart() {
    let Fixture { server, token } = Fixture::start();
    let before = server.metrics(&token, "GET", "/events").send().text();
    let Server {
        serving,
        owner,
        folder,
    } = server;
    serving.stop();
    let serving = Serving::start(&folder.path().join("data"), "127.0.0.1:0", &[]);
    let server = Server {
        serving,
        owner,
        folder,
    };
    let after = server.metrics(&server.token(), "GET", "/events").send();
    assert_eq!(after.text(), before);
}

/// A key that sends alone may say what happened, and no more.
#[test]
fn a_key_that_sends_alone_posts_events_and_reads_none() {
    let kept = Fixture::with(&[]);
    let (key, _) = kept.server.narrow_key();
    let asked = |method: &str, path: &str| {
        let request = kept.server.request(method, path);
        let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
        request.header("X-Auth-Scope-Id", &format!("s-{}", kept.server.owner.space))
    };
    let posted = asked("POST", "/events/").json(&json!({"what": "a"})).send();
    assert_eq!(posted.status, 200, "{}", posted.text());
    for (method, path) in [
        ("GET", "/events"),
        ("GET", "/events/1"),
        ("DELETE", "/events?until=now"),
    ] {
        assert_eq!(asked(method, path).send().status, 403, "{method} {path}");
    }
    assert_eq!(kept.ids_found(&[]), [1]);
}

#[test]
fn series_are_deleted_by_their_names_and_nothing_below() {
    let kept = Fixture::with(&[]);
    let names = [
        "app.cpu",
        "app.cpu.core",
        "cpu;host=a",
        "cpu;dc=x;host=a",
        "cpu",
        "disk",
    ];
    let samples: Vec<Value> = (names.iter())
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    let sent = kept.send("POST", "/v1/metrics", Some(&json!(samples)));
    assert_eq!(sent.status, 200, "{}", sent.text());
    let left = || {
        let plain = kept.get("/metrics/index.json");
        let tagged = kept.get("/tags/findSeries?expr=name=~.");
        let all = [plain, tagged];
        let names = all.iter().flat_map(|list| list.as_array().unwrap());
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let delete = |fields: &[(&str, &str)]| {
        let request = kept.server.metrics(&kept.token, "POST", "/tags/delSeries");
        request.form(fields).send()
    };
    let refused = delete(&[]);
    assert_eq!(refused.status, 400);
    // One that is none spares the others.
    let wrong = delete(&[("path", "disk"), ("path", "a..b")]);
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    let before = left();
    assert_eq!(delete(&[("path", "none;a=b")]).json(), json!(true));
    assert_eq!(left(), before);
    for (fields, gone) in [
        (&[("path", "app.cpu")][..], &["app.cpu"][..]),
        (
            &[("path[]", "cpu;host=a;dc=x"), ("path[]", "disk")],
            &["cpu;dc=x;host=a", "disk"],
        ),
        (&[("path", "cpu")], &["cpu"]),
    ] {
        let before = left();
        let reply = delete(fields);
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!(true)),
            "{fields:?}"
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let mut expected = before;
        expected.retain(|name| !gone.contains(&name.as_str()));
        assert_eq!(left(), expected, "{fields:?}");
    }
    assert_eq!(left(), ["app.cpu.core", "cpu;host=a"]);
    let account = &kept.server.owner.account;
    let found = entries(&kept.server.data(), &["--account", account]);
    let outcomes: Vec<_> = (found.iter())
        .filter(|entry| entry["event"] == "metrics_deleted")
        .map(|entry| entry["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 8, "{found:#?}");
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == "begun")
            .count(),
        4
    );
}
