//! Instances of the monitoring service in the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::resource_instance::{
    CreateResourceInstance, ResourceInstance, ResourceInstanceList, UpdateResourceInstance,
};
use crate::problem::IdentityBody;
use serde_json::{Value, json};

const ALL: &str = "/v2/resource_instances";
const ONE: &str = "/v2/resource_instances/{id}";
const LOCK: &str = "/v2/resource_instances/{id}/lock";

/// Pages as the resource controller has them.
pub(super) fn paged(operation: Operation) -> Operation {
    operation.paged(
        ("limit", 100),
        ("start", "where the page begins; out of `next_url`"),
        json!({ "type": "string" }),
    )
}

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<ResourceInstance>();
    let list = document.schema::<ResourceInstanceList>();
    let create = document.schema::<CreateResourceInstance>();
    let operation = paged(
        Operation::new(
            "listResourceInstances",
            "Lists the instances of the spaces that the caller sees, by their age",
        )
        .needs(&CALLER)
        .query("guid", "the instance with this GUID")
        .query("name", "those of this name")
        .query("resource_group_id", "those in this resource group")
        .query("resource_id", "those of this service")
        .query("resource_plan_id", "those with this plan")
        .query("type", "`service_instance`: all of them")
        .query("state", "`active`: all of them")
        .query("updated_from", "those changed then or later: a time of RFC 3339, or a date in UTC")
        .query("updated_to", "those changed then or earlier: a time of RFC 3339, or a date in UTC, of which the whole day counts"),
    )
    .unserved(&["sub_type"])
    .answers("200", "a page of instances", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new(
        "createResourceInstance",
        "Makes an instance of the monitoring service, which says the plan of a space",
    )
    .needs(&CALLER)
    .header("Entity-Lock", "`true`: locked from the beginning", false)
    .json(create)
    .answers("201", "the instance", one.clone())
    .answers("409", "the space has an instance already", error.clone());
    document.route("POST", ALL, failing(operation, &error));
    single(document, &one, &error);
}

fn single(document: &mut Document, one: &Value, error: &Value) {
    let update = document.schema::<UpdateResourceInstance>();
    let of = |id: &'static str, summary: &'static str| {
        let what = "the instance's cloud resource name, percent-encoded, or its GUID";
        Operation::new(id, summary).needs(&CALLER).path("id", what)
    };
    let read =
        of("readResourceInstance", "Reads an instance").answers("200", "the instance", one.clone());
    document.route("GET", ONE, failing(read, error));
    let write = of(
        "updateResourceInstance",
        "Renames an instance, or gives its space another plan at once",
    )
    .json(update)
    .answers("200", "the instance from now on", one.clone())
    .answers("409", "it is locked", error.clone());
    document.route("PATCH", ONE, failing(write, error));
    let delete = of(
        "deleteResourceInstance",
        "Deletes an instance; its space has the server's plan at once",
    )
    .query("recursive", "`true`: with its keys")
    .answers_empty("202", "it is gone")
    .answers("409", "it is locked, or has keys", error.clone());
    document.route("DELETE", ONE, failing(delete, error));
    for (method, id, summary) in [
        (
            "POST",
            "lockResourceInstance",
            "Locks an instance against changes and deletion",
        ),
        ("DELETE", "unlockResourceInstance", "Unlocks an instance"),
    ] {
        let operation = of(id, summary).answers("200", "the instance", one.clone());
        document.route(method, LOCK, failing(operation, error));
    }
}
