//! The routes of preferences: everybody has their own, and an Administrator everybody's in the account.

use super::identity::{Attempt, Column, administrator, at_home, column, everyone};
use super::policies::own_account;
use crate::harness::Request;
use serde_json::{Value, json};

/// The parts of the path about the caller.
fn of_caller(attempt: &Attempt<'_>) -> (String, String) {
    let account = own_account(attempt);
    (account.to_owned(), attempt.user.iam_id.clone())
}

/// The parts of the path about the owner of the account that all but the stranger are in.
fn of_owner(attempt: &Attempt<'_>) -> (String, String) {
    let world = attempt.world;
    (world.account.clone(), world.owner_iam_id.clone())
}

fn value() -> Value {
    json!({"value_string": "kept"})
}

/// A request about a preference that there is, where the caller may have it.
fn about(attempt: &Attempt<'_>, (account, iam_id): &(String, String)) -> Request {
    let world = attempt.world;
    let name = match attempt.may {
        true => world.new_name(),
        false => "page".to_owned(),
    };
    if attempt.may && attempt.method != "PUT" {
        let path = format!("/v1/preferences/accounts/{account}/identities/{iam_id}/console/{name}");
        let request = world.call(attempt.user, attempt.credential, "PUT", &path);
        super::world::ok(&request.json(&value()).send());
    }
    let request = attempt.with(&[
        ("account", account),
        ("iam_id", iam_id),
        ("service", "console"),
        ("preference", &name),
    ]);
    match attempt.method {
        "PUT" => request.json(&value()),
        _ => request,
    }
}

fn both(yes: u16, ask: fn(&Attempt<'_>, &(String, String)) -> Request) -> Vec<Column> {
    vec![
        column("one's own", (everyone, everyone), yes, move |attempt| {
            ask(attempt, &of_caller(attempt))
        }),
        column("another's", (at_home, administrator), yes, move |attempt| {
            ask(attempt, &of_owner(attempt))
        }),
    ]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    const ALL: &str = "/v1/preferences/accounts/{account}/identities/{iam_id}";
    const ONE: &str =
        "/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}";
    let columns = match (method, path) {
        ("GET", ALL) => both(200, |a, (account, iam_id)| {
            a.with(&[("account", account), ("iam_id", iam_id)])
        }),
        ("GET" | "PUT", ONE) => both(200, about),
        ("DELETE", ONE) => both(204, about),
        _ => return None,
    };
    Some(columns)
}
