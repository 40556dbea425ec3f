//! The routes of account settings: the Administrator reads and changes those of the credential's account.

use super::identity::{Attempt, Column, accounts, administrator};
use crate::harness::Request;
use serde_json::json;

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let read = |a: &Attempt<'_>, account: &String| -> Request { a.with(&[("account", account)]) };
    let columns = match (method, path) {
        (
            "GET",
            "/v1/accounts/{account}/settings/identity"
            | "/v1/accounts/{account}/effective_settings/identity"
            | "/v1/accounts/{account}/limits/identity",
        ) => accounts(administrator, 200, read),
        ("POST", "/v1/accounts/{account}/limits/identity") => {
            accounts(administrator, 200, |a, account| {
                let request = a.with(&[("account", account)]);
                request.json(&json!({"serviceid_groups": true}))
            })
        }
        (
            "POST",
            "/v1/mfa/accounts/{account}/report" | "/v1/activity/accounts/{account}/report",
        ) => accounts(administrator, 202, read),
        (
            "GET",
            "/v1/mfa/accounts/{account}/report/{reference}"
            | "/v1/activity/accounts/{account}/report/{reference}",
        ) => accounts(administrator, 200, |a, account| {
            if a.may {
                let (path, _) = a.path.rsplit_once('/').unwrap();
                let path = path.replace("{account}", account);
                let made = a.world.call(a.user, a.credential, "POST", &path);
                super::world::ok(&made.send());
            }
            a.with(&[("account", account), ("reference", "latest")])
        }),
        ("PUT", "/v1/accounts/{account}/settings/identity") => {
            accounts(administrator, 200, |a, account| {
                let request = a.with(&[("account", account)]).header("If-Match", "*");
                request.json(&json!({"mfa": "NONE"}))
            })
        }
        ("GET", "/v1/mfa/accounts/{account}/status") => {
            accounts(administrator, 200, |a, account| {
                // Of oneself: who sees the account is in it.
                let path = a.path.replace("{account}", account);
                let path = format!("{path}?iam_id={}", a.user.iam_id);
                a.world.call(a.user, a.credential, a.method, &path)
            })
        }
        _ => return None,
    };
    Some(columns)
}
