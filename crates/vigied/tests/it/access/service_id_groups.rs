//! The routes of groups of service IDs: the Administrator manages those of the account. Nobody else is told whether there are any.

use super::identity::{Attempt, Column, Relation, administers_own, at_home, column, everyone};
use super::world::{ELSEWHERE, World};
use crate::harness::Request;
use serde_json::json;

/// A new group of the owner.
fn create_id_group(world: &World) -> String {
    let body = json!({"account_id": world.account, "name": world.new_name()});
    let made = world.manage("POST", "/v1/serviceid_groups", &body);
    made["id"].as_str().unwrap().to_owned()
}

/// The group of the owner that nobody deletes: there is room for few.
fn kept(world: &World) -> String {
    let request = |method: &str| {
        let request = world.server.request(method, "/v1/serviceid_groups");
        request.bearer(&world.owner_token)
    };
    // All but the first find the name taken.
    let body = json!({"account_id": world.account, "name": "kept"});
    request("POST").json(&body).send();
    let all = request("GET").send().json();
    let mut all = all["serviceid_groups"].as_array().unwrap().iter();
    let found = all.find(|group| group["name"] == "kept");
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// A group of the account, which is none of the stranger's.
fn of_the_account(yes: u16, ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let may: (Relation, Relation) = (at_home, administers_own);
    let ask = move |attempt: &Attempt<'_>| match attempt.may && attempt.method == "DELETE" {
        true => ask(attempt, &create_id_group(attempt.world)),
        false => ask(attempt, &kept(attempt.world)),
    };
    vec![column("the account's", may, yes, ask)]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let relation: (Relation, Relation) = (everyone, administers_own);
    let columns = match (method, path) {
        ("GET", "/v1/serviceid_groups") => {
            vec![column("own account", relation, 200, |a| a.with(&[]))]
        }
        ("POST", "/v1/serviceid_groups") => {
            vec![column("own account", relation, 201, |a| {
                let account = match a.user.domain {
                    ELSEWHERE => &a.world.elsewhere.0,
                    _ => &a.world.account,
                };
                let body = json!({"account_id": account, "name": a.world.new_name()});
                a.with(&[]).json(&body)
            })]
        }
        ("GET", "/v1/serviceid_groups/{id}") => of_the_account(200, |a, id| a.with(&[("id", id)])),
        ("PUT", "/v1/serviceid_groups/{id}") => of_the_account(200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"name": "kept"}))
        }),
        ("DELETE", "/v1/serviceid_groups/{id}") => {
            of_the_account(204, |a, id| a.with(&[("id", id)]))
        }
        _ => return None,
    };
    Some(columns)
}
