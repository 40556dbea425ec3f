//! Trusted profiles of the identity interface, their rules, links and identities.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use crate::iam::profile_identity::{
    ProfileIdentities, ProfileIdentity, ProfileIdentityRequest, SetProfileIdentities,
};
use crate::iam::profile_link::{CreateProfileLink, ProfileLink, ProfileLinkList};
use crate::iam::profile_rule::{ProfileRule, ProfileRuleList, ProfileRuleRequest};
use crate::iam::trusted_profile::{
    CreateTrustedProfile, TrustedProfile, TrustedProfileList, UpdateTrustedProfile,
};
use crate::problem::IdentityBody;
use serde_json::{Value, json};

const ALL: &str = "/v1/profiles";
const ONE: &str = "/v1/profiles/{id}";
const RULES: &str = "/v1/profiles/{id}/rules";
const RULE: &str = "/v1/profiles/{id}/rules/{rule}";
const LINKS: &str = "/v1/profiles/{id}/links";
const LINK: &str = "/v1/profiles/{id}/links/{link}";
const IDENTITIES: &str = "/v1/profiles/{id}/identities";
const IDENTITIES_OF: &str = "/v1/profiles/{id}/identities/{kind}";
const IDENTITY: &str = "/v1/profiles/{id}/identities/{kind}/{identifier}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    profiles(document, &error);
    one_profile(document, &error);
    rules(document, &error);
    links(document, &error);
    identities(document, &error);
    one_identity(document, &error);
}

fn of_profile(id: &'static str, summary: &'static str) -> Operation {
    let what = "the profile's id, `Profile-<GUID>`";
    Operation::new(id, summary).needs(&CALLER).path("id", what)
}

fn profiles(document: &mut Document, error: &Value) {
    let one = document.schema::<TrustedProfile>();
    let list = document.schema::<TrustedProfileList>();
    let create = document.schema::<CreateTrustedProfile>();
    let operation = Operation::new(
        "listTrustedProfiles",
        "Lists the trusted profiles of the account",
    )
    .needs(&CALLER)
    .query("account_id", ACCOUNT_ID)
    .query("name", "the one of this name")
    .paged(
        ("pagesize", 20),
        ("pagetoken", "where the page begins; out of `next`"),
        json!({ "type": "string" }),
    )
    .query(
        "sort",
        "`name`, `description`, `created_at` or `modified_at`",
    )
    .query("order", "`asc` or `desc`")
    .query(
        "filter",
        "conditions as in `name sw \"ci\" and description co \"build\"`: `sw`, `ew`, `co`, also with `_ci`; `and`, `or`, parentheses",
    )
    .query("include_history", "`true`: each with what was done to it last, at most `history_entries_in_lists` (20) changes")
    .answers("200", "a page of profiles", list);
    document.route("GET", ALL, failing(operation, error));
    let operation = Operation::new(
        "createTrustedProfile",
        "Makes a trusted profile: it has no rights, and nobody may take it on yet",
    )
    .needs(&CALLER)
    .json(create)
    .answers("201", "the profile", one)
    .answers("409", "the name is taken", error.clone());
    document.route("POST", ALL, failing(operation, error));
}

