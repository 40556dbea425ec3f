//! Limits of identities of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use super::refusals::Effect;
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
    .query("profiles", "`true`: trusted profiles")
    .query(
        "claim_rules_per_group",
        "ids of access groups, separated by commas: the dynamic rules of each",
    )
    .query(
        "claim_rules_per_profile",
        "ids of trusted profiles, separated by commas: the claim rules of each",
    )
    .query(
        "cr_links",
        "`true`: links of all trusted profiles to compute resources",
    )
    .query(
        "cr_links_per_profile",
        "ids of trusted profiles, separated by commas: the links of each",
    )
    .query(
        "cr_rules",
        "`true`: rules of all trusted profiles about compute resources",
    )
    .query(
        "cr_rules_per_profile",
        "ids of trusted profiles, separated by commas: the rules of each about compute resources",
    )
    .unserved(&["templates", "template_versions_per_template", "idps"])
    .answers("200", "what was asked for", limits.clone());
    let path = "/v1/accounts/{account}/limits/identity";
    document.route("GET", path, failing(operation, &error));
    let operation = Operation::new(
        "getAccountLimitsOfMany",
        "Tells the same, with longer lists than an address has room for",
    )
    .needs(&CALLER)
    .path("account", "the account")
    .only(Effect::Reads)
    .json(request)
    .answers("200", "what was asked for", limits);
    document.route("POST", path, failing(operation, &error));
}
