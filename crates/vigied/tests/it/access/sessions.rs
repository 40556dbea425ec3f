//! The routes of login sessions: everybody has their own, and the Administrator those of every member.

use super::identity::{Attempt, Column, Relation, administrator, at_home, column, everyone};
use super::service_ids::create_service_id;
use crate::harness::Request;

/// A new session of the user, begun with their key.
fn begun(attempt: &Attempt<'_>) -> String {
    let key = attempt.user.credentials["apikey"].as_str();
    let login = attempt.world.server.request("POST", "/identity/token");
    let login = login.basic("bx", "bx").form(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", key),
    ]);
    let session = login.send().json()["session_id"].clone();
    session.as_str().unwrap().to_owned()
}

/// Those of a new service ID, which has none.
fn of_a_service(attempt: &Attempt<'_>) -> Request {
    let made = create_service_id(attempt.world);
    attempt.asking(&format!("iam_id={}", made["iam_id"].as_str().unwrap()))
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let of_member = |yes| {
        let (seen, may): (Relation, Relation) = (at_home, administrator);
        column("a member's", (seen, may), yes, of_a_service)
    };
    let columns = match (method, path) {
        ("GET", "/v1/sessions") => {
            let may: (Relation, Relation) = (everyone, everyone);
            let oneself = column("oneself", may, 200, |a| a.with(&[]));
            vec![oneself, of_member(200)]
        }
        ("DELETE", "/v1/sessions") => vec![of_member(204)],
        ("DELETE", "/v1/sessions/{id}") => {
            let may: (Relation, Relation) = (everyone, everyone);
            vec![column("own session", may, 204, |a| {
                a.with(&[("id", &begun(a))])
            })]
        }
        _ => return None,
    };
    Some(columns)
}
