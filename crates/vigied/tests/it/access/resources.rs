//! The routes of resource groups, instances and their keys: everybody in the account sees its groups, and who sees a space its
//! instance; an Administrator manages all of them.

use super::identity::{
    Attempt, Column, Relation, administers_own, administrator, at_home, column, everyone, in_space,
};
use super::world::{ELSEWHERE, World, ok};
use crate::harness::Request;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An instance in the first group of the account, whose plan changes nothing that other tests look at.
fn wish(world: &World, account: &str, space: &str) -> Value {
    json!({
        "name": "made", "target": world.server.owner.region, "resource_group": account,
        "resource_plan_id": "premium", "parameters": {"space_id": space},
    })
}

/// A new instance of the owner.
fn create_instance(world: &World) -> Value {
    let wish = wish(world, &world.account, &world.place().space);
    world.manage("POST", "/v2/resource_instances", &wish)
}

/// The instance of everybody's own space.
fn kept(world: &World) -> Value {
    let make = || {
        let wish = wish(world, &world.account, &world.home.space);
        world.manage("POST", "/v2/resource_instances", &wish)
    };
    world.kept.instance.get_or_init(make).clone()
}

/// A space of the caller's account without an instance, where the caller may make one.
fn free_space(a: &Attempt<'_>) -> (String, String) {
    let world = a.world;
    if a.user.domain != ELSEWHERE {
        let space = match a.may {
            true => world.place().space,
            false => world.home.space.clone(),
        };
        return (world.account.clone(), space);
    }
    let (account, place) = &world.elsewhere;
    let body = json!({"name": world.new_name(), "organization_guid": place.org});
    let request = world.server.request("POST", "/v2/spaces").json(&body);
    let made = ok(&request.bearer(&a.user.credentials["iam"]).send());
    (account.clone(), text(&made["metadata"]["guid"]))
}

/// The instance of a space of the caller's account.
fn own_instance(a: &Attempt<'_>) -> Value {
    if a.user.domain != ELSEWHERE {
        return kept(a.world);
    }
    let (account, space) = free_space(a);
    let request = a.world.server.request("POST", "/v2/resource_instances");
    let request = request.json(&wish(a.world, &account, &space));
    ok(&request.bearer(&a.user.credentials["iam"]).send())
}

/// The instance of the own space; each attempt that ends or locks one has another.
fn instances(
    may: Relation,
    yes: u16,
    is_used_up: bool,
    ask: fn(Request) -> Request,
) -> Vec<Column> {
    let ask = move |a: &Attempt<'_>| {
        let instance = match a.may && is_used_up {
            true => create_instance(a.world),
            false => kept(a.world),
        };
        ask(a.with(&[("id", &text(&instance["guid"]))]))
    };
    vec![column("own space", (in_space, may), yes, ask)]
}

/// A new key of the owner.
fn new_key(world: &World) -> Value {
    let wish = json!({"name": "kept", "source": kept(world)["guid"]});
    world.manage("POST", "/v2/resource_keys", &wish)
}

/// A key of the account, which is none of the stranger's; each attempt that ends one has another.
fn keys(yes: u16, ask: fn(Request) -> Request) -> Vec<Column> {
    let ask = move |a: &Attempt<'_>| {
        let key = match a.may && a.method == "DELETE" {
            true => new_key(a.world),
            false => {
                let make = || new_key(a.world);
                a.world.kept.resource_key.get_or_init(make).clone()
            }
        };
        ask(a.with(&[("id", &text(&key["guid"]))]))
    };
    vec![column("the account's", (at_home, administrator), yes, ask)]
}

/// The first resource group of the account; each attempt that ends one has another.
fn groups(may: Relation, yes: u16, ask: fn(Request) -> Request) -> Vec<Column> {
    let ask = move |a: &Attempt<'_>| {
        let id = match a.may && a.method == "DELETE" {
            true => {
                let body = json!({"name": a.world.new_name()});
                text(&a.world.manage("POST", "/v2/resource_groups", &body)["id"])
            }
            false => a.world.account.clone(),
        };
        ask(a.with(&[("id", &id)]))
    };
    vec![column("the account's", (at_home, may), yes, ask)]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let managed: (Relation, Relation) = (everyone, administers_own);
    let open = || {
        vec![column("own account", (everyone, everyone), 200, |a| {
            a.with(&[])
        })]
    };
    let columns = match (method, path) {
        ("GET", "/v2/resource_groups" | "/v2/quota_definitions" | "/v2/resource_instances") => {
            open()
        }
        ("POST", "/v2/resource_groups") => vec![column("own account", managed, 201, |a| {
            a.with(&[]).json(&json!({"name": a.world.new_name()}))
        })],
        ("GET", "/v2/resource_groups/{id}") => groups(at_home, 200, |request| request),
        ("PATCH", "/v2/resource_groups/{id}") => groups(administrator, 200, |request| {
            request.json(&json!({"name": "Default"}))
        }),
        ("DELETE", "/v2/resource_groups/{id}") => groups(administrator, 204, |request| request),
        ("GET", "/v2/quota_definitions/{id}") => {
            vec![column("own account", (everyone, everyone), 200, |a| {
                let all = a.world.server.request("GET", "/v2/quota_definitions");
                let all = ok(&all.bearer(&a.world.owner_token).send());
                a.with(&[("id", &text(&all["resources"][0]["id"]))])
            })]
        }
        ("POST", "/v2/resource_instances") => vec![column("own account", managed, 201, |a| {
            let (account, space) = free_space(a);
            a.with(&[]).json(&wish(a.world, &account, &space))
        })],
        ("GET", "/v2/resource_instances/{id}") => {
            instances(in_space, 200, false, |request| request)
        }
        ("PATCH", "/v2/resource_instances/{id}") => {
            instances(administrator, 200, false, |request| {
                request.json(&json!({"name": "renamed"}))
            })
        }
        ("DELETE", "/v2/resource_instances/{id}") => {
            instances(administrator, 202, true, |request| request)
        }
        ("POST" | "DELETE", "/v2/resource_instances/{id}/lock") => {
            instances(administrator, 200, true, |request| request)
        }
        ("GET", "/v2/resource_instances/{id}/resource_keys") => {
            instances(administrator, 200, false, |request| request)
        }
        ("GET", "/v2/resource_keys") => {
            vec![column("own account", managed, 200, |a| a.with(&[]))]
        }
        ("POST", "/v2/resource_keys") => vec![column("own account", managed, 201, |a| {
            let source = own_instance(a)["guid"].clone();
            a.with(&[]).json(&json!({"name": "made", "source": source}))
        })],
        ("GET", "/v2/resource_keys/{id}") => keys(200, |request| request),
        ("PATCH", "/v2/resource_keys/{id}") => {
            keys(200, |request| request.json(&json!({"name": "kept"})))
        }
        ("DELETE", "/v2/resource_keys/{id}") => keys(204, |request| request),
        _ => return None,
    };
    Some(columns)
}
