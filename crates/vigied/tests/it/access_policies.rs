//! Access policies as IBM's clients know them: made in either form, listed, changed with their tag, deleted, and what each gives.

mod authorizations;
mod conditions;
mod decisions;
mod lists;
mod lists_of_roles;
mod mends;
mod repeated;
mod visible;

use crate::harness::{Account, Reply};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

/// Nothing is refused by that of the lists at once: it is tried in `lists`, and the last three in `hostile/waiting_lists.rs`.
pub(crate) const LIMITS: [Limit; 8] = [
    limit::INVITED_ACCESS_PER_REQUEST,
    limit::POLICIES_PER_SUBJECT,
    limit::ROLES_PER_POLICY,
    limit::POLICY_VALUE_BYTES,
    limit::AUTHZ_DECISIONS,
    limit::LISTS_AT_ONCE_PER_ACCOUNT,
    limit::LISTS_WAITING_PER_ACCOUNT,
    limit::LISTS_WAITING_PER_IDENTITY,
];

const VIEWER: &str = "crn:v1:bluemix:public:iam::::role:Viewer";
const OPERATOR: &str = "crn:v1:bluemix:public:iam::::role:Operator";
const WRITER: &str = "crn:v1:bluemix:public:iam::::serviceRole:Writer";

/// The other roles that every account has.
const KINDS: [&str; 4] = [
    "crn:v1:bluemix:public:iam::::role:Editor",
    "crn:v1:bluemix:public:iam::::role:Administrator",
    "crn:v1:bluemix:public:iam::::serviceRole:Reader",
    "crn:v1:bluemix:public:iam::::serviceRole:Manager",
];

impl Account {
    fn space(&self) -> &str {
        &self.server.owner.space
    }

    /// A policy of the first form.
    fn first(&self, subject: &str, role: &str, more: &[(&str, &str)]) -> Value {
        let account = [("accountId", self.server.owner.account.as_str())];
        let all = account.iter().chain(more);
        let all = all.map(|(name, value)| json!({"name": name, "value": value}));
        json!({
            "type": "access",
            "subjects": [{"attributes": [{"name": "iam_id", "value": subject}]}],
            "roles": [{"role_id": role}],
            "resources": [{"attributes": all.collect::<Vec<Value>>()}],
        })
    }

    /// A policy of the second form.
    fn second(&self, subject: &str, role: &str, more: &[(&str, &str)]) -> Value {
        let account = [("accountId", self.server.owner.account.as_str())];
        let all = account.iter().chain(more);
        let equal = |key: &str, value: &str| json!({"key": key, "operator": "stringEquals", "value": value});
        let all = all.map(|(key, value)| equal(key, value));
        json!({
            "type": "access",
            "control": {"grant": {"roles": [{"role_id": role}]}},
            "subject": {"attributes": [equal("iam_id", subject)]},
            "resource": {"attributes": all.collect::<Vec<Value>>()},
        })
    }

    /// The status of sending, and that of querying, in the owner's space.
    fn does(&self, key: &str) -> (u16, u16) {
        let ask = |method: &str, path: &str| {
            let request = self.server.request(method, path);
            request
                .header("X-Auth-User-Token", &format!("apikey {key}"))
                .header("X-Auth-Scope-Id", &format!("s-{}", self.space()))
        };
        let stamp = crate::harness::now() - 5;
        let sample = json!([{"name": "policy.seen", "value": 1, "timestamp": stamp}]);
        let sent = ask("POST", "/v1/metrics").json(&sample).send();
        let asked = ask("GET", "/v1/metrics?target=policy.seen").send();
        (sent.status, asked.status)
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn refused(reply: &Reply, status: u16, word: &str, about: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
    assert!(body.contains(about), "{body}");
}

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap_or_default().to_owned()
}

#[test]
fn a_policy_has_effect_within_the_call_and_is_shown_in_both_forms() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    assert_eq!(account.does(&key), (404, 404));
    let space = account.space().to_owned();
    let of_space = [
        ("serviceName", "ibmcloud-monitoring"),
        ("spaceId", space.as_str()),
    ];
    let made = account.make("/v1/policies", &account.first(&subject, VIEWER, &of_space));
    assert_eq!(account.does(&key), (403, 200));
    assert_eq!(made["type"], "access");
    assert_eq!(made["state"], "active");
    assert_eq!(made["roles"][0]["role_id"], VIEWER);
    assert_eq!(made["roles"][0]["display_name"], "Viewer");
    let subjects = json!([{"attributes": [{"name": "iam_id", "value": subject}]}]);
    assert_eq!(made["subjects"], subjects);
    let resource = &made["resources"][0]["attributes"][2];
    assert_eq!(
        *resource,
        json!({"name": "spaceId", "value": space, "operator": "stringEquals"})
    );
    let id = text(&made["id"]);
    assert!(text(&made["href"]).ends_with(&format!("/v1/policies/{id}")));

