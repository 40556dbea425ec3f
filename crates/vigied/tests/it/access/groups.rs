//! The routes of access groups, their members and rules: an Administrator manages them. Nobody who is in none finds any.

use super::identity::{
    Attempt, Column, Relation, administers_own, administrator, column, everyone,
};
use super::policies::own_account;
use super::world::{World, ok};
use crate::harness::Request;
use serde_json::{Value, json};

/// A request about all groups of one member, and a group that it is in or may be.
fn everywhere(attempt: &Attempt<'_>) -> (String, Request) {
    let (group, service) = match attempt.may {
        true => member(attempt),
        false => (kept(attempt.world), attempt.user.iam_id.clone()),
    };
    let request = attempt.with(&[("iam_id", &service)]);
    (group, request)
}

/// A new group of the owner.
fn create_group(world: &World) -> String {
    let made = world.manage("POST", "/v2/groups", &json!({"name": world.new_name()}));
    made["id"].as_str().unwrap().to_owned()
}

fn kept(world: &World) -> String {
    world
        .kept
        .access_group
        .get_or_init(|| create_group(world))
        .clone()
}

/// Whoever may has a group of their own to change.
fn one_group(yes: u16, ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| match attempt.may {
        true => ask(attempt, &create_group(attempt.world)),
        false => ask(attempt, &kept(attempt.world)),
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// The same with the owner as a member.
fn one_member(ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| {
        let world = attempt.world;
        let group = match attempt.may {
            true => create_group(world),
            false => kept(world),
        };
        if attempt.may {
            let path = format!("/v2/groups/{group}/members");
            let body = json!({"members": [{"iam_id": world.owner_iam_id, "type": "user"}]});
            world.manage("PUT", &path, &body);
        }
        ask(attempt, &group)
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        204,
        ask,
    )]
}

fn rule() -> Value {
    json!({
        "name": "ours", "expiration": 24, "realm_name": "IBMid",
        "conditions": [{"claim": "email", "operator": "EQUALS", "value": "\"nobody@example.org\""}],
    })
}

/// The same with a rule: the group, and the rule.
fn one_rule(yes: u16, ask: fn(&Attempt<'_>, (&str, &str)) -> Request) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| {
        let world = attempt.world;
        if !attempt.may {
            let nothing = "ClaimRule-00000000-0000-4000-8000-000000000000";
            return ask(attempt, (&kept(world), nothing));
        }
        let group = create_group(world);
        let made = world.manage("POST", &format!("/v2/groups/{group}/rules"), &rule());
        ask(attempt, (&group, made["id"].as_str().unwrap()))
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// A new group of the caller's account, and a service ID in it.
fn member(attempt: &Attempt<'_>) -> (String, String) {
    let world = attempt.world;
    let call = |method: &str, path: &str, body: &Value| {
        let request = world.call(attempt.user, attempt.credential, method, path);
        ok(&request.json(body).send())
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let group = call("POST", "/v2/groups", &json!({"name": world.new_name()}));
    let service = json!({"account_id": own_account(attempt), "name": world.new_name()});
    let service = call("POST", "/v1/serviceids", &service);
    let (group, service) = (text(&group["id"]), text(&service["iam_id"]));
    let members = json!({"members": [{"iam_id": service, "type": "service"}]});
    call("PUT", &format!("/v2/groups/{group}/members"), &members);
    (group, service)
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let relation: (Relation, Relation) = (everyone, administers_own);
    let columns = match (method, path) {
        ("GET", "/v2/groups" | "/v2/groups/settings") => {
            vec![column("own account", relation, 200, |a| a.with(&[]))]
        }
        ("POST", "/v2/groups") => vec![column("own account", relation, 201, |a| {
            a.with(&[]).json(&json!({"name": a.world.new_name()}))
        })],
        ("PATCH", "/v2/groups/settings") => vec![column("own account", relation, 200, |a| {
            a.with(&[]).json(&json!({}))
        })],
        ("GET", "/v2/groups/{id}" | "/v2/groups/{id}/members" | "/v2/groups/{id}/rules") => {
            one_group(200, |a, id| a.with(&[("id", id)]))
        }
        ("PATCH", "/v2/groups/{id}") => one_group(200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"name": a.world.new_name()}))
        }),
        ("DELETE", "/v2/groups/{id}") => one_group(204, |a, id| a.with(&[("id", id)])),
        ("PUT", "/v2/groups/{id}/members") => one_group(207, |a, id| {
            let body = json!({"members": [{"iam_id": a.world.owner_iam_id, "type": "user"}]});
            a.with(&[("id", id)]).json(&body)
        }),
        ("POST", "/v2/groups/{id}/members/delete") => one_group(207, |a, id| {
            let body = json!({"members": [a.world.owner_iam_id]});
            a.with(&[("id", id)]).json(&body)
        }),
        ("GET" | "DELETE", "/v2/groups/{id}/members/{iam_id}") => {
            one_member(|a, id| a.with(&[("id", id), ("iam_id", &a.world.owner_iam_id)]))
        }
        ("PUT", "/v2/groups/_allgroups/members/{iam_id}") => {
            vec![column("own account", relation, 207, |a| {
                let (group, request) = everywhere(a);
                request.json(&json!({"groups": [group]}))
            })]
        }
        ("DELETE", "/v2/groups/_allgroups/members/{iam_id}") => {
            vec![column("own account", relation, 207, |a| everywhere(a).1)]
        }
        ("POST", "/v2/groups/{id}/rules") => {
            one_group(201, |a, id| a.with(&[("id", id)]).json(&rule()))
        }
        ("GET", "/v2/groups/{id}/rules/{rule}") => {
            one_rule(200, |a, (id, rule)| a.with(&[("id", id), ("rule", rule)]))
        }
        ("PUT", "/v2/groups/{id}/rules/{rule}") => one_rule(200, |a, (id, rule_id)| {
            let request = a.with(&[("id", id), ("rule", rule_id)]);
            request.header("If-Match", "*").json(&rule())
        }),
        ("DELETE", "/v2/groups/{id}/rules/{rule}") => {
            one_rule(204, |a, (id, rule)| a.with(&[("id", id), ("rule", rule)]))
        }
        _ => return None,
    };
    Some(columns)
}
