//! What another access policy in force says already is refused with its id, in whichever form and order it is said again.

use super::{Account, OPERATOR, VIEWER, WRITER, refused, text};
use serde_json::{Value, json};

const CONFLICT: &str = "policy_conflict_error";

/// The policy with other roles.
fn giving(policy: &Value, roles: &[&str]) -> Value {
    let roles: Vec<Value> = (roles.iter())
        .map(|role| json!({"role_id": role}))
        .collect();
    let mut policy = policy.clone();
    if policy["control"].is_object() {
        policy["control"]["grant"]["roles"] = json!(roles);
    } else {
        policy["roles"] = json!(roles);
    }
    policy
}

#[test]
fn the_same_is_said_once_in_either_form() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let dashed = account.space().to_owned();
    let bare = dashed.replace('-', "").to_uppercase();
    let kind = ("resourceType", "space");
    let first = account.first(&subject, VIEWER, &[("spaceId", dashed.as_str()), kind]);
    let first = giving(&first, &[VIEWER, OPERATOR]);
    let made = account.make("/v1/policies", &first);
    let id = text(&made["id"]);
    let mut described = first.clone();
    described["description"] = json!("again");
    let second = account.second(&subject, VIEWER, &[kind, ("spaceId", bare.as_str())]);
    let second = giving(&second, &[OPERATOR, VIEWER]);
    for (path, body) in [
        ("/v1/policies", &first),
        ("/v1/policies", &described),
        ("/v2/policies", &second),
        ("/v1/policies", &giving(&first, &[OPERATOR, VIEWER, VIEWER])),
    ] {
        let reply = account.ask("POST", path, body);
        refused(&reply, 409, CONFLICT, &id);
        assert_eq!(reply.json()["errors"][0]["code"], CONFLICT);
    }
    // Other roles, another place, another subject.
    let (neighbour, _) = account.service("ci");
    let wider = account.first(&subject, VIEWER, &[kind]);
    let others = [
        giving(&first, &[VIEWER]),
        giving(&first, &[VIEWER, OPERATOR, WRITER]),
        giving(&wider, &[VIEWER, OPERATOR]),
        giving(
            &account.first(&neighbour, VIEWER, &[("spaceId", dashed.as_str()), kind]),
            &[VIEWER, OPERATOR],
        ),
    ];
    for body in &others {
        account.make("/v1/policies", body);
    }
    // It may be said anew, by itself alone.
    let put = |id: &str, body: &Value| {
        let path = format!("/v1/policies/{id}");
        let request = account.call("PUT", &path).header("If-Match", "*");
        request.json(body).send()
    };
    assert_eq!(put(&id, &described).status, 200);
    let reply = put(&id, &giving(&first, &[VIEWER]));
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert_eq!(reply.json()["errors"][0]["message_code"], CONFLICT);
}

#[test]
fn a_role_that_is_named_twice_is_given_once() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let body = account.first(&subject, VIEWER, &[]);
    let twice = [OPERATOR, VIEWER, OPERATOR];
    let made = account.make("/v1/policies", &giving(&body, &twice));
    let roles = |policy: &Value| {
        let all = policy["roles"].as_array().unwrap().iter();
        all.map(|role| text(&role["role_id"]))
            .collect::<Vec<String>>()
    };
    assert_eq!(roles(&made), [OPERATOR, VIEWER]);
    let path = format!("/v1/policies/{}", text(&made["id"]));
    let request = account.call("PUT", &path).header("If-Match", "*");
    let replaced = request.json(&giving(&body, &[WRITER, WRITER])).send();
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    assert_eq!(roles(&replaced.json()), [WRITER]);
    let shown = account.call("GET", &path).send().json();
    assert_eq!(roles(&shown), [WRITER]);
}

#[test]
fn what_is_out_of_force_says_nothing() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let body = account.first(&subject, VIEWER, &[]);
    let old = text(&account.make("/v1/policies", &body)["id"]);
    let switch = |id: &str, state: &str| {
        let path = format!("/v1/policies/{id}");
        let request = account.call("PATCH", &path).header("If-Match", "*");
        request.json(&json!({"state": state})).send()
    };
    assert_eq!(switch(&old, "deleted").status, 200);
    let new = text(&account.make("/v1/policies", &body)["id"]);
    refused(&switch(&old, "active"), 409, CONFLICT, &new);
    assert_eq!(switch(&new, "deleted").status, 200);
    assert_eq!(switch(&old, "active").status, 200);
}

#[test]
fn a_second_invitation_gives_nothing_twice() {
    let account = Account::start();
    let path = format!("/v2/accounts/{}/users", account.server.owner.account);
    let resource =
        json!({"attributes": [{"name": "accountId", "value": account.server.owner.account}]});
    let policy = |role: &str| json!({"type": "access", "roles": [{"role_id": role}], "resources": [resource]});
    let invite = |policies: &[Value]| {
        let body = json!({"users": [{"email": "ada@example.org"}], "iam_policy": policies});
        let reply = account.ask("POST", &path, &body);
        assert_eq!(reply.status, 202, "{}", reply.text());
        text(&reply.json()["resources"][0]["id"])
    };
    let count = || {
        let page = account.call("GET", "/v1/policies").send().json();
        page["policies"].as_array().unwrap().len()
    };
    let id = invite(&[policy(VIEWER), policy(VIEWER)]);
    assert_eq!(count(), 1);
    assert_eq!(invite(&[policy(VIEWER)]), id);
    assert_eq!(count(), 1);
    invite(&[policy(VIEWER), policy(WRITER)]);
    assert_eq!(count(), 2);
}
