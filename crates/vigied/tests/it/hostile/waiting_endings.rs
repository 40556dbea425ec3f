//! What ends credentials while changes wait: whoever has a stolen key keeps nobody from it, and floods nobody with it.

use super::busy_database::{Writer, ask, server};
use super::honest::answer;
use super::queries::until;
use super::waiting_changes::{asked, fill, in_flight};
use super::withdrawn::further_key;
use base::limit;
use serde_json::json;

/// Whoever had a stolen key of an Administrator made a service ID with it, and filled its owner's share.
#[test]
fn a_service_id_is_deleted_however_many_changes_of_its_remover_wait() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let (stolen, _) = further_key(&server);
    let body = json!({"account_id": server.owner.account, "name": "of a thief"});
    let made = ask(&server, "POST", "/v1/serviceids").json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let share = limit::CHANGES_WAITING_PER_IDENTITY.default;
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let writer = Writer::begin(&server);
    let waiting = fill(&server, &stolen, at_once + share);
    let (line, before) = (format!("DELETE /v1/serviceids/{id}"), in_flight(&server));
    let mut deletes = asked(&server, &server.owner.api_key, &line, "");
    until("it waits as well", || in_flight(&server) > before);
    drop(writer);
    let (status, text) = answer(&mut deletes).unwrap();
    assert_eq!(status, 204, "{text}");
    drop(waiting);
}

/// Each of them waited before everybody's changes, and then for the writer of the database.
#[test]
fn a_session_that_is_not_there_is_looked_for_without_a_turn() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let share = limit::CHANGES_WAITING_PER_IDENTITY.default;
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let writer = Writer::begin(&server);
    let waiting = fill(&server, &server.owner.api_key, at_once + share);
    let none = "/v1/sessions/C-00000000-0000-4000-8000-000000000000";
    let ended = ask(&server, "DELETE", none).send();
    assert_eq!(ended.status, 404, "{}", ended.text());
    drop(waiting);
    drop(writer);
}
