//! Who did what, from where, and when: in the log, and in the database.

use crate::harness::{Reply, Request, Server};
use serde_json::json;

/// The lines of the log about one kind of event.
fn lines(server: &Server, event: &str) -> Vec<String> {
    let word = format!("event=\"{event}\"");
    let log = server.serving.log();
    let found = log.lines().filter(|line| line.contains(&word));
    found.map(str::to_owned).collect()
}

fn transaction(reply: &Reply) -> String {
    reply.header("transaction-id").unwrap().to_owned()
}

/// A login by password, as the command line asks for it.
fn login(server: &Server, user: &str, password: &str) -> Reply {
    let request = server.request("POST", "/identity/token").basic("bx", "bx");
    request
        .form(&[
            ("grant_type", "password"),
            ("username", user),
            ("password", password),
        ])
        .send()
}

/// A management request of the owner by his key.
fn manage(server: &Server, method: &str, path: &str) -> Request {
    let key = format!("apikey {}", server.owner.api_key);
    let request = server.request(method, path);
    request.header("X-Auth-User-Token", &key)
}

#[test]
fn every_change_stands_in_the_log_with_who_whence_and_the_transaction() {
    let server = Server::start();
    let owner = &server.owner;
    let signed_in = login(&server, &owner.user, &owner.password);
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    let refused = login(&server, &owner.user, "not the password at all");
    assert_eq!(refused.status, 400, "{}", refused.text());
    let made = manage(&server, "POST", "/v2/spaces")
        .json(&json!({"name": "more", "organization_guid": owner.org}))
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let space = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let gone = manage(&server, "DELETE", &format!("/v2/spaces/{space}")).send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    for (event, reply, word) in [
        ("signed_in", &signed_in, "password"),
        ("login_failed", &refused, "wrong_password"),
        ("space_made", &made, space.as_str()),
        ("space_deleted", &gone, space.as_str()),
    ] {
        let id = transaction(reply);
        server.serving.wait_for_log(&format!("event=\"{event}\""));
        let found = lines(&server, event);
        assert_eq!(found.len(), 1, "{event}: {found:?}");
        for part in [id.as_str(), "127.0.0.1", word] {
            assert!(
                found[0].contains(part),
                "{event} names no {part}: {found:?}"
            );
        }
    }
}
