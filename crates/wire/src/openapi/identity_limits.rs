//! Limits of identities of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::identity_limits::{IdentityLimits, IdentityLimitsRequest};
use crate::problem::IdentityBody;

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let limits = document.schema::<IdentityLimits>();
    let request = document.schema::<IdentityLimitsRequest>();
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
    .unserved(&[
        "profiles",
        "templates",
        "template_versions_per_template",
        "idps",
        "claim_rules_per_group",
        "claim_rules_per_profile",
        "cr_links",
        "cr_links_per_profile",
        "cr_rules",
        "cr_rules_per_profile",
    ])
    .answers("200", "what was asked for", limits.clone());
    let path = "/v1/accounts/{account}/limits/identity";
    document.route("GET", path, failing(operation, &error));
    let operation = Operation::new(
        "getAccountLimitsOfMany",
        "Tells the same, with longer lists than an address has room for",
    )
    .needs(&CALLER)
    .path("account", "the account")
    .json(request)
    .answers("200", "what was asked for", limits);
    document.route("POST", path, failing(operation, &error));
}
