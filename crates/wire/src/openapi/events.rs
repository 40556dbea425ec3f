//! Graphite's events.

use super::build::{Document, Operation};
use super::guarded::{TIME, guarded_graphite, guarded_whole_graphite};
use super::refusals::{NO_BODY, OUTCOME_UNKNOWN};
use crate::event::Deleted;
use crate::problem::GraphiteBody;
use serde_json::{Value, json};

/// Adds the routes; those of `/events` with and without a slash at the end.
pub(super) fn routes(document: &mut Document) {
    for (path, id) in [("/events", ""), ("/events/", "Slash")] {
        let list = guarded_graphite(document, list(&format!("listEvents{id}")));
        document.route("GET", path, list);
        let error = document.schema::<GraphiteBody>();
        let post = post(&format!("postEvent{id}"))
            .answers("409", "there are as many as there may be", error.clone())
            .refused([OUTCOME_UNKNOWN], &error);
        let post = guarded_whole_graphite(document, post);
        document.route("POST", path, post);
        let deleted = document.schema::<Deleted>();
        let delete = delete(&format!("deleteEvents{id}"), deleted);
        let delete = delete.refused([OUTCOME_UNKNOWN], &error);
        let delete = guarded_whole_graphite(document, delete).never(NO_BODY);
        document.route("DELETE", path, delete);
    }
    for (method, id) in [("GET", "eventData"), ("POST", "eventDataByForm")] {
        let data = guarded_graphite(document, list(id));
        document.route(method, "/events/get_data", data);
    }
    for (path, id) in [
        ("/events/{id}", "showEvent"),
        ("/events/{id}/", "showEventSlash"),
    ] {
        let one = Operation::new(id, "Shows one event")
            .path("id", "its number")
            .answers("200", "the event; its instant is a date", json!({}));
        let one = guarded_graphite(document, scripted(one));
        document.route("GET", path, one);
    }
}

fn list(id: &str) -> Operation {
    let operation = Operation::new(id, "Lists events, in the order in which they happened")
        .query("from", &format!("{TIME}; 1970 by default"))
        .query("until", &format!("{TIME}; now by default"))
        .query("tags", "tags with a space between them; all that any event has must fit")
        .query_of("set", "`union`: one of the tags must fit; `intersection`: all of them, also where no event has one", false, text())
        .query("tz", "the time zone of times; UTC by default, and where there is none of that name")
        .query("now", "the instant that relative times count from; the clock's by default")
        .answers("200", "the events; to a caller who reaches some series alone there is none", json!({}));
    scripted(operation)
}

fn post(id: &str) -> Operation {
    let event = json!({
        "type": "object",
        "required": ["what"],
        "properties": {
            "what": { "type": ["string", "number"], "description": "what happened" },
            "tags": { "type": ["string", "array", "null"], "items": text() },
            "when": { "type": "number", "description": "seconds since 1970; now where it is left out" },
            "data": { "type": ["string", "number", "null"], "description": "more about it" },
        },
    });
    Operation::new(id, "Keeps an event: something that happened")
        .json(event)
        .answers_empty("200", "it is kept")
}

fn delete(id: &str, deleted: Value) -> Operation {
    Operation::new(id, "Deletes the events of a range")
        .query_of("until", "the last instant whose events go", true, text())
        .query(
            "from",
            "the first instant whose events go; the earliest by default",
        )
        .query("tz", "the time zone of times; UTC by default")
        .query(
            "now",
            "the instant that relative times count from; the clock's by default",
        )
        .answers("200", "how many events", deleted)
}

fn scripted(operation: Operation) -> Operation {
    operation
        .query(
            "jsonp",
            "the name of a function: the answer is a script that calls it",
        )
        .or_as("200", "text/javascript", text())
}

fn text() -> Value {
    json!({ "type": "string" })
}
