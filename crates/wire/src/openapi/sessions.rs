//! Login sessions of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing, public};
use super::refusals::{Effect, OUTCOME_UNKNOWN, UNKNOWN, UNPROVEN};
use crate::iam::session::SessionList;
use crate::problem::IdentityBody;
use serde_json::json;

const ALL: &str = "/v1/sessions";
const ONE: &str = "/v1/sessions/{id}";
const STATE: &str = "/v1/sessions/{id}/state";

const WHOSE: &str = "of this member of the account; the caller by default";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let list = document.schema::<SessionList>();
    let operation = Operation::new(
        "listSessions",
        "Lists login sessions for the account: the caller's own, or those of a member for an Administrator",
    )
    .needs(&CALLER)
    .query("iam_id", WHOSE)
    .paged(
        ("pagesize", 20),
        ("pagetoken", "where the page begins; out of `next`"),
        json!({ "type": "string" }),
    )
    .answers("200", "a page of sessions", list);
    document.route("GET", ALL, failing(operation, &error));
    let operation = Operation::new(
        "endSessions",
        "Ends all of them, the caller's too: their tokens open nothing from now on",
    )
    .needs(&CALLER)
    .only(Effect::Ends)
    .query("iam_id", WHOSE)
    .answers_empty("204", "they have ended");
    document.route("DELETE", ALL, failing(operation, &error));
    let operation = Operation::new("endSession", "Ends a session with all its tokens")
        .needs(&CALLER)
        .only(Effect::Ends)
        .path("id", "the session's id, `C-<GUID>`")
        .answers_empty("204", "it has ended");
    document.route("DELETE", ONE, failing(operation, &error));
    let operation = Operation::new(
        "keepSessionAlive",
        "Says that a session is used, so that it does not end for not being used",
    )
    .may_have("Client")
    .path("id", "the session's id, `C-<GUID>`")
    .answers_empty("204", "noted")
    .refused([UNPROVEN, UNKNOWN, OUTCOME_UNKNOWN], &error);
    document.route("PATCH", STATE, public(operation, &error));
}