fn one_profile(document: &mut Document, error: &Value) {
    let one = document.schema::<TrustedProfile>();
    let update = document.schema::<UpdateTrustedProfile>();
    let operation = of_profile("readTrustedProfile", "Reads a trusted profile")
        .query("include_history", "`true`: with what was done to it")
        .query(
            "include_activity",
            "`true`: with when it was taken on last, and how often",
        )
        .answers("200", "the profile", one.clone());
    document.route("GET", ONE, failing(operation, error));
    let operation = of_profile("updateTrustedProfile", "Changes a trusted profile")
        .header("If-Match", "its `entity_tag`, or `*`", true)
        .json(update)
        .answers("200", "the profile from now on", one)
        .answers(
            "409",
            "it has changed meanwhile, or the name is taken",
            error.clone(),
        );
    document.route("PUT", ONE, failing(operation, error));
    let operation = of_profile(
        "deleteTrustedProfile",
        "Deletes a trusted profile with its rules, links, identities and roles; its tokens are good for nothing within a second",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", ONE, failing(of_version(operation), error));
}

fn rules(document: &mut Document, error: &Value) {
    let one = document.schema::<ProfileRule>();
    let list = document.schema::<ProfileRuleList>();
    let request = document.schema::<ProfileRuleRequest>();
    let operation = of_profile(
        "listProfileRules",
        "Lists the claim rules of a trusted profile",
    )
    .answers("200", "the rules, the oldest first", list);
    document.route("GET", RULES, failing(operation, error));
    let operation = of_profile(
        "createProfileRule",
        "Makes a claim rule: those who meet all its conditions may take on the profile at once",
    )
    .json(request.clone())
    .answers("201", "the rule", one.clone())
    .answers("409", "the profile has as many as it may", error.clone());
    document.route("POST", RULES, failing(operation, error));
    let of_rule = |id: &'static str, summary: &'static str| {
        of_profile(id, summary).path("rule", "the rule's id, `ClaimRule-<GUID>`")
    };
    let operation =
        of_rule("readProfileRule", "Reads a claim rule").answers("200", "the rule", one.clone());
    document.route("GET", RULE, failing(operation, error));
    let operation = of_rule("replaceProfileRule", "Replaces a claim rule")
        .header("If-Match", "its `entity_tag`, or `*`", true)
        .json(request)
        .answers("200", "the rule from now on", one)
        .answers("409", "it has changed meanwhile", error.clone());
    document.route("PUT", RULE, failing(operation, error));
    let operation = of_rule(
        "deleteProfileRule",
        "Deletes a claim rule: what was got by it alone is good for nothing within a second",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", RULE, failing(of_version(operation), error));
}

fn links(document: &mut Document, error: &Value) {
    let one = document.schema::<ProfileLink>();
    let list = document.schema::<ProfileLinkList>();
    let create = document.schema::<CreateProfileLink>();
    let operation = of_profile(
        "listProfileLinks",
        "Lists the compute resources that a trusted profile is linked to",
    )
    .answers("200", "the links, the oldest first", list);
    document.route("GET", LINKS, failing(operation, error));
    let operation = of_profile(
        "createProfileLink",
        "Links a trusted profile to a compute resource, which may take it on at once",
    )
    .json(create)
    .answers("201", "the link", one.clone())
    .answers(
        "409",
        "there is such a link, or the profile has as many as it may",
        error.clone(),
    );
    document.route("POST", LINKS, failing(operation, error));
    let operation = of_profile(
        "deleteProfileLinkTo",
        "Deletes the link to the compute resource of these parts, just as the link has them",
    )
    .query_of(
        "type",
        "what it runs on: `VSI`, `PVS`, `BMS`, `IKS_SA`, `ROKS_SA` or `CE`",
        true,
        json!({ "type": "string" }),
    )
    .query("crn", "its CRN")
    .query("namespace", "its namespace")
    .query("name", "its name")
    .unserved(&["component_type", "component_name"])
    .answers_empty("204", "it is gone");
    document.route("DELETE", LINKS, failing(operation, error));
    let of_link = |id: &'static str, summary: &'static str| {
        of_profile(id, summary).path("link", "the link's id, `Link-<GUID>`")
    };
    let operation = of_link("readProfileLink", "Reads a link").answers("200", "the link", one);
    document.route("GET", LINK, failing(operation, error));
    let operation = of_link(
        "deleteProfileLink",
        "Deletes a link: what its compute resource got by it is good for nothing within a second",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", LINK, failing(of_version(operation), error));
}

fn identities(document: &mut Document, error: &Value) {
    let all = document.schema::<ProfileIdentities>();
    let set = document.schema::<SetProfileIdentities>();
    let operation = of_profile(
        "listProfileIdentities",
        "Lists the users and service IDs that a trusted profile names",
    )
    .answers("200", "the identities", all.clone());
    document.route("GET", IDENTITIES, failing(operation, error));
    let operation = of_profile(
        "setProfileIdentities",
        "Replaces the list of users and service IDs that may take on a trusted profile",
    )
    .header("If-Match", "the `entity_tag` of the list, or `*`", true)
    .json(set)
    .answers("200", "the identities from now on", all)
    .answers("409", "they have changed meanwhile", error.clone());
    document.route("PUT", IDENTITIES, failing(operation, error));
}

fn one_identity(document: &mut Document, error: &Value) {
    let one = document.schema::<ProfileIdentity>();
    let request = document.schema::<ProfileIdentityRequest>();
    let of_kind = |id: &'static str, summary: &'static str| {
        let kinds = ["user", "serviceid"];
        of_profile(id, summary).path_of("kind", "what sort of identity", &kinds)
    };
    let operation = of_kind(
        "addProfileIdentity",
        "Lets a user or service ID take on a trusted profile",
    )
    .json(request)
    .answers("200", "the identity", one.clone())
    .answers("409", "the profile names as many as it may", error.clone());
    document.route("POST", IDENTITIES_OF, failing(operation, error));
    let of_identity = |id: &'static str, summary: &'static str| {
        let what = "the IAM id of a user, or the id of a service ID";
        of_kind(id, summary).path("identifier", what)
    };
    let operation =
        of_identity("readProfileIdentity", "Reads an identity").answers("200", "the identity", one);
    document.route("GET", IDENTITY, failing(operation, error));
    let operation = of_identity(
        "removeProfileIdentity",
        "Takes an identity out of a trusted profile: what it has by it is good for nothing within a second",
    )
    .answers_empty("204", "it is out");
    document.route("DELETE", IDENTITY, failing(operation, error));
}
