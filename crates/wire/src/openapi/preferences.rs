//! Preferences of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::preference::{Preference, Preferences, SetPreference};
use crate::problem::IdentityBody;

const ALL: &str = "/v1/preferences/accounts/{account}/identities/{iam_id}";
const ONE: &str = "/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let all = document.schema::<Preferences>();
    let one = document.schema::<Preference>();
    let set = document.schema::<SetPreference>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account")
            .path("iam_id", "the IAM id of a user or service ID")
    };
    let of_one = |id: &'static str, summary: &'static str| {
        of(id, summary)
            .path("service", "whose client keeps it")
            .path("preference", "its name")
    };
    let operation = of(
        "listPreferences",
        "Lists what clients keep for the caller, or, for an Administrator, for somebody else",
    )
    .answers("200", "all there are", all);
    document.route("GET", ALL, failing(operation, &error));
    let operation = of_one("readPreference", "Reads a preference").answers(
        "200",
        "the preference",
        one.clone(),
    );
    document.route("GET", ONE, failing(operation, &error));
    let operation = of_one(
        "setPreference",
        "Keeps a preference, in place of an earlier value",
    )
    .json(set)
    .answers("200", "the preference from now on", one);
    document.route("PUT", ONE, failing(operation, &error));
    let operation =
        of_one("deletePreference", "Deletes a preference").answers_empty("204", "it is gone");
    document.route("DELETE", ONE, failing(operation, &error));
}
