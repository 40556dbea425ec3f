//! Service IDs of the identity interface.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use crate::iam::service_id::{CreateServiceId, ServiceId, ServiceIdList, UpdateServiceId};
use crate::problem::IdentityBody;
use serde_json::json;

const ALL: &str = "/v1/serviceids";
const ONE: &str = "/v1/serviceids/{id}";
const LOCK: &str = "/v1/serviceids/{id}/lock";

const GROUP: &str = "`true`: with the group";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let one = document.schema::<ServiceId>();
    let list = document.schema::<ServiceIdList>();
    let create = document.schema::<CreateServiceId>();
    let update = document.schema::<UpdateServiceId>();
    let operation = Operation::new("listServiceIds", "Lists the service IDs of the account")
        .needs(&CALLER)
        .query("account_id", ACCOUNT_ID)
        .query("name", "those of this name")
        .query("group_id", "those of this group; without it, all")
        .query("show_group_id", GROUP)
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
        .answers("200", "a page of service IDs", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new(
        "createServiceId",
        "Makes a service ID, and a key of it if one is requested: the answer alone holds its text",
    )
    .needs(&CALLER)
    .query("show_group_id", GROUP)
    .header("Entity-Lock", "`true`: locked from the beginning", false)
    .json(create)
    .answers("201", "the service ID", one.clone());
    document.route("POST", ALL, failing(operation, &error));

    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("id", "the service ID's id, `ServiceId-<GUID>`")
    };
    let read = of("readServiceId", "Reads a service ID")
        .query("include_history", "`true`: with what was done to it")
        .query(
            "include_activity",
            "`true`: with when it has authenticated last, and how often",
        )
        .query("show_group_id", GROUP)
        .answers("200", "the service ID", one.clone());
    document.route("GET", ONE, failing(read, &error));
    let write = of("updateServiceId", "Changes a service ID")
        .query("show_group_id", GROUP)
        .header("If-Match", "its `entity_tag`, or `*`", true)
        .json(update)
        .answers("200", "the service ID from now on", one)
        .answers(
            "409",
            "it has changed meanwhile, or is locked",
            error.clone(),
        );
    document.route("PUT", ONE, failing(write, &error));
    let delete = of(
        "deleteServiceId",
        "Deletes a service ID with its keys and roles; its tokens are good for nothing within a second",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", ONE, failing(of_version(delete), &error));
    for (method, id, summary) in [
        (
            "POST",
            "lockServiceId",
            "Locks a service ID against changes, deletion and further keys",
        ),
        ("DELETE", "unlockServiceId", "Unlocks a service ID"),
    ] {
        let operation = of(id, summary).answers_empty("204", "done");
        document.route(method, LOCK, failing(of_version(operation), &error));
    }
}
