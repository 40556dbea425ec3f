//! Keys of instances in the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use super::resource_instances::paged;
use crate::iam::resource_key::{
    CreateResourceKey, ResourceKey, ResourceKeyList, UpdateResourceKey,
};
use crate::problem::IdentityBody;

const ALL: &str = "/v2/resource_keys";
const ONE: &str = "/v2/resource_keys/{id}";
const OF_INSTANCE: &str = "/v2/resource_instances/{id}/resource_keys";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<ResourceKey>();
    let list = document.schema::<ResourceKeyList>();
    let create = document.schema::<CreateResourceKey>();
    let update = document.schema::<UpdateResourceKey>();
    let operation = paged(
        Operation::new(
            "listResourceKeys",
            "Lists the keys of the account's instances, by their age",
        )
        .needs(&CALLER)
        .query("name", "those of this name")
        .query("resource_id", "those of this service"),
    )
    .unserved(&["guid", "resource_group_id", "updated_from", "updated_to"])
    .answers("200", "a page of keys", list.clone());
    document.route("GET", ALL, failing(operation, &error));
    let operation = paged(
        Operation::new(
            "listResourceKeysOfInstance",
            "Lists the keys of an instance, by their age",
        )
        .needs(&CALLER)
        .path(
            "id",
            "the instance's cloud resource name, percent-encoded, or its GUID",
        ),
    )
    .query("name", "those of this name")
    .query("resource_id", "those of this service")
    .answers("200", "a page of keys", list);
    document.route("GET", OF_INSTANCE, failing(operation, &error));
    let operation = Operation::new(
        "createResourceKey",
        "Makes a service ID with a role in the instance's space, and an API key of it; the answer alone holds its text",
    )
    .needs(&CALLER)
    .json(create)
    .answers("201", "the key, with the API key", one.clone())
    .answers(
        "409",
        "the instance is locked, or has as many keys as it may",
        error.clone(),
    );
    document.route("POST", ALL, failing(operation, &error));
    let of = |id: &'static str, summary: &'static str| {
        let what = "the key's cloud resource name, percent-encoded, or its GUID";
        Operation::new(id, summary).needs(&CALLER).path("id", what)
    };
    let read = of("readResourceKey", "Reads a key").answers("200", "the key", one.clone());
    document.route("GET", ONE, failing(read, &error));
    let write = of("updateResourceKey", "Renames a key")
        .json(update)
        .answers("200", "the key from now on", one);
    document.route("PATCH", ONE, failing(write, &error));
    let delete = of(
        "deleteResourceKey",
        "Deletes a key with its service ID, whose tokens are good for nothing within a second",
    )
    .answers_empty("204", "it is gone")
    .answers("409", "its service ID is locked", error.clone());
    document.route("DELETE", ONE, failing(delete, &error));
}
