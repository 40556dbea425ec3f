//! Access groups, their members and rules are counted by account.

use super::is_full;
use crate::harness::Server;
use serde_json::json;

/// One group, with one member and one rule, is as much as there may be.
pub(super) fn are_full(server: &Server, user: &str) {
    let ask = |method: &str, path: &str| {
        let header = format!("apikey {}", server.owner.api_key);
        let request = server.request(method, path);
        request.header("X-Auth-User-Token", &header)
    };
    let group = |name: &str| {
        ask("POST", "/v2/groups")
            .json(&json!({"name": name}))
            .send()
    };
    let made = group("first");
    assert_eq!(made.status, 201, "{}", made.text());
    is_full(&group("second"), "access_groups_per_account");
    let path = format!("/v2/groups/{}", made.json()["id"].as_str().unwrap());
    let rule = || {
        let condition = json!({"claim": "email", "operator": "EQUALS", "value": "one@vigie.local"});
        let body = json!({"expiration": 24, "realm_name": "IBMid", "conditions": [condition]});
        ask("POST", &format!("{path}/rules")).json(&body).send()
    };
    assert_eq!(rule().status, 201);
    is_full(&rule(), "group_rules_per_account");
    let services = ask("GET", "/v1/serviceids").send().json();
    let service = &services["serviceids"][0]["iam_id"];
    let body = json!({"members": [{"iam_id": user}, {"iam_id": service}, {"iam_id": user}]});
    let put = ask("PUT", &format!("{path}/members")).json(&body).send();
    assert_eq!(put.status, 207, "{}", put.text());
    let members = put.json()["members"].clone();
    let statuses = [0, 1, 2].map(|at| members[at]["status_code"].as_u64().unwrap());
    assert_eq!(statuses, [200, 409, 200], "{members}");
    let refused = members[1]["errors"][0].to_string();
    assert!(refused.contains("group_members_per_account"), "{refused}");
}
