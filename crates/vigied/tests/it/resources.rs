//! Resource groups, instances of the monitoring service and their keys as IBM's clients know them, and what the plan of an instance
//! means for the samples of its space.

mod keys;

use crate::harness::{Account, Reply, Request, now};
use base::limit;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

impl Account {
    /// A body that makes an instance for the space.
    fn wish(&self, space: &str, plan: &str) -> Value {
        json!({
            "name": "monitoring", "target": self.server.owner.region,
            "resource_group": self.server.owner.account, "resource_plan_id": plan,
            "parameters": {"space_id": space},
        })
    }

    fn instance(&self, plan: &str) -> Value {
        let wish = self.wish(&self.server.owner.space, plan);
        self.make("/v2/resource_instances", &wish)
    }

    fn new_space(&self, name: &str) -> String {
        let body = json!({"name": name, "organization_guid": self.server.owner.org});
        text(&self.make("/v2/spaces", &body)["metadata"]["guid"])
    }

    /// A request about the metrics of the owner's space.
    fn metrics(&self, method: &str, path: &str) -> Request {
        self.server.metrics(&self.token, method, path)
    }

    /// Sends samples so many seconds old.
    fn send(&self, ages: &[i64]) -> Reply {
        let sample =
            |age: &i64| json!({"name": "plan.seen", "value": 1, "timestamp": now() - *age});
        let all: Vec<Value> = ages.iter().map(sample).collect();
        self.metrics("POST", "/v1/metrics").json(&json!(all)).send()
    }

