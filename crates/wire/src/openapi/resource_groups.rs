//! Resource groups and quota definitions of the identity interface.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing};
use crate::iam::resource_group::{
    CreateResourceGroup, CreatedResourceGroup, QuotaDefinition, QuotaDefinitionList, ResourceGroup,
    ResourceGroupList, UpdateResourceGroup,
};
use crate::problem::IdentityBody;

const ALL: &str = "/v2/resource_groups";
const ONE: &str = "/v2/resource_groups/{id}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<ResourceGroup>();
    let list = document.schema::<ResourceGroupList>();
    let create = document.schema::<CreateResourceGroup>();
    let created = document.schema::<CreatedResourceGroup>();
    let update = document.schema::<UpdateResourceGroup>();
    let operation = Operation::new(
        "listResourceGroups",
        "Lists the resource groups of the account",
    )
    .needs(&CALLER)
    .query("account_id", ACCOUNT_ID)
    .query("name", "the group of this name")
    .query("default", "`true`: the first one, `false`: the others")
    .unserved(&["date", "include_deleted"])
    .answers("200", "the groups", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new("createResourceGroup", "Makes a resource group")
        .needs(&CALLER)
        .json(create)
        .answers("201", "its id", created)
        .answers("409", "the name is taken", error.clone());
    document.route("POST", ALL, failing(operation, &error));
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("id", "the group's id")
    };
    let read =
        of("readResourceGroup", "Reads a resource group").answers("200", "the group", one.clone());
    document.route("GET", ONE, failing(read, &error));
    let write = of("updateResourceGroup", "Renames a resource group")
        .json(update)
        .answers("200", "the group from now on", one)
        .answers("409", "the name is taken", error.clone());
    document.route("PATCH", ONE, failing(write, &error));
    let delete = of(
        "deleteResourceGroup",
        "Deletes a resource group in which there is nothing",
    )
    .answers_empty("204", "it is gone")
    .answers(
        "409",
        "it is the first one, or there are instances in it",
        error.clone(),
    );
    document.route("DELETE", ONE, failing(delete, &error));
    let list = document.schema::<QuotaDefinitionList>();
    let operation = Operation::new("listQuotaDefinitions", "Lists the quota definitions")
        .needs(&CALLER)
        .answers("200", "the definitions", list);
    document.route("GET", "/v2/quota_definitions", failing(operation, &error));
    let one = document.schema::<QuotaDefinition>();
    let operation = Operation::new("readQuotaDefinition", "Reads a quota definition")
        .needs(&CALLER)
        .path("id", "its id")
        .answers("200", "the definition", one);
    let path = "/v2/quota_definitions/{id}";
    document.route("GET", path, failing(operation, &error));
}
