//! An account in a request that is not the credential's, wherever it is named: another one of the caller's is refused as such, and
//! one that the caller is not in like one that does not exist.

use crate::harness::{Account, Reply};
use serde_json::{Value, json};

/// Lists that a query names the account of.
const LISTS: [&str; 9] = [
    "/v1/apikeys",
    "/v1/serviceids",
    "/v1/profiles",
    "/v1/serviceid_groups",
    "/v1/policies",
    "/v2/policies",
    "/v2/groups",
    "/v2/roles",
    "/v2/resource_groups",
];

impl Account {
    /// What is made in the account that the body names.
    fn made_in(&self, account: &str, iam_id: &str) -> [(&'static str, Value); 6] {
        [
            (
                "/v1/apikeys",
                json!({"name": "a", "iam_id": iam_id, "account_id": account}),
            ),
            (
                "/v1/serviceids",
                json!({"name": "a", "account_id": account}),
            ),
            ("/v1/profiles", json!({"name": "a", "account_id": account})),
            (
                "/v1/serviceid_groups",
                json!({"name": "a", "account_id": account}),
            ),
            (
                "/v2/roles",
                json!({
                    "name": "Sender", "display_name": "Sends", "actions": ["domain.write"],
                    "account_id": account, "service_name": "ibmcloud-monitoring",
                }),
            ),
            (
                "/v2/resource_groups",
                json!({"name": "a", "account_id": account}),
            ),
        ]
    }

    /// The answers to requests that name the account: in the path, in the query, and in the body.
    fn answers(&self, account: &str, iam_id: &str) -> Vec<(String, Reply)> {
        let in_path = [
            format!("/v1/accounts/{account}/settings/identity"),
            format!("/v2/accounts/{account}/users"),
        ];
        let in_query = LISTS.map(|list| format!("{list}?account_id={account}"));
        let read = in_path.into_iter().chain(in_query).map(|path| {
            let reply = self.call("GET", &path).send();
            (path, reply)
        });
        let made = self
            .made_in(account, iam_id)
            .into_iter()
            .map(|(path, body)| {
                let reply = self.ask("POST", path, &body);
                (format!("POST {path}"), reply)
            });
        read.chain(made).collect()
    }
}

#[test]
fn an_account_is_refused_alike_wherever_it_is_named() {
    let account = Account::start();
    let iam_id = account.read("/identity/userinfo")["iam_id"].clone();
    let iam_id = iam_id.as_str().unwrap();
    let own = account.server.owner.account.clone();
    let (other, missing) = (account.server.second_account(), "0".repeat(32));
    for (named, status, code) in [
        (other.as_str(), 403, "wrong_account"),
        (missing.as_str(), 404, "not_found"),
        ("none", 404, "not_found"),
    ] {
        for (request, reply) in account.answers(named, iam_id) {
            let body = reply.text();
            assert_eq!(reply.status, status, "{request}: {body}");
            assert!(body.contains(code), "{request}: {body}");
        }
    }
    // Each of them is a good request for the own account.
    for (request, reply) in account.answers(&own, iam_id) {
        assert!(reply.status < 300, "{request}: {}", reply.text());
    }
}
