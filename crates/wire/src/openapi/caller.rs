//! Credentials, parameters and errors that the routes of the identity interface share.

use super::build::Operation;
use super::refusals::{ALWAYS, BUSY};
use serde_json::{Value, json};

/// How a caller says who they are.
pub(super) const CALLER: [&str; 2] = ["UserToken", "Bearer"];

/// The account that a query names.
pub(super) const ACCOUNT_ID: &str = "of this account: the token's, as without it. Another one that the caller is in is refused \
     with 403 `wrong_account`, and any other with 404";

/// Pages as the account management has them.
pub(super) fn by_account(operation: Operation) -> Operation {
    operation.paged(
        ("limit", 100),
        ("_start", "where the page begins; out of `next_url`"),
        json!({ "type": "string" }),
    )
}

/// The version that is meant, which need not be named.
pub(super) fn of_version(operation: Operation) -> Operation {
    let what = "its `entity_tag`: any other version is refused with 409; without it, or with `*`, any is meant";
    operation.header("If-Match", what, false)
}

/// The errors of a caller's request to the management interface, in the shape of its part of it.
pub(super) fn failing(operation: Operation, error: &Value) -> Operation {
    operation.managed(error)
}

/// The errors of a request that everybody may send.
pub(super) fn public(operation: Operation, error: &Value) -> Operation {
    operation.refused(ALWAYS, error).refused([BUSY], error)
}
