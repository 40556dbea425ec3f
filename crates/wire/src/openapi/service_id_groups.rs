//! Groups of service IDs of the identity interface.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use crate::iam::service_id_group::{
    CreateServiceIdGroup, ServiceIdGroup, ServiceIdGroupList, UpdateServiceIdGroup,
};
use crate::problem::IdentityBody;

const ALL: &str = "/v1/serviceid_groups";
const ONE: &str = "/v1/serviceid_groups/{id}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<ServiceIdGroup>();
    let list = document.schema::<ServiceIdGroupList>();
    let create = document.schema::<CreateServiceIdGroup>();
    let update = document.schema::<UpdateServiceIdGroup>();
    let operation = Operation::new(
        "listServiceIdGroups",
        "Lists the groups of service IDs of the account",
    )
    .needs(&CALLER)
    .query("account_id", ACCOUNT_ID)
    .answers("200", "the groups, by name", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new(
        "createServiceIdGroup",
        "Makes a group by which service IDs are listed; it gives no rights",
    )
    .needs(&CALLER)
    .json(create)
    .answers("201", "the group", one.clone());
    document.route("POST", ALL, failing(operation, &error));
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("id", "the group's id, `ServiceIdGroup-<GUID>`")
    };
    let read = of("readServiceIdGroup", "Reads a group").answers("200", "the group", one.clone());
    document.route("GET", ONE, failing(read, &error));
    let write = of("updateServiceIdGroup", "Changes a group")
        .header("If-Match", "its `entity_tag`, or `*`", true)
        .json(update)
        .answers("200", "the group from now on", one)
        .answers(
            "409",
            "it has changed meanwhile, or the name is taken",
            error.clone(),
        );
    document.route("PUT", ONE, failing(write, &error));
    let delete = of(
        "deleteServiceIdGroup",
        "Deletes a group that no service ID is in",
    )
    .answers_empty("204", "it is gone")
    .answers("409", "a service ID is in it", error.clone());
    document.route("DELETE", ONE, failing(of_version(delete), &error));
}
