//! Groups of service IDs as IBM's clients know them: made, listed, changed with their tag, deleted when nothing is in them.

use crate::harness::{Account, Reply};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

const LIMIT: Limit = limit::SERVICE_ID_GROUPS_PER_ACCOUNT;

impl Account {
    fn ask_in_account(&self, path: &str, mut body: Value) -> Reply {
        body["account_id"] = json!(self.server.owner.account);
        self.call("POST", path).json(&body).send()
    }

    fn make_in_account(&self, path: &str, body: Value) -> Value {
        let reply = self.ask_in_account(path, body);
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    fn service_group(&self, name: &str) -> Value {
        self.make_in_account("/v1/serviceid_groups", json!({ "name": name }))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

fn path_of(group: &Value) -> String {
    format!("/v1/serviceid_groups/{}", text(&group["id"]))
}

fn refused(reply: &Reply, status: u16, word: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
}

fn names(page: &Value, field: &str) -> Vec<String> {
    let all = page[field].as_array().unwrap().iter();
    all.map(|entry| text(&entry["name"]).to_owned()).collect()
}

#[test]
fn a_group_lives_and_changes_with_its_tag() {
    let account = Account::start();
    let made = account.make_in_account(
        "/v1/serviceid_groups",
        json!({"name": "ci", "description": "of the build"}),
    );
    assert!(text(&made["id"]).starts_with("ServiceIdGroup-"), "{made}");
    assert!(text(&made["crn"]).ends_with(text(&made["id"])), "{made}");
    assert!(text(&made["created_by"]).starts_with("IBMid-"), "{made}");
    account.service_group("apps");
    let list = account.call("GET", "/v1/serviceid_groups").send().json();
    assert_eq!(names(&list, "serviceid_groups"), ["apps", "ci"]);
    let path = path_of(&made);
    let read = account.call("GET", &path).send();
    assert_eq!(read.json(), made);
    let tag = read.header("etag").unwrap().to_owned();
    let change = |tag: &str, body: &Value| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(body).send()
    };
    let changed = change(&tag, &json!({"name": "build"}));
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["description"], "of the build");
    refused(&change(&tag, &json!({"name": "late"})), 409, "conflict");
    refused(&change("*", &json!({"name": "apps"})), 409, "conflict");
    let twice = account.ask_in_account("/v1/serviceid_groups", json!({"name": "build"}));
    refused(&twice, 409, "conflict");
    let nameless = account.ask_in_account("/v1/serviceid_groups", json!({"name": ""}));
    refused(&nameless, 400, "invalid_parameter");
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    refused(&account.call("GET", &path).send(), 404, "not_found");
    let elsewhere = format!("/v1/serviceid_groups?account_id={}", "0".repeat(32));
    refused(&account.call("GET", &elsewhere).send(), 404, "not_found");
}

#[test]
fn service_ids_are_listed_by_their_group_which_stays_while_they_do() {
    let account = Account::start();
    let group = account.service_group("ci");
    let id = text(&group["id"]);
    let wish = json!({"name": "in", "group_id": id});
    let inside = account.make_in_account("/v1/serviceids/?show_group_id=true", wish);
    assert_eq!(inside["group_id"], group["id"]);
    let outside = account.make_in_account("/v1/serviceids/", json!({"name": "out"}));
    assert_eq!(outside.get("group_id"), None);
    let list = |query: &str| {
        let reply = account.call("GET", &format!("/v1/serviceids/{query}"));
        let reply = reply.send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let of_group = list(&format!("?group_id={id}"));
    assert_eq!(names(&of_group, "serviceids"), ["in"]);
    assert_eq!(of_group["serviceids"][0].get("group_id"), None);
    let page = list(&format!("?group_id={id}&show_group_id=true&pagesize=1"));
    assert_eq!(page["serviceids"][0]["group_id"], group["id"]);
    assert_eq!(names(&list(""), "serviceids"), ["in", "out"]);

    let unknown = "ServiceIdGroup-00000000-0000-4000-8000-000000000000";
    let reply =
        account.ask_in_account("/v1/serviceids/", json!({"name": "x", "group_id": unknown}));
    refused(&reply, 400, "invalid_parameter");
    assert!(reply.text().contains("group_id"), "{}", reply.text());
    assert!(names(&list(&format!("?group_id={unknown}")), "serviceids").is_empty());

    // So are their keys; those of nobody else, and with every other condition.
    for (name, owner) in [("of in", &inside), ("of out", &outside)] {
        let wish = json!({"name": name, "iam_id": owner["iam_id"]});
        account.make_in_account("/v1/apikeys", wish);
    }
    let keys = |query: &str| {
        let reply = account.call("GET", &format!("/v1/apikeys?{query}")).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        names(&reply.json(), "apikeys")
    };
    assert_eq!(keys(&format!("group_id={id}")), ["of in"]);
    assert_eq!(keys(&format!("group_id={id}&scope=account")), ["of in"]);
    let of = |service: &Value| format!("group_id={id}&iam_id={}", text(&service["iam_id"]));
    assert_eq!(keys(&of(&inside)), ["of in"]);
    for nothing in [
        of(&outside),
        format!("group_id={id}&type=user"),
        format!("group_id={unknown}"),
    ] {
        assert!(keys(&nothing).is_empty(), "{nothing}");
    }
    let nameless = account.call("GET", "/v1/apikeys?group_id=x").send();
    refused(&nameless, 400, "invalid_parameter");

    let deleted = account.call("DELETE", &path_of(&group)).send();
    refused(&deleted, 409, "conflict");
    let service = format!("/v1/serviceids/{}", text(&inside["id"]));
    assert_eq!(account.call("DELETE", &service).send().status, 204);
    let deleted = account.call("DELETE", &path_of(&group)).send();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
}

#[test]
fn what_is_used_of_the_limits_is_told() {
    let account = Account::start();
    let group = account.service_group("ci");
    let id = text(&group["id"]);
    let wish = json!({"name": "in", "group_id": id, "apikey": {"name": "first"}});
    let service = account.make_in_account("/v1/serviceids/", wish);
    let path = format!(
        "/v1/accounts/{}/limits/identity",
        account.server.owner.account
    );
    let ask = |query: &str| account.call("GET", &format!("{path}?{query}")).send();
    assert_eq!(ask("").json(), json!({}));
    let iam_id = text(&service["iam_id"]);
    let nobody = "iam-ServiceId-00000000-0000-4000-8000-000000000000";
    let query = format!(
        "serviceid_groups=true&serviceids_per_group={id}&apikeys_per_identity={iam_id},{nobody}"
    );
    let answer = ask(&query);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let expected = json!({
        "serviceid_groups": {"limit": LIMIT.default, "count": 1},
        "serviceids_per_group": {
            "limit": limit::SERVICE_IDS_PER_ACCOUNT.default,
            "serviceid_groups": [{"group_id": id, "count": 1}],
        },
        "apikeys_per_identity": {
            "limit": limit::KEYS_PER_USER.default,
            "identities": [{"iam_id": iam_id, "count": 1}, {"iam_id": nobody, "count": 0}],
        },
    });
    assert_eq!(answer.json(), expected);
    for (query, field) in [
        ("templates=true".to_owned(), "templates"),
        ("serviceids_per_group=x".to_owned(), "serviceids_per_group"),
        (
            format!("apikeys_per_identity={iam_id},x"),
            "apikeys_per_identity",
        ),
        (
            format!("apikeys_per_identity={}", vec![nobody; 101].join(",")),
            limit::PAGE_ENTRIES.name,
        ),
    ] {
        let reply = ask(&query);
        refused(&reply, 400, "invalid_parameter");
        assert!(reply.text().contains(field), "{}", reply.text());
    }

    // The same in a body, which may hold longer lists. Which of two members of one name is meant, nobody knows.
    let twice = r#"{"serviceid_groups":true,"serviceid_groups":false}"#;
    let reply = account.call("POST", &path).body(twice).send();
    refused(&reply, 400, "invalid_parameter");
    assert!(
        reply.text().contains("serviceid_groups"),
        "{}",
        reply.text()
    );
    let post = |body: &Value| account.call("POST", &path).json(body).send();
    assert_eq!(post(&json!({})).json(), json!({}));
    let answer = post(&json!({
        "serviceid_groups": true, "serviceids_per_group": [id],
        "apikeys_per_identity": [iam_id, nobody], "templates": false, "template_versions_per_template": [],
    }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), expected);
    for (body, field) in [
        (json!({"idps": true}), "idps"),
        (
            json!({"claim_rules_per_group": ["x"]}),
            "claim_rules_per_group",
        ),
        (
            json!({"serviceids_per_group": ["x"]}),
            "serviceids_per_group",
        ),
        (
            json!({"apikeys_per_identity": vec![nobody; 101]}),
            limit::PAGE_ENTRIES.name,
        ),
    ] {
        let reply = post(&body);
        refused(&reply, 400, "invalid_parameter");
        assert!(reply.text().contains(field), "{}", reply.text());
    }
}

#[test]
fn an_account_has_so_many_groups() {
    let account = Account::start();
    for number in 0..LIMIT.default {
        account.service_group(&format!("group {number}"));
    }
    let over = account.ask_in_account("/v1/serviceid_groups", json!({"name": "one more"}));
    refused(&over, 409, "limit_exceeded");
    assert!(over.text().contains(LIMIT.name), "{}", over.text());
    assert_eq!(hits(&account.server, LIMIT), 1);
}
