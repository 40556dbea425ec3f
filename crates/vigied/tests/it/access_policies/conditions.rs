//! Conditions of time: a policy comes into force and goes out of it by the clock, each form says so, and what is not enforced is
//! refused.

use super::{Account, VIEWER, WRITER, refused, tag, text};
use crate::harness::until;
use serde_json::{Value, json};

const ONCE: &str = "time-based-conditions:once";

/// Seconds from now.
fn moment(seconds: i64) -> String {
    let second = crate::harness::now() + seconds;
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn compared(attribute: &str, operator: &str, value: impl Into<Value>) -> Value {
    let key = format!("{{{{environment.attributes.{attribute}}}}}");
    json!({"key": key, "operator": operator, "value": value.into()})
}

fn until_moment(seconds: i64) -> Value {
    compared(
        "current_date_time",
        "dateTimeLessThanOrEquals",
        moment(seconds),
    )
}

fn from_moment(seconds: i64) -> Value {
    compared(
        "current_date_time",
        "dateTimeGreaterThanOrEquals",
        moment(seconds),
    )
}

impl Account {
    fn timed(&self, subject: &str, role: &str, pattern: &str, rule: Value) -> Value {
        let mut body = self.second(subject, role, &[]);
        body["pattern"] = json!(pattern);
        body["rule"] = rule;
        body
    }

    /// Whether the subject may query the owner's space, as decisions have it.
    fn is_permitted(&self, subject: &str) -> bool {
        let resource = json!({"attributes": {
            "serviceName": "ibmcloud-monitoring", "accountId": self.server.owner.account, "spaceId": self.space(),
        }});
        let request = json!([{
            "subject": {"attributes": {"id": subject}}, "resource": resource, "action": "domain.render",
        }]);
        let reply = self.ask("POST", "/v2/authz", &request);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["responses"][0]["authorizationDecision"]["permitted"] == true
    }
}

#[test]
fn a_policy_ends_and_begins_by_the_clock() {
    let account = Account::start();
    let (ending, ending_key) = account.service("ending");
    let (coming, coming_key) = account.service("coming");
    let body = account.timed(&coming, VIEWER, ONCE, from_moment(5));
    let coming_at = crate::harness::now() + 5;
    account.make("/v2/policies", &body);
    let body = account.timed(&ending, WRITER, ONCE, until_moment(5));
    account.make("/v2/policies", &body);
    let done = account.does(&ending_key);
    // On a machine that is very slow it is over before it is looked at.
    if crate::harness::now() < coming_at {
        assert_eq!(done, (200, 200));
    }
    until("it ends", || account.does(&ending_key) == (404, 404));
    assert!(crate::harness::now() >= coming_at);
    assert!(!account.is_permitted(&ending));
    until("it begins", || account.does(&coming_key) == (403, 200));
    assert!(crate::harness::now() >= coming_at);
    assert!(account.is_permitted(&coming));
}

#[test]
fn who_is_outside_the_time_of_a_policy_is_told_so() {
    let account = Account::start();
    let (subject, key) = account.service("night");
    let refusal = || {
        let request = account.server.request("GET", "/v1/metrics?target=a.b");
        let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
        let scope = format!("s-{}", account.space());
        let reply = request.header("X-Auth-Scope-Id", &scope).send();
        assert_eq!(reply.status, 404, "{}", reply.text());
        reply.text()
    };
    let expected = "an access policy for you is not in force now";
    assert!(!refusal().contains(expected));
    let body = account.timed(&subject, VIEWER, ONCE, from_moment(3600));
    account.make("/v2/policies", &body);
    let words = refusal();
    assert!(words.contains(expected), "{words}");
}

#[test]
fn each_form_says_what_it_can_of_a_policy_with_a_condition() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    let rule = json!({"operator": "and", "conditions": [from_moment(-60), until_moment(3600)]});
    let made = account.make(
        "/v2/policies",
        &account.timed(&subject, VIEWER, ONCE, rule.clone()),
    );
    assert_eq!(made["pattern"], ONCE);
    assert_eq!(made["rule"], rule);
    assert_eq!(account.does(&key), (403, 200));
    let id = text(&made["id"]);
    let (first, second) = (format!("/v1/policies/{id}"), format!("/v2/policies/{id}"));
    let list = |form: &str| account.read(&format!("/{form}/policies?iam_id={subject}"));
    assert_eq!(list("v2")["policies"][0]["rule"], rule);
    // Nothing that reads the first form finds access at all times.
    for shown in [&account.read(&first), &list("v1")["policies"][0]] {
        assert_eq!(shown["id"], json!(id));
        let role = &shown["roles"][0];
        assert_eq!(role["display_name"], "Unsupported Version");
        assert!(text(&shown["href"]).ends_with(&second), "{shown}");
        assert!(!shown.to_string().contains(&subject), "{shown}");
        assert!(!shown.to_string().contains(VIEWER), "{shown}");
    }
    // It would be in force at all times.
    let read = account.call("GET", &first).send();
    let body = account.first(&subject, VIEWER, &[]);
    let replaced = account.call("PUT", &first).header("If-Match", &tag(&read));
    refused(
        &replaced.json(&body).send(),
        409,
        "conflict",
        "/v2/policies",
    );
    let switch = |state: &str| {
        let request = account.call("PATCH", &first).header("If-Match", "*");
        let reply = request.json(&json!({"state": state})).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    switch("deleted");
    assert_eq!(account.does(&key), (404, 404));
    switch("active");
    assert_eq!(account.read(&second)["rule"], rule);
    assert_eq!(account.does(&key), (403, 200));
    // The second form says all of it, and so takes it away.
    let before = account.call("GET", &second).send();
    let put = account
        .call("PUT", &second)
        .header("If-Match", &tag(&before));
    let reply = put.json(&account.second(&subject, VIEWER, &[])).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_ne!(tag(&reply), tag(&before));
    let now = reply.json();
    assert!(now.get("rule").is_none() && now.get("pattern").is_none());
    assert_eq!(account.read(&first)["roles"][0]["role_id"], VIEWER);
    assert_eq!(account.call("DELETE", &first).send().status, 204);
}

#[test]
fn a_condition_that_is_not_enforced_is_refused_by_its_field() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let made = |pattern: Value, rule: Value| {
        let mut body = account.second(&subject, VIEWER, &[]);
        body["pattern"] = pattern;
        body["rule"] = rule;
        account.ask("POST", "/v2/policies", &body)
    };
    let day = compared("day_of_week", "dayOfWeekEquals", "1+00:00");
    let group = |conditions: Value| json!({"operator": "and", "conditions": conditions});
    let mut strange = day.clone();
    strange["weight"] = json!(1);
    for (pattern, rule, part) in [
        (json!(ONCE), Value::Null, "`rule` beside it"),
        (Value::Null, day.clone(), "`pattern` beside it"),
        (
            json!("attribute-based-condition:resource:literal-and-wildcard"),
            day.clone(),
            "time-based-conditions:weekly:custom-hours",
        ),
        (json!(ONCE), day.clone(), "does not fit"),
        (
            json!(ONCE),
            until_moment(-60),
            "has passed by the server's clock",
        ),
        (
            json!(ONCE),
            compared("current_date_time", "dateTimeLessThan", "tomorrow"),
            "2026-12-01T09:00:00+00:00",
        ),
        (
            json!("time-based-conditions:weekly:all-day"),
            compared("day_of_week", "dayOfWeekEquals", "8+00:00"),
            "a day from 1, Monday, to 7, Sunday",
        ),
        (json!(ONCE), strange.clone(), "weight"),
        (json!(ONCE), group(json!([strange])), "weight"),
        (json!(ONCE), group(json!([])), "one condition at least"),
        (
            json!(ONCE),
            group(json!([group(json!([group(json!([day]))]))])),
            "lie at most 2 deep",
        ),
        (
            json!(ONCE),
            group(json!(vec![until_moment(60); 11])),
            "conditions_per_rule",
        ),
    ] {
        let reply = made(pattern, rule.clone());
        assert_eq!(reply.status, 400, "{rule}: {}", reply.text());
        assert!(reply.text().contains(part), "{rule}: {}", reply.text());
    }
    let listed = account.read(&format!("/v2/policies?iam_id={subject}"));
    assert_eq!(listed["policies"], json!([]));
}
