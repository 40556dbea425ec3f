//! The roles that access policies give, and decisions about access, of the identity interface.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use super::refusals::Effect;
use crate::iam::access_role::{CreateRole, CustomRole, RoleList, UpdateRole};
use crate::iam::authz::{AuthzReply, AuthzRequest};
use crate::problem::IdentityBody;
use serde_json::json;

const ALL: &str = "/v2/roles";
const ONE: &str = "/v2/roles/{id}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<CustomRole>();
    let list = document.schema::<RoleList>();
    let create = document.schema::<CreateRole>();
    let update = document.schema::<UpdateRole>();
    let operation = Operation::new("listRoles", "Lists the roles that policies can give")
        .needs(&CALLER)
        .query("account_id", ACCOUNT_ID)
        .query("service_name", "of this service: `ibmcloud-monitoring`")
        .query(
            "policy_type",
            "for policies of this type: `access`, as without it, or `authorization`, which gives no roles of the platform",
        )
        .query(
            "source_service_name",
            "with `authorization`: the service whose instances act, `ibmcloud-monitoring`",
        )
        .unserved(&["service_group_id"])
        .answers("200", "the roles", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new("createRole", "Makes a role of actions")
        .needs(&CALLER)
        .json(create)
        .answers("201", "the role", one.clone())
        .answers("409", "a role has one of its names", error.clone());
    document.route("POST", ALL, failing(operation, &error));

    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("id", "the role's id")
    };
    let operation =
        of("readRole", "Reads a role of the account's own").answers("200", "the role", one.clone());
    document.route("GET", ONE, failing(operation, &error));
    let operation = of(
        "replaceRole",
        "Replaces a role: those who have it may do at once what it says",
    )
    .header("If-Match", "its `ETag`, or `*`", true)
    .json(update)
    .answers("200", "the role from now on", one)
    .answers(
        "409",
        "it has changed meanwhile, or a role has its display name",
        error.clone(),
    );
    document.route("PUT", ONE, failing(operation, &error));
    let operation = of("deleteRole", "Deletes a role that no policy gives")
        .answers_empty("204", "it is gone")
        .answers("409", "a policy gives it", error.clone());
    document.route("DELETE", ONE, failing(of_version(operation), &error));

    let request = document.schema::<AuthzRequest>();
    let reply = document.schema::<AuthzReply>();
    let operation = Operation::new(
        "decide",
        "Says whether somebody may do something now: the caller, or anybody in an account that the caller administers",
    )
    .needs(&CALLER)
    .only(Effect::Reads)
    .json(json!({ "type": "array", "items": request }))
    .answers("200", "the decisions, in the order of the questions", reply);
    document.route("POST", "/v2/authz", failing(operation, &error));
}
