//! Answers of `/render` that are kept for who asks the same again: never an older one than what was written, never another's.

use crate::harness::{Reply, Server, now};
use crate::undisturbed::begins_in_a_day;
use base::limit::{self, Limit};
use serde_json::{Value, json};

/// Tried here.
pub(crate) const LIMITS: [Limit; 1] = [limit::RENDER_CACHE_BYTES];

const ASKED: &str = "/render?target=app.*&from=-3d&format=json&noNullPoints=1";

struct Fixture {
    server: Server,
    token: String,
}

impl Fixture {
    /// The step is a day, and the next one does not begin meanwhile: an answer is made anew then.
    fn start(flags: &[&str]) -> Self {
        begins_in_a_day();
        let server = Server::with(flags);
        let token = server.token();
        let kept = Self { server, token };
        let set = kept
            .server
            .metrics(&kept.token, "PUT", "/v1/settings/domain");
        assert_eq!(
            set.json(&json!({"resolution_seconds": 86_400}))
                .send()
                .status,
            200
        );
        kept.write("app.load", 1.0);
        kept
    }

    /// Yesterday, so that its slot is over.
    fn write(&self, name: &str, value: f64) {
        let sample = json!([{"name": name, "value": value, "timestamp": now() - 86_400}]);
        let sent = self.server.metrics(&self.token, "POST", "/v1/metrics");
        assert_eq!(sent.json(&sample).send().status, 200);
    }

    fn ask(&self, path: &str) -> Reply {
        let reply = self.server.metrics(&self.token, "GET", path).send();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply
    }

    /// The value of each series that is answered.
    fn values(&self, path: &str) -> Vec<(String, Value)> {
        let all = self.ask(path).json();
        let series = all.as_array().unwrap().iter();
        let one = |series: &Value| {
            (
                series["target"].as_str().unwrap().to_owned(),
                series["datapoints"][0][0].clone(),
            )
        };
        series.map(one).collect()
    }

    fn figure(&self, name: &str) -> u64 {
        let text = self.server.operations("/metrics").text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no `{name}`"))
            .parse()
            .unwrap()
    }

    /// How many of these requests were answered from what is kept.
    fn cache_answers(&self, paths: &[&str]) -> u64 {
        let before = self.figure("vigie_render_cache_answers_total");
        for path in paths {
            self.ask(path);
        }
        self.figure("vigie_render_cache_answers_total") - before
    }
}

fn is(values: &[(String, Value)], expected: &[(&str, f64)]) -> bool {
    let values = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_f64().unwrap()));
    values.eq(expected.iter().copied())
}

#[test]
fn the_same_question_is_answered_from_what_is_kept_and_byte_for_byte() {
    let kept = Fixture::start(&[]);
    let first = kept.ask(ASKED);
    assert_eq!(kept.cache_answers(&[ASKED, ASKED]), 2);
    assert_eq!(kept.ask(ASKED).body, first.body);
    let form = kept.server.metrics(&kept.token, "POST", "/render");
    let form = form.form(&[
        ("from", "-3d"),
        ("format", "json"),
        ("noNullPoints", "1"),
        ("target", "app.*"),
    ]);
    assert_eq!(form.send().body, first.body);
    // Another form of answer is another question; what only makes an address differ is none.
    assert_eq!(kept.cache_answers(&[&ASKED.replace("json", "csv")]), 0);
    assert_eq!(
        kept.cache_answers(&[&format!("{ASKED}&_salt=1"), &format!("{ASKED}&_salt=2")]),
        2
    );
    let text = kept.ask(&ASKED.replace("json", "raw"));
    assert_eq!(text.header("content-type"), Some("text/plain"));
    assert_eq!(
        kept.ask(&ASKED.replace("json", "raw"))
            .header("content-type"),
        Some("text/plain")
    );
}

#[test]
fn a_write_a_deletion_or_a_rule_change_is_seen_by_the_next_read() {
    let kept = Fixture::start(&[]);
    assert!(is(&kept.values(ASKED), &[("app.load", 1.0)]));
    for value in [2.0, 3.0, 4.0] {
        kept.write("app.load", value);
        let read = kept.values(ASKED);
        assert!(!is(&read, &[("app.load", 1.0)]), "{read:?}");
    }
    kept.write("app.new", 7.0);
    assert_eq!(kept.values(ASKED).len(), 2);
    let delete = kept
        .server
        .metrics(&kept.token, "DELETE", "/v1/metrics/list?query=app.load");
    assert_eq!(delete.send().status, 200);
    assert!(is(&kept.values(ASKED), &[("app.new", 7.0)]));
    let rules = json!({"schemas": "[all]\npattern = .*\nretentions = 1h:7d\n"});
    let before = kept.ask(&ASKED.replace("noNullPoints=1", "")).body.len();
    let set = kept
        .server
        .metrics(&kept.token, "PUT", "/v1/settings/domain");
    assert_eq!(set.json(&rules).send().status, 200);
    let after = kept.ask(&ASKED.replace("noNullPoints=1", "")).body.len();
    assert!(after > before * 5, "{before} {after}");
}