    // The same in the other form, in which it is said anew.
    let path = format!("/v2/policies/{id}");
    let read = account.call("GET", &path).send();
    let answered = read.json();
    assert_eq!(answered["control"]["grant"]["roles"][0]["role_id"], VIEWER);
    assert_eq!(
        answered["subject"]["attributes"][0]["value"],
        json!(subject)
    );
    let stale = tag(&read);
    assert!(stale.starts_with('"'), "{stale}");
    let anew = account.second(&subject, OPERATOR, &of_space);
    let unmatched = account.ask("PUT", &path, &anew);
    refused(&unmatched, 400, "invalid_parameter", "If-Match");
    let put = |tag: &str, body: &Value| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(body).send()
    };
    let changed = put(&stale, &anew);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_ne!(tag(&changed), stale);
    assert_eq!(account.does(&key), (200, 403));
    refused(&put(&stale, &anew), 409, "conflict", "read it again");
    let writes = account.second(&subject, WRITER, &of_space);
    assert_eq!(put("*", &writes).status, 200);
    assert_eq!(account.does(&key), (200, 200));

    // Out of force, and in force again.
    let switch = |state: &str| {
        let request = account.call("PATCH", &format!("/v1/policies/{id}"));
        let request = request.header("If-Match", "*");
        request.json(&json!({"state": state})).send()
    };
    assert_eq!(switch("deleted").json()["state"], "deleted");
    assert_eq!(account.does(&key), (404, 404));
    let listed = |query: &str| {
        let path = format!("/v1/policies?iam_id={subject}{query}");
        let reply = account.call("GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["policies"].as_array().unwrap().len()
    };
    assert_eq!((listed(""), listed("&state=deleted")), (0, 1));
    refused(&switch("asleep"), 400, "invalid_parameter", "`state`");
    assert_eq!(switch("active").status, 200);
    assert_eq!(account.does(&key), (200, 200));
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(account.does(&key), (404, 404));
    let gone = account.call("GET", &format!("/v1/policies/{id}")).send();
    refused(&gone, 404, "not_found", "does not exist");
}

/// Nothing is stored that has no effect.
#[test]
fn what_is_not_enforced_is_refused_by_its_name() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    for (more, about) in [
        (("serviceName", "kms"), "`serviceName`"),
        (("serviceType", "platform_service"), "`serviceType`"),
        (("service_group_id", "IAM"), "`service_group_id`"),
        (("serviceInstance", "x"), "`serviceInstance`"),
        (("spaceId", "x"), "`spaceId`"),
        (("accountId", "x"), "`accountId`"),
        (("region", "atlantis"), "`region`"),
    ] {
        for (path, body) in [
            ("/v1/policies", account.first(&subject, VIEWER, &[more])),
            ("/v2/policies", account.second(&subject, VIEWER, &[more])),
        ] {
            let reply = account.ask("POST", path, &body);
            refused(&reply, 400, "invalid_parameter", about);
        }
    }
    let change = |pointer: &str, value: Value| {
        let mut body = account.second(&subject, VIEWER, &[]);
        match pointer.rsplit_once('/') {
            Some((parent, member)) => {
                body.pointer_mut(parent).unwrap()[member] = value;
            }
            None => body[pointer] = value,
        }
        account.ask("POST", "/v2/policies", &body)
    };
    for (pointer, value, about) in [
        ("/type", json!("authorization"), "`iam_id`"),
        ("/type", json!("template"), "`type`"),
        ("/pattern", json!("time-based-conditions:once"), "`pattern`"),
        (
            "/rule",
            json!({"key": "{{environment.attributes.day_of_week}}"}),
            "`rule`",
        ),
        (
            "/resource/tags",
            json!([{"key": "env", "value": "prod"}]),
            "`tags`",
        ),
        (
            "/resource/attributes",
            json!([{"key": "region", "operator": "stringExists", "value": true}]),
            "stringExists",
        ),
        (
            "/resource/attributes",
            json!([{"key": "region", "operator": "stringEqualsAnyOf", "value": "us-south"}]),
            "stringEqualsAnyOf",
        ),
        ("/resource/attributes", json!([]), "`accountId`"),
        ("/subject/attributes", json!([]), "subject"),
        (
            "/control/grant/roles",
            json!([{"role_id": "crn:v1:bluemix:public:iam::::role:Emperor"}]),
            "Emperor",
        ),
        ("/control/grant/roles", json!([]), "`roles`"),
    ] {
        refused(&change(pointer, value), 400, "invalid_parameter", about);
    }
    for query in [
        "tag_name=a",
        "tag_value=a",
        "format=include_last_permit",
        "sort=colour",
    ] {
        let (name, _) = query.split_once('=').unwrap();
        let reply = account.call("GET", &format!("/v1/policies?{query}")).send();
        refused(&reply, 400, "invalid_parameter", &format!("`{name}`"));
    }
    assert_eq!(account.does(&key), (404, 404));
    let all = account.call("GET", "/v2/policies").send().json();
    assert_eq!(all["policies"], json!([]));
}

