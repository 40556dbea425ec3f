//! The routes of service IDs: the Administrator manages those of the account, and nobody else finds any.

use super::identity::{
    Attempt, Column, Relation, administers_own, administrator, column, everyone,
};
use super::world::{ELSEWHERE, World};
use crate::harness::Request;
use serde_json::{Value, json};

/// A new service ID of the owner.
pub(super) fn create_service_id(world: &World) -> Value {
    let body = json!({"account_id": world.account, "name": world.new_name()});
    world.manage("POST", "/v1/serviceids", &body)
}

/// Each attempt has a service ID of its own.
fn of_the_account(yes: u16, ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let ask = move |attempt: &Attempt<'_>| {
        let made = create_service_id(attempt.world);
        ask(attempt, made["id"].as_str().unwrap())
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let one = |yes| of_the_account(yes, |a, id| a.with(&[("id", id)]));
    let columns = match (method, path) {
        ("GET", "/v1/serviceids") => {
            let may: (Relation, Relation) = (everyone, administers_own);
            vec![column("own account", may, 200, |a| a.with(&[]))]
        }
        ("POST", "/v1/serviceids") => {
            let may: (Relation, Relation) = (everyone, administers_own);
            vec![column("own account", may, 201, |a| {
                let account = match a.user.domain {
                    ELSEWHERE => &a.world.elsewhere.0,
                    _ => &a.world.account,
                };
                a.with(&[])
                    .json(&json!({"account_id": account, "name": a.world.new_name()}))
            })]
        }
        ("GET", "/v1/serviceids/{id}") => one(200),
        ("PUT", "/v1/serviceids/{id}") => of_the_account(200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"name": a.world.new_name()}))
        }),
        ("DELETE", "/v1/serviceids/{id}") | ("POST" | "DELETE", "/v1/serviceids/{id}/lock") => {
            one(204)
        }
        _ => return None,
    };
    Some(columns)
}