/// `cacheTimeout` is an older answer that is asked for; a deletion ends that as well.
#[test]
fn an_allowed_older_answer_is_served_until_something_is_deleted() {
    let kept = Fixture::start(&[]);
    let older = format!("{ASKED}&cacheTimeout=60");
    assert!(is(&kept.values(&older), &[("app.load", 1.0)]));
    kept.write("app.new", 7.0);
    assert!(
        is(&kept.values(&older), &[("app.load", 1.0)]),
        "as old as it may be"
    );
    assert_eq!(kept.values(ASKED).len(), 2, "who does not ask for it");
    let delete = kept
        .server
        .metrics(&kept.token, "DELETE", "/v1/metrics/list?query=app.load");
    assert_eq!(delete.send().status, 200);
    assert!(is(&kept.values(&older), &[("app.new", 7.0)]));
}

#[test]
fn nothing_is_kept_of_who_does_not_want_it_or_of_what_changes_by_itself() {
    let kept = Fixture::start(&[]);
    for more in [
        "noCache=1",
        "cacheTimeout=0",
        "cacheTimeout=-1",
        "jsonp=show",
        "target=events('*')",
        "target=time('a',1)",
        "target=scale(randomWalk('a'),2)",
    ] {
        let path = format!("{ASKED}&{more}");
        assert_eq!(kept.cache_answers(&[&path, &path]), 0, "{more}");
    }
    let picture = ASKED.replace("json", "png");
    assert_eq!(kept.cache_answers(&[&picture, &picture]), 0);
    let long = format!("{ASKED}&x={}", "y".repeat(9000));
    assert_eq!(kept.cache_answers(&[&long, &long]), 0);
}

/// A question has the same text in two domains, and for two people.
#[test]
fn an_answer_is_of_its_domain_and_of_who_is_still_let_in() {
    let kept = Fixture::start(&[]);
    assert!(is(&kept.values(ASKED), &[("app.load", 1.0)]));
    let scope = format!("o-{}", kept.server.owner.org);
    let other = kept
        .server
        .request("GET", ASKED)
        .header("X-Auth-Scope-Id", &scope);
    assert_eq!(other.bearer(&kept.token).send().json(), json!([]));
    // The key that has read it is deleted.
    let info = kept
        .server
        .request("GET", "/identity/userinfo")
        .bearer(&kept.token);
    let body = json!({"name": "further", "iam_id": info.send().json()["iam_id"]});
    let made = kept
        .server
        .request("POST", "/v1/apikeys")
        .bearer(&kept.token);
    let made = made.json(&body).send().json();
    let path = format!("/graphite/s-{}{ASKED}", kept.server.owner.space);
    let by_key = || {
        let request = kept.server.request("GET", &path);
        request
            .basic("apikey", made["apikey"].as_str().unwrap())
            .send()
    };
    assert_eq!(by_key().status, 200);
    let delete = format!("/v1/apikeys/{}", made["id"].as_str().unwrap());
    let deleted = kept.server.request("DELETE", &delete).bearer(&kept.token);
    assert_eq!(deleted.send().status, 204);
    assert_eq!(by_key().status, 401);
}

#[test]
fn what_is_kept_is_bounded_by_its_limit() {
    let kept = Fixture::start(&["--set", "limits.render_cache_bytes=16KiB"]);
    for number in 0..60 {
        let path = format!("{ASKED}&target=constantLine({number})");
        kept.ask(&path);
        let bytes = kept.figure("vigie_render_cache_bytes");
        assert!(bytes <= 16 * 1024, "{bytes}");
        assert_eq!(kept.cache_answers(&[&path]), 1, "the newest is kept");
    }
    assert!(kept.figure("vigie_render_cache_bytes") > 8 * 1024);
    assert_eq!(
        kept.cache_answers(&[&format!("{ASKED}&target=constantLine(0)")]),
        0
    );
}
