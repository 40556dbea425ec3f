//! What ends credentials while changes wait: whoever has a stolen key keeps nobody from it, and floods nobody with it.

use super::behind_writer::{Waiting, in_time};
use super::busy_database::{ask, server};
use super::waiting_changes::{PLACES, change};
use super::withdrawn::further_key;
use crate::harness::{Reply, Server};
use serde_json::json;

/// As the owner deletes what is at this path, as many changes with a stolen key wait as may of the owner's.
fn is_deleted_beside_changes(server: &Server, stolen: &str, path: &str) -> Result<(), Reply> {
    let mut waiting = Waiting::behind_writer(server);
    waiting.fill(PLACES, &change(server, stolen))?;
    waiting.add([ask(server, "DELETE", path)])?;
    // There is still no place for anything else of the owner.
    let of_owner = change(server, &server.owner.api_key);
    let refused = waiting.answer_beside(&of_owner)?;
    assert_eq!(refused.status, 429, "{}", refused.text());
    let deleted = waiting.answers()?.pop().unwrap();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    Ok(())
}

/// Whoever had a stolen key filled its owner's share, and the key could not be deleted.
#[test]
fn a_key_is_deleted_however_many_changes_of_its_owner_wait() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let (stolen, path) = further_key(&server);
        is_deleted_beside_changes(&server, &stolen, &path)
    });
}

/// Whoever had a stolen key of an Administrator made a service ID with it, and filled its owner's share.
#[test]
fn a_service_id_is_deleted_however_many_changes_of_its_remover_wait() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let (stolen, _) = further_key(&server);
        let body = json!({"account_id": server.owner.account, "name": "of a thief"});
        let made = ask(&server, "POST", "/v1/serviceids").json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("/v1/serviceids/{}", made.json()["id"].as_str().unwrap());
        is_deleted_beside_changes(&server, &stolen, &path)
    });
}

/// Each of them waited before everybody's changes, and then for the writer of the database.
#[test]
fn a_session_that_is_not_there_is_looked_for_without_a_turn() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let mut waiting = Waiting::behind_writer(&server);
        waiting.fill(PLACES, &change(&server, &server.owner.api_key))?;
        let none = "/v1/sessions/C-00000000-0000-4000-8000-000000000000";
        let ended = waiting.answer_beside(&ask(&server, "DELETE", none))?;
        assert_eq!(ended.status, 404, "{}", ended.text());
        Ok(())
    });
}