#[test]
fn pages_of_policies_lead_to_each_other() {
    let account = Account::start();
    let mut made = Vec::new();
    for _ in 0..3 {
        let (subject, _) = account.service("ci");
        let body = account.first(&subject, VIEWER, &[]);
        made.push(text(&account.make("/v1/policies", &body)["id"]));
    }
    made.sort();
    for form in ["v1", "v2"] {
        let mut path = format!("/{form}/policies?limit=1&sort=id");
        let mut found = Vec::new();
        loop {
            let page = account.call("GET", &path).send().json();
            assert_eq!(page["limit"], 1);
            found.push(text(&page["policies"][0]["id"]));
            if found.len() == 2 {
                let before = text(&page["previous"]["href"]);
                let before = &before[before.find(&format!("/{form}/")).unwrap()..];
                let before = account.call("GET", before).send().json();
                assert_eq!(before["policies"][0]["id"], json!(found[0]));
            }
            let Some(next) = page["next"]["href"].as_str() else {
                break;
            };
            let start = text(&page["next"]["start"]);
            assert!(next.contains(&format!("start={start}")), "{next}");
            path = next[next.find(&format!("/{form}/")).unwrap()..].to_owned();
        }
        assert_eq!(found, made);
    }
    let reverse = account.call("GET", "/v1/policies?sort=-id").send().json();
    assert_eq!(reverse["policies"][2]["id"], json!(made[0]));
    let none = account.call("GET", "/v1/policies?type=authorization");
    assert_eq!(none.send().json()["policies"], json!([]));
}

#[test]
fn a_role_of_actions_is_given_by_its_crn() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    let all = account.call("GET", "/v2/roles").send().json();
    assert_eq!(all["system_roles"].as_array().unwrap().len(), 4);
    assert_eq!(all["service_roles"][0]["display_name"], "Reader");
    assert_eq!(all["custom_roles"], json!([]));
    let body = json!({
        "name": "Sender", "display_name": "Sender of ours", "actions": ["domain.write"],
        "account_id": account.server.owner.account, "service_name": "ibmcloud-monitoring",
    });
    let role = account.make("/v2/roles", &body);
    let crn = text(&role["crn"]);
    assert!(crn.ends_with("::customRole:Sender"), "{crn}");
    account.make("/v1/policies", &account.first(&subject, &crn, &[]));
    assert_eq!(account.does(&key), (200, 403));
    let path = format!("/v2/roles/{}", text(&role["id"]));
    let read = account.call("GET", &path).send();
    let anew = json!({"display_name": "Reader of ours", "actions": ["domain.render"]});
    let put = |tag: &str| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(&anew).send()
    };
    assert_eq!(put(&tag(&read)).status, 200);
    assert_eq!(account.does(&key), (403, 200));
    refused(&put(&tag(&read)), 409, "conflict", "read it again");
    refused(
        &account.call("DELETE", &path).send(),
        409,
        "conflict",
        "policy",
    );
    for (member, value) in [
        ("name", json!("sender of ours")),
        ("actions", json!(["domain.fly"])),
        ("actions", json!([])),
        ("service_name", json!("kms")),
    ] {
        let mut wrong = body.clone();
        wrong[member] = value;
        let reply = account.ask("POST", "/v2/roles", &wrong);
        refused(&reply, 400, "invalid_parameter", member);
    }
    for (name, display_name, field) in [
        ("Sender", "Another", "`name`"),
        ("Viewer", "Another", "Viewer"),
        ("Another", "Reader of Ours", "`display_name`"),
        ("Another", "Writer", "Writer"),
    ] {
        let mut taken = body.clone();
        taken["name"] = json!(name);
        taken["display_name"] = json!(display_name);
        let reply = account.ask("POST", "/v2/roles", &taken);
        refused(&reply, 409, "role_conflict_error", field);
    }
}

