//! `If-Match` where none is asked for: who names a version deletes and locks that version alone, and what has no versions takes none.

use crate::harness::{Account, Reply};
use serde_json::{Value, json};

impl Account {
    fn with_tag(&self, method: &str, path: &str, tag: &str) -> Reply {
        self.call(method, path).header("If-Match", tag).send()
    }

    /// The path of what was made, and its tag.
    fn path(&self, list: &str, body: &Value) -> String {
        let made = self.make(list, body);
        format!("{list}/{}", made["id"].as_str().unwrap())
    }

    fn tag(&self, path: &str) -> String {
        let read = self.call("GET", path).send();
        assert_eq!(read.status, 200, "{path}: {}", read.text());
        read.header("ETag").unwrap().to_owned()
    }
}

fn stale(reply: &Reply) {
    let text = reply.text();
    assert_eq!(reply.status, 409, "{text}");
    assert!(text.contains("entity tag"), "{text}");
}

fn untaken(reply: &Reply) {
    let text = reply.text();
    assert_eq!(reply.status, 400, "{text}");
    assert!(text.contains("`If-Match`"), "{text}");
}

/// Everything that has versions, each with its path.
fn all(account: &Account) -> Vec<String> {
    let account_id = &account.server.owner.account;
    let user = account.call("GET", "/v1/apikeys").send().json()["apikeys"][0]["iam_id"].clone();
    let path = |list: &str, body: Value| account.path(list, &body);
    let profile = path(
        "/v1/profiles",
        json!({"name": "ops", "account_id": account_id}),
    );
    let group = path("/v2/groups", json!({"name": "team"}));
    let of_profile = json!({
        "type": "Profile-CR", "cr_type": "IKS_SA",
        "conditions": [{"claim": "namespace", "operator": "EQUALS", "value": "\"prod\""}],
    });
    let condition = json!({"claim": "email", "operator": "EQUALS", "value": "a@example.org"});
    let of_group = json!({"expiration": 24, "realm_name": "IBMid", "conditions": [condition]});
    let link = json!({"cr_type": "IKS_SA", "link": {"namespace": "prod", "name": "ci"}});
    let policy = json!({
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": user}]}],
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
        "resources": [{"attributes": [{"name": "accountId", "value": account_id}]}],
    });
    let role = json!({
        "name": "Dashboards", "display_name": "Reads dashboards", "actions": ["domain.render"],
        "account_id": account_id, "service_name": "ibmcloud-monitoring",
    });
    vec![
        path("/v1/apikeys", json!({"name": "ci", "iam_id": user})),
        path(
            "/v1/serviceids",
            json!({"name": "ci", "account_id": account_id}),
        ),
        path(
            "/v1/serviceid_groups",
            json!({"name": "ci", "account_id": account_id}),
        ),
        path(&format!("{profile}/rules"), of_profile),
        path(&format!("{profile}/links"), link),
        profile,
        path(&format!("{group}/rules"), of_group),
        group,
        path("/v1/policies", policy),
        path("/v2/roles", role),
    ]
}

#[test]
fn a_version_that_is_named_is_the_only_one_that_is_deleted() {
    let account = Account::start();
    for path in all(&account) {
        for tags in ["9-stale", "\"9-stale\"", "W/\"9-stale\", \"8-x\""] {
            stale(&account.with_tag("DELETE", &path, tags));
        }
        for none in ["", "\"\"", "W/\"\""] {
            untaken(&account.with_tag("DELETE", &path, none));
        }
        let tag = account.tag(&path);
        let named = format!("\"9-stale\", {tag}");
        let deleted = account.with_tag("DELETE", &path, &named);
        assert_eq!(deleted.status, 204, "{path}: {}", deleted.text());
        assert_eq!(account.call("GET", &path).send().status, 404, "{path}");
    }
}

#[test]
fn so_it_is_with_switches() {
    let account = Account::start();
    let all = all(&account);
    for (path, switches) in [
        (&all[0], &["lock", "disable"][..]),
        (&all[1], &["lock"][..]),
    ] {
        for switch in switches {
            let at = format!("{path}/{switch}");
            for method in ["POST", "DELETE"] {
                stale(&account.with_tag(method, &at, "9-stale"));
                let done = account.with_tag(method, &at, &account.tag(path));
                assert_eq!(done.status, 204, "{method} {at}: {}", done.text());
            }
        }
        assert_eq!(account.with_tag("DELETE", path, "*").status, 204, "{path}");
    }
}

#[test]
fn what_has_no_versions_takes_none() {
    let account = Account::start();
    let group = account.path("/v2/resource_groups", &json!({"name": "prod"}));
    let space = format!("/v2/spaces/{}", account.server.owner.space);
    let rename = |tag: &str| {
        let request = account.call("PATCH", &group).header("If-Match", tag);
        request.json(&json!({"name": "production"})).send()
    };
    // No tag is no version, where a change needs one, too.
    let key = &account.call("GET", "/v1/apikeys").send().json()["apikeys"][0]["id"];
    let key = format!("/v1/apikeys/{}", key.as_str().unwrap());
    let request = account.call("PUT", &key).header("If-Match", "\"\"");
    untaken(&request.json(&json!({"name": "renamed"})).send());
    untaken(&rename("1-x"));
    untaken(&account.with_tag("DELETE", &group, "1-x"));
    untaken(&account.with_tag("DELETE", &space, "1-x"));
    assert_eq!(account.call("GET", &space).send().status, 200);
    // To read is no change.
    assert_eq!(account.with_tag("GET", &group, "1-x").status, 200);
    assert_eq!(rename("*").status, 200);
    assert_eq!(account.with_tag("DELETE", &group, "*").status, 204);
}
