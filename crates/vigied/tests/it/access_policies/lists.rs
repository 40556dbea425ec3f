//! Lists of what policies show, and many of them at once.

use super::{Account, VIEWER, text};
use serde_json::{Value, json};
use std::thread;

impl Account {
    fn made(&self, path: &str, body: &Value) -> String {
        text(&self.make(path, body)["metadata"]["guid"])
    }

    /// The names in a list that the holder of a token sees.
    fn seen(&self, token: &str, path: &str) -> Vec<String> {
        let reply = self.server.request("GET", path).bearer(token).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let all = reply.json()["resources"].as_array().unwrap().clone();
        all.iter()
            .map(|entry| text(&entry["entity"]["name"]))
            .collect()
    }
}

#[test]
fn a_list_has_what_policies_are_about() {
    let account = Account::start();
    let org = account.made("/v2/organizations", &json!({"name": "other"}));
    let space = |name: &str| {
        let body = json!({"organization_guid": org, "name": name});
        account.made("/v2/spaces", &body)
    };
    let (one, _) = (space("one"), space("two"));
    let owner = &account.server.owner;
    let home = account.seen(&account.token, "/v2/organizations");
    let home = home.iter().find(|name| *name != "other").unwrap();
    let path = format!("/v2/organizations/{org}");
    let (org_id, one) = (org.as_str(), one.as_str());
    for (attributes, spaces, shows_other) in [
        (vec![("spaceId", one)], vec!["one"], true),
        (vec![("organizationId", org_id)], vec!["one", "two"], true),
        (vec![("spaceId", owner.space.as_str())], vec!["dev"], false),
        (vec![("resourceType", "account")], vec![], false),
        (vec![("resourceType", "organization")], vec![], true),
        (
            vec![("resourceType", "space"), ("region", owner.region.as_str())],
            vec!["dev", "one", "two"],
            true,
        ),
        (
            vec![("resourceGroupId", owner.account.as_str())],
            vec!["dev", "one", "two"],
            true,
        ),
        (vec![], vec!["dev", "one", "two"], true),
    ] {
        let (subject, key) = account.service("ci");
        let token = account.token_of(&key);
        assert!(account.seen(&token, "/v2/spaces").is_empty());
        let policy = account.second(&subject, VIEWER, &attributes);
        let made = account.make("/v2/policies", &policy);
        let mut seen = account.seen(&token, "/v2/spaces");
        seen.sort();
        assert_eq!(seen, spaces, "{attributes:?}");
        let orgs = account.seen(&token, "/v2/organizations");
        let is_other = |name: &String| name == "other";
        assert_eq!(orgs.iter().any(is_other), shows_other, "{attributes:?}");
        let shows_home =
            spaces.contains(&"dev") || attributes == [("resourceType", "organization")];
        assert_eq!(orgs.contains(home), shows_home, "{attributes:?}");
        let status = || {
            let request = account.server.request("GET", &path).bearer(&token);
            request.send().status
        };
        assert_eq!(
            status(),
            if shows_other { 200 } else { 404 },
            "{attributes:?}"
        );
        let path = format!("/v2/policies/{}", text(&made["id"]));
        assert_eq!(account.call("DELETE", &path).send().status, 204);
        assert_eq!(status(), 404, "{attributes:?}");
        assert!(account.seen(&token, "/v2/spaces").is_empty());
    }
}

/// Every policy is about the one service here, which is of the type `service`: by name, by type, or because it names none.
#[test]
fn a_list_by_the_type_of_service_has_every_policy() {
    let account = Account::start();
    let mut made = Vec::new();
    for attributes in [
        vec![("serviceName", "ibmcloud-monitoring")],
        vec![("serviceType", "service")],
        vec![("resourceType", "space")],
    ] {
        let (subject, _) = account.service("ci");
        let policy = account.second(&subject, VIEWER, &attributes);
        made.push(text(&account.make("/v2/policies", &policy)["id"]));
    }
    let listed = |kind: &str| {
        let path = format!(
            "/v2/policies?account_id={}&service_type={kind}",
            account.server.owner.account
        );
        let reply = account.call("GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let all = reply.json()["policies"].as_array().unwrap().clone();
        let mut ids: Vec<String> = all.iter().map(|policy| text(&policy["id"])).collect();
        ids.sort();
        ids
    };
    made.sort();
    assert_eq!(listed("service"), made);
    assert_eq!(listed("platform_service"), Vec::<String>::new());
}

#[test]
fn more_lists_than_are_worked_out_at_once_are_all_answered() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    account.make("/v2/policies", &account.second(&subject, VIEWER, &[]));
    let token = account.token_of(&key);
    let authz_request = json!([{
        "subject": {"attributes": {"id": subject}},
        "resource": {"attributes": {"spaceId": account.space()}},
        "action": "domain.render",
    }]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(account.seen(&token, "/v2/spaces"), ["dev"]);
                    let request = account.server.request("POST", "/v2/authz").bearer(&token);
                    let reply = request.json(&authz_request).send();
                    assert_eq!(reply.status, 200, "{}", reply.text());
                }
            });
        }
    });
}
