//! The routes about one user of an account: an Administrator sees everybody, and changes who is in no other account. What
//! clients keep for them is in `preferences`.

use super::identity::{Attempt, Column, accounts, administrator};
use super::preferences;
use serde_json::json;

/// A user of the account who is somebody else, where the account has one. (Everybody removes themself: see `members`.)
pub(super) fn other<'a>(attempt: &'a Attempt<'_>, account: &str) -> &'a str {
    match account == attempt.world.account {
        true => &attempt.world.owner_iam_id,
        false => &attempt.user.iam_id,
    }
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let columns = match (method, path) {
        (
            "GET",
            "/v2/accounts/{account}/users/{iam_id}"
            | "/v2/accounts/{account}/users/{iam_id}/settings",
        ) => accounts(administrator, 200, |a, account| {
            a.with(&[("account", account), ("iam_id", other(a, account))])
        }),
        (
            "PATCH",
            "/v2/accounts/{account}/users/{iam_id}"
            | "/v2/accounts/{account}/users/{iam_id}/settings",
        ) => accounts(administrator, 204, |a, account| {
            let request = a.with(&[("account", account), ("iam_id", other(a, account))]);
            request.json(&json!({}))
        }),
        ("DELETE", "/v3/accounts/{account}/users/{iam_id}") => {
            accounts(administrator, 202, |a, account| {
                let whom = match a.may {
                    true => a.world.victim(a.user),
                    false => other(a, account).to_owned(),
                };
                a.with(&[("account", account), ("iam_id", &whom)])
            })
        }
        _ => return preferences::columns(method, path),
    };
    Some(columns)
}
