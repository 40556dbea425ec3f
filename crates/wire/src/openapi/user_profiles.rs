//! One user of an account of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::user::{UpdateUser, UpdateUserSettings, User, UserSettings};
use crate::problem::IdentityBody;

/// Of a parameter that the original has for its answer.
pub(super) const NO_ANSWER: &str = "taken, and without effect: the answer has no body";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let user = document.schema::<User>();
    let update = document.schema::<UpdateUser>();
    let settings = document.schema::<UserSettings>();
    let change = document.schema::<UpdateUserSettings>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account's id")
            .path("iam_id", "the user's IAM id, or the id of the invitation")
    };
    let path = "/v2/accounts/{account}/users/{iam_id}";
    let operation = of(
        "readUser",
        "Reads a user of the account, or an invited person",
    )
    .query(
        "include_activity",
        "`true`: with when the user has authenticated last, and how often",
    )
    .answers("200", "the user", user);
    document.route("GET", path, failing(operation, &error));
    let operation = of(
        "updateUser",
        "Changes the name of a user who is in no other account",
    )
    .query("include_activity", NO_ANSWER)
    .json(update)
    .answers_empty("204", "done");
    document.route("PATCH", path, failing(operation, &error));
    let operation =
        of("removeUserV3", "Removes a user as `removeUser` does").answers_empty("202", "done");
    document.route(
        "DELETE",
        "/v3/accounts/{account}/users/{iam_id}",
        failing(operation, &error),
    );
    let path = "/v2/accounts/{account}/users/{iam_id}/settings";
    let operation = of(
        "readUserSettings",
        "Reads the settings of a user: none are set",
    )
    .answers("200", "the settings", settings);
    document.route("GET", path, failing(operation, &error));
    let operation = of(
        "updateUserSettings",
        "Refuses settings that have no effect here",
    )
    .json(change)
    .answers_empty("204", "they are so already");
    document.route("PATCH", path, failing(operation, &error));
}