#[test]
fn only_members_act_in_an_account_and_no_setting_says_otherwise() {
    let account = Account::start();
    let path = format!(
        "/v1/accounts/{}/settings/access_management",
        account.server.owner.account
    );
    let read = account.call("GET", &path).send();
    let kinds = "/external_account_identity_interaction/identity_types";
    let settings = read.json();
    for kind in ["user", "service_id", "service"] {
        let kind = &settings.pointer(kinds).unwrap()[kind];
        let limited = json!({"state": "limited", "external_allowed_accounts": []});
        assert_eq!(*kind, limited);
    }
    let patch = |tag: &str, body: &Value| {
        let request = account.call("PATCH", &path).header("If-Match", tag);
        request.json(body).send()
    };
    let listed = format!("\"7\", W/{}", tag(&read));
    for version in [&tag(&read), &listed] {
        assert_eq!(patch(version, &settings).json(), settings);
    }
    let mut other = settings.clone();
    other.pointer_mut(kinds).unwrap()["user"]["state"] = json!("enabled");
    refused(&patch("*", &other), 400, "invalid_parameter", "`user`");
    refused(&patch("\"7\"", &settings), 409, "conflict", "entity tag");
}

#[test]
fn policies_and_decisions_are_limited() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    // None says what another says.
    let body = |at: u64| {
        let mut body = account.first(&subject, VIEWER, &[]);
        let named = [VIEWER, OPERATOR, WRITER];
        let roles = KINDS.iter().chain(&named).enumerate();
        let given = roles.filter(|(bit, _)| ((at + 1) >> bit) & 1 == 1);
        let roles = given.map(|(_, role)| json!({"role_id": role}));
        body["roles"] = roles.collect();
        body
    };
    for at in 0..limit::POLICIES_PER_SUBJECT.default {
        account.make("/v1/policies", &body(at));
    }
    let over = |reply: &Reply, status: u16, limit: Limit| {
        let word = if status == 409 {
            "limit_exceeded"
        } else {
            "invalid_parameter"
        };
        refused(reply, status, word, limit.name);
        assert_eq!(hits(&account.server, limit), 1, "{}", limit.name);
    };
    let one_more = body(limit::POLICIES_PER_SUBJECT.default);
    let one_more = account.ask("POST", "/v1/policies", &one_more);
    over(&one_more, 409, limit::POLICIES_PER_SUBJECT);
    let (subject, _) = account.service("ci");
    let mut many = account.first(&subject, VIEWER, &[]);
    let most = usize::try_from(limit::ROLES_PER_POLICY.default).unwrap();
    many["roles"] = json!(vec![json!({"role_id": VIEWER}); most + 1]);
    let reply = account.ask("POST", "/v1/policies", &many);
    over(&reply, 400, limit::ROLES_PER_POLICY);
    let long = "x".repeat(1001);
    let long = account.first(&subject, VIEWER, &[("region", long.as_str())]);
    let reply = account.ask("POST", "/v1/policies", &long);
    over(&reply, 400, limit::POLICY_VALUE_BYTES);
    let policy = json!({"type": "access", "roles": [many["roles"][0]], "resources": []});
    let people = (0..11).map(|at| json!({"email": format!("p{at}@example.org")}));
    let people: Vec<Value> = people.collect();
    let path = format!("/v2/accounts/{}/users", account.server.owner.account);
    let body = json!({"users": people, "iam_policy": vec![policy; 100]});
    let reply = account.ask("POST", &path, &body);
    over(&reply, 400, limit::INVITED_ACCESS_PER_REQUEST);
    let authz_request = json!({"subject": {}, "resource": {}, "action": "domain.find"});
    let reply = account.ask("POST", "/v2/authz", &json!(vec![authz_request; 101]));
    over(&reply, 400, limit::AUTHZ_DECISIONS);
}