    /// How many samples of the last sixty days are there to read.
    fn count_points(&self) -> usize {
        let path = "/v1/metrics?target=plan.seen&from=-60d";
        let reply = self.metrics("GET", path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let found = reply.json();
        let series = found.as_array().unwrap().iter();
        let points = series.flat_map(|series| series["datapoints"].as_array().unwrap());
        points.filter(|point| !point[0].is_null()).count()
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn path_of(instance: &Value) -> String {
    format!("/v2/resource_instances/{}", text(&instance["guid"]))
}

/// A cloud resource name as a part of a path.
fn escaped(crn: &Value) -> String {
    text(crn).replace(':', "%3A").replace('/', "%2F")
}

fn refused(reply: &Reply, status: u16, word: &str, about: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
    assert!(body.contains(about), "{body}");
}

fn names(list: &Value) -> Vec<String> {
    let all = list["resources"].as_array().unwrap().iter();
    all.map(|entry| text(&entry["name"])).collect()
}

#[test]
fn resource_groups_live_as_ibms_clients_expect() {
    let account = Account::start();
    let all = account.read("/v2/resource_groups");
    assert_eq!(names(&all), ["Default"]);
    let first = &all["resources"][0];
    assert_eq!(
        (&first["default"], &first["state"]),
        (&json!(true), &json!("ACTIVE"))
    );
    let id = &account.server.owner.account;
    let made = account.make(
        "/v2/resource_groups",
        &json!({"name": "ops", "account_id": id}),
    );
    let path = format!("/v2/resource_groups/{}", text(&made["id"]));
    let read = account.read(&path);
    assert_eq!(read["crn"], made["crn"]);
    let crn = format!(
        "crn:v1:bluemix:public:resource-controller::a/{id}::resource-group:{}",
        text(&made["id"])
    );
    assert_eq!(read["crn"], crn);
    for (query, expected) in [
        ("", vec!["Default", "ops"]),
        ("?default=true", vec!["Default"]),
        ("?default=false", vec!["ops"]),
        ("?name=ops", vec!["ops"]),
        ("?name=others", vec![]),
        ("?include_deleted=false", vec!["Default", "ops"]),
    ] {
        let found = account.read(&format!("/v2/resource_groups{query}"));
        assert_eq!(names(&found), expected, "{query}");
    }
    for (query, field) in [
        ("?include_deleted=true", "include_deleted"),
        ("?date=2026-11", "date"),
        ("?default=perhaps", "default"),
    ] {
        let reply = account.call("GET", &format!("/v2/resource_groups{query}"));
        refused(&reply.send(), 400, "invalid_parameter", field);
    }
    let elsewhere = format!("/v2/resource_groups?account_id={}", "0".repeat(32));
    let elsewhere = account.call("GET", &elsewhere).send();
    refused(&elsewhere, 404, "not_found", "account");

    let renamed = account.ask("PATCH", &path, &json!({"name": "build", "state": "ACTIVE"}));
    assert_eq!(
        (renamed.status, &renamed.json()["name"]),
        (200, &json!("build"))
    );
    let state = account.ask("PATCH", &path, &json!({"state": "SUSPENDED"}));
    refused(&state, 400, "invalid_parameter", "state");
    let twice = account.ask("PATCH", &path, &json!({"name": "Default"}));
    refused(&twice, 409, "conflict", "name");
    let stays = format!("/v2/resource_groups/{id}");
    refused(
        &account.call("DELETE", &stays).send(),
        409,
        "conflict",
        "stays",
    );
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    refused(&account.call("GET", &path).send(), 404, "not_found", "");

    let quotas = account.read("/v2/quota_definitions");
    let quota = &quotas["resources"][0];
    assert_eq!(
        quota["number_of_service_instances"],
        limit::SPACES_PER_ACCOUNT.default
    );
    let path = format!("/v2/quota_definitions/{}", text(&quota["id"]));
    assert_eq!(account.read(&path), *quota);
    assert_eq!(read["quota_id"], quota["id"]);
    let unknown = account.call("GET", "/v2/quota_definitions/x").send();
    refused(&unknown, 404, "not_found", "");
}

#[test]
fn a_plan_hides_the_names_of_metrics_that_have_older_samples_alone() {
    let account = Account::start();
    assert_eq!(account.send(&[10, 20 * DAY]).status, 200);
    let old = json!([{"name": "plan.old", "value": 1, "timestamp": now() - 20 * DAY}]);
    let sent = account.metrics("POST", "/v1/metrics").json(&old).send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let listed = || {
        let path = "/v1/metrics/list?query=plan.*";
        account.metrics("GET", path).send().text()
    };
    let is_listed = |name: &str| listed().contains(name);
    assert!(
        is_listed("plan.old") && is_listed("plan.seen"),
        "{}",
        listed()
    );
    let made = account.instance("lite");
    assert!(
        !is_listed("plan.old") && is_listed("plan.seen"),
        "{}",
        listed()
    );
    let path = "/metrics/find?query=plan.*&format=treejson";
    let found = account.metrics("GET", path).send();
    assert_eq!(found.status, 200, "{}", found.text());
    assert!(!found.text().contains("old"), "{}", found.text());
    let premium = json!({"resource_plan_id": "premium"});
    let changed = account.ask("PATCH", &path_of(&made), &premium);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert!(is_listed("plan.old"), "{}", listed());
}

#[test]
fn the_plan_of_an_instance_has_effect_within_the_call() {
    let account = Account::start();
    assert_eq!(account.send(&[10, 20 * DAY, 50 * DAY]).status, 200);
    assert_eq!(account.count_points(), 3);
    let made = account.instance("lite");
    assert_eq!(account.count_points(), 1);
    let sent = account.send(&[600]);
    assert_eq!((sent.status, sent.code().as_str()), (403, "BXNMSMT24E"));
    assert!(sent.text().contains("`lite`"), "{}", sent.text());
    let event = || {
        let body = json!({"what": "deploy"});
        account.metrics("POST", "/events/").json(&body).send()
    };
    let sent = event();
    assert_eq!((sent.status, sent.code().as_str()), (403, "BXNMSMT24E"));
    let path = path_of(&made);
    let to = |plan: &str| {
        let reply = account.ask("PATCH", &path, &json!({"resource_plan_id": plan}));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["resource_plan_id"], plan);
    };
    to("premium");
    assert_eq!(event().status, 200);
    assert_eq!(account.count_points(), 2);
    let sent = account.send(&[300, 46 * DAY]).json();
    assert_eq!(sent["stored"], 1, "{sent}");
    assert_eq!(sent["rejections"][0]["code"], "too_old", "{sent}");
    assert!(sent.to_string().contains("45 days"), "{sent}");
    // What is kept of answers is not what another plan showed.
    let render = || {
        let path = "/render?target=plan.seen&from=-21d&format=json";
        account.metrics("GET", path).send().text()
    };
    let before = render();
    to("lite");
    assert_ne!(render(), before);
    assert_eq!(account.count_points(), 2);
    let deleted = account.call("DELETE", &path).send();
    assert_eq!(deleted.status, 202, "{}", deleted.text());
    assert_eq!(account.count_points(), 4);
    assert_eq!(account.send(&[900]).status, 200);
}

#[test]
fn a_space_without_an_instance_has_the_plan_that_the_server_gives() {
    let account = Account::with(&["--set", "storage.default_plan=lite"]);
    assert_eq!(account.send(&[5]).code(), "BXNMSMT24E");
    account.instance("premium");
    assert_eq!(account.send(&[5]).status, 200);
    // No plan is about an account or an organization.
    for scope in ["", "o-"] {
        let mut request = account.server.request("POST", "/v1/metrics");
        request = request.header(
            "X-Auth-User-Token",
            &format!("apikey {}", account.server.owner.api_key),
        );
        if !scope.is_empty() {
            let scope_id = format!("{scope}{}", account.server.owner.org);
            request = request.header("X-Auth-Scope-Id", &scope_id);
        }
        let sample = json!([{"name": "plan.seen", "value": 1}]);
        let reply = request.json(&sample).send();
        assert_eq!(reply.status, 200, "{scope}: {}", reply.text());
    }
}

#[test]
fn instances_are_found_by_what_they_are() {
    let account = Account::start();
    let first = account.instance("premium");
    assert_eq!(first["state"], "active");
    assert_eq!(first["resource_id"], "ibmcloud-monitoring");
    assert_eq!(first["parameters"]["space_id"], account.server.owner.space);
    let group = account.make("/v2/resource_groups", &json!({"name": "ops"}));
    let mut wish = account.wish(&account.new_space("second"), "lite");
    wish["name"] = json!("second");
    wish["resource_group"] = group["id"].clone();
    let locked = account.call("POST", "/v2/resource_instances");
    let locked = locked.header("Entity-Lock", "true").json(&wish).send();
    assert_eq!(locked.status, 201, "{}", locked.text());
    let second = locked.json();
    assert_eq!(second["locked"], true);
    assert_eq!(second["resource_group_crn"], group["crn"]);

    // By its cloud resource name as by its GUID.
    let by_crn = format!("/v2/resource_instances/{}", escaped(&second["crn"]));
    assert_eq!(account.read(&by_crn), second);
    assert_eq!(account.read(&path_of(&second)), second);
    let other = text(&second["crn"]).replace("a/", "a/0");
    let other = format!("/v2/resource_instances/{}", escaped(&json!(other)));
    refused(&account.call("GET", &other).send(), 404, "not_found", "");

    let list = |query: &str| names(&account.read(&format!("/v2/resource_instances{query}")));
    let group = text(&group["id"]);
    let guid = text(&first["guid"]);
    for (query, expected) in [
        (String::new(), vec!["monitoring", "second"]),
        ("?name=second".to_owned(), vec!["second"]),
        (format!("?guid={guid}"), vec!["monitoring"]),
        (format!("?resource_group_id={group}"), vec!["second"]),
        ("?resource_plan_id=lite".to_owned(), vec!["second"]),
        ("?resource_id=kms".to_owned(), vec![]),
        (
            "?type=service_instance&state=active".to_owned(),
            vec!["monitoring", "second"],
        ),
        ("?state=removed".to_owned(), vec![]),
        ("?updated_from=2100-01-01T00:00:00Z".to_owned(), vec![]),
        ("?updated_to=2000-01-01".to_owned(), vec![]),
        (
            "?updated_to=2100-01-01T00:00:00Z&limit=1".to_owned(),
            vec!["monitoring"],
        ),
    ] {
        assert_eq!(list(&query), expected, "{query}");
    }
    for parameters in [None, Some(json!({})), Some(json!({"space_id": ""}))] {
        let mut unnamed = account.wish(&account.server.owner.space, "lite");
        unnamed.as_object_mut().unwrap().remove("parameters");
        if let Some(parameters) = parameters {
            unnamed["parameters"] = parameters;
        }
        let reply = account.ask("POST", "/v2/resource_instances", &unnamed);
        refused(
            &reply,
            400,
            "invalid_parameter",
            "{\\\"space_id\\\": \\\"GUID\\\"}",
        );
    }
    let unknown = account.call("GET", "/v2/resource_instances?state=x").send();
    assert_eq!(unknown.status, 400, "{}", unknown.text());
    assert!(unknown.text().contains("`state`"), "{}", unknown.text());
    // A time that was shown finds what it was shown of.
    let instance = account.read(&path_of(&first));
    let updated = text(&instance["updated_at"]).replace('+', "%2B");
    let query = format!("?updated_from={updated}&updated_to={updated}");
    assert!(
        list(&query).iter().any(|name| name == "monitoring"),
        "{query}"
    );
    let (date, _) = updated.split_once('T').unwrap();
    let query = format!("?updated_from={date}&updated_to={date}");
    assert!(
        list(&query).iter().any(|name| name == "monitoring"),
        "{query}"
    );
    let page = account.read("/v2/resource_instances?limit=1&type=service_instance");
    assert_eq!(page["rows_count"], 1);
    let next = text(&page["next_url"]);
    let (_, query) = next.split_once('?').unwrap();
    assert!(query.contains("type=service_instance"), "{query}");
    let page = account.read(&format!("/v2/resource_instances?{query}"));
    assert_eq!(
        (names(&page), &page["next_url"]),
        (vec!["second".to_owned()], &Value::Null)
    );
    for (query, field) in [
        ("?sub_type=kms", "sub_type"),
        ("?updated_from=yesterday", "updated_from"),
        ("?limit=0", "limit"),
    ] {
        let reply = account.call("GET", &format!("/v2/resource_instances{query}"));
        refused(&reply.send(), 400, "invalid_parameter", field);
    }
}

#[test]
fn what_has_no_effect_is_refused_by_its_name() {
    let account = Account::start();
    let space = account.server.owner.space.clone();
    let wish = |field: &str, value: Value| {
        let mut wish = account.wish(&space, "premium");
        wish[field] = value;
        account.ask("POST", "/v2/resource_instances", &wish)
    };
    let long = "x".repeat(256);
    for (field, value) in [
        ("allow_cleanup", json!(true)),
        ("tags", json!(["a"])),
        ("parameters", json!({"space_id": space, "alerts": true})),
        ("parameters", json!({"space_id": "dev"})),
        (
            "parameters",
            json!({"space_id": account.server.owner.account}),
        ),
        ("target", json!("atlantis")),
        ("target", json!(long)),
        ("resource_plan_id", json!("gold")),
        ("resource_plan_id", json!(long)),
        ("resource_group", json!("0".repeat(32))),
        ("resource_group", json!(long)),
        ("name", json!("")),
        ("name", json!(long)),
    ] {
        let reply = wish(field, value.clone());
        let about = match field {
            "parameters" if value.get("alerts").is_some() => "alerts",
            "parameters" => "space_id",
            _ => field,
        };
        refused(&reply, 400, "invalid_parameter", about);
    }
    let made = account.instance("premium");
    let twice = account.wish(&space, "lite");
    let twice = account.ask("POST", "/v2/resource_instances", &twice);
    refused(&twice, 409, "conflict", "already");
    let path = path_of(&made);
    for (body, about) in [
        (json!({"allow_cleanup": true}), "allow_cleanup"),
        (json!({"tags": ["a"]}), "tags"),
        (json!({"resource_group": "0".repeat(32)}), "resource_group"),
        (json!({"resource_plan_id": "gold"}), "resource_plan_id"),
        (
            json!({"parameters": {"space_id": account.new_space("second")}}),
            "space_id",
        ),
    ] {
        let reply = account.ask("PATCH", &path, &body);
        refused(&reply, 400, "invalid_parameter", about);
    }
    let same = json!({"parameters": {"space_id": space}, "name": "renamed"});
    let same = account.ask("PATCH", &path, &same);
    assert_eq!(
        (same.status, &same.json()["name"]),
        (200, &json!("renamed"))
    );
    let lock = format!("{path}/lock");
    let locked = account.call("POST", &lock).send();
    assert_eq!(
        (locked.status, &locked.json()["locked"]),
        (200, &json!(true))
    );
    let change = account.ask("PATCH", &path, &json!({"name": "late"}));
    refused(&change, 409, "locked", "unlock");
    refused(
        &account.call("DELETE", &path).send(),
        409,
        "locked",
        "unlock",
    );
    let unlocked = account.call("DELETE", &lock).send();
    assert_eq!(
        (unlocked.status, &unlocked.json()["locked"]),
        (200, &json!(false))
    );
    assert_eq!(account.call("DELETE", &path).send().status, 202);
    refused(&account.call("GET", &path).send(), 404, "not_found", "");
}
