//! Limits of identities of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::identity_limits::IdentityLimits;
use crate::problem::IdentityBody;

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let limits = document.schema::<IdentityLimits>();
    let operation = Operation::new(
        "getAccountLimits",
        "Tells how much the account has of what identities are made of, and how much it may have",
    )
    .needs(&CALLER)
    .path("account", "the account")
    .query("serviceid_groups", "`true`: groups of service IDs")
    .query(
        "serviceids_per_group",
        "ids of groups, separated by commas: the service IDs of each",
    )
    .query(
        "apikeys_per_identity",
        "IAM ids, separated by commas: the API keys of each",
    )
    .answers("200", "what was asked for", limits);
    let path = "/v1/accounts/{account}/limits/identity";
    document.route("GET", path, failing(operation, &error));
}
