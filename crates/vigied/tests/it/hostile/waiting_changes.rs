//! Changes of one account wait for their turn: so few that its senders have room beside them, and one identity leaves places to its
//! colleagues.

use super::busy_database::{Writer, ask, ok, server};
use super::honest::answer;
use super::queries::{figure, until};
use super::waiting_lists::service_id;
use super::withdrawn::further_key;
use crate::harness::{Request, Server};
use crate::limits::hits;
use base::limit;
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

pub(super) fn in_flight(server: &Server) -> u64 {
    figure(server, "vigie_http_requests_in_flight")
}

/// A request with a key whose answer is still to come.
pub(super) fn asked(server: &Server, key: &str, line: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// So many changes with a key, which wait.
pub(super) fn fill(server: &Server, key: &str, number: u64) -> Vec<TcpStream> {
    let before = in_flight(server);
    let changes = (0..number).map(|_| {
        let body = r#"{"name":"of many"}"#;
        asked(server, key, "POST /v2/organizations", body)
    });
    let changes = changes.collect();
    until("they wait", || in_flight(server) >= before + number);
    changes
}

#[test]
fn changes_that_wait_leave_room_to_colleagues_and_senders() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let (of_account, of_identity) = (
        limit::CHANGES_WAITING_PER_ACCOUNT,
        limit::CHANGES_WAITING_PER_IDENTITY,
    );
    let shares = of_account.default / of_identity.default;
    let colleagues: Vec<String> = (1..shares).map(|_| service_id(&server)).collect();
    let newcomer = service_id(&server);
    let writer = Writer::begin(&server);
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let mut waiting = fill(
        &server,
        &server.owner.api_key,
        at_once + of_identity.default,
    );
    // Also what writes an entry for the audit alone: nothing is deleted.
    let body = json!({"name": "one too many"});
    for refused in [
        ask(&server, "POST", "/v2/organizations").json(&body).send(),
        ask(&server, "DELETE", "/v1/metrics/list?query=load.*").send(),
    ] {
        assert_eq!(refused.status, 429, "{}", refused.text());
        assert!(
            refused.text().contains(of_identity.name),
            "{}",
            refused.text()
        );
        assert!(refused.header("retry-after").is_some());
    }
    for colleague in &colleagues {
        waiting.extend(fill(&server, colleague, of_identity.default));
    }
    let refused = server.request("POST", "/v2/organizations").json(&body);
    let refused = refused
        .header("X-Auth-User-Token", &format!("apikey {newcomer}"))
        .send();
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(
        refused.text().contains(of_account.name),
        "{}",
        refused.text()
    );
    let sent = json!([{"name": "load.two", "value": 2}]);
    ok(&ask(&server, "POST", "/v1/metrics").json(&sent).send());
    for limit in [of_account, of_identity] {
        assert!(hits(&server, limit) > 0, "{}", limit.name);
    }
    drop(waiting);
    drop(writer);
    until("none of them waits", || {
        let made = ask(&server, "POST", "/v2/organizations").json(&json!({"name": "made at last"}));
        made.send().status == 201
    });
    let listed = ask(&server, "GET", "/v1/metrics/list?query=load.*").send();
    assert!(listed.text().contains("load.one"), "{}", listed.text());
}

/// Whoever had a stolen key filled its owner's share, and the key could not be deleted.
#[test]
fn a_key_is_deleted_however_many_changes_of_its_owner_wait() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let (stolen, path) = further_key(&server);
    let share = limit::CHANGES_WAITING_PER_IDENTITY.default;
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let writer = Writer::begin(&server);
    let waiting = fill(&server, &stolen, at_once + share);
    let make = || ask(&server, "POST", "/v2/organizations").json(&json!({"name": "one too many"}));
    assert_eq!(make().send().status, 429);
    let (line, before) = (format!("DELETE {path}"), in_flight(&server));
    let mut deletes = asked(&server, &server.owner.api_key, &line, "");
    until("it waits as well", || in_flight(&server) > before);
    drop(writer);
    let (status, text) = answer(&mut deletes).unwrap();
    assert_eq!(status, 204, "{text}");
    drop(waiting);
}

/// It was refused in the middle, with an answer that says that nothing is deleted. The places are full all the time: each thread asks
/// anew as soon as it is answered.
#[test]
fn a_deletion_of_several_series_that_has_begun_is_completed_however_many_changes_wait() {
    const SERIES: usize = 8;
    /// More threads than there are places, so that a place that gets free is taken at once.
    const MORE: u64 = 10;
    let server = server(&["--set", "limits.request_seconds=600"]);
    let names: Vec<String> = (0..SERIES).map(|number| format!("gone.{number}")).collect();
    let sent: Vec<_> = (names.iter())
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    ok(&ask(&server, "POST", "/v1/metrics")
        .json(&json!(sent))
        .send());
    let paths: Vec<(&str, &str)> = names.iter().map(|name| ("path", name.as_str())).collect();
    let deletes = ask(&server, "POST", "/tags/delSeries").form(&paths);
    let writer = Writer::begin(&server);
    let deletes = thread::spawn(move || deletes.send());
    until("it works", || figure(&server, "vigie_queries_running") == 1);
    // It has lent its turn, so it waits for the entry of the first series.
    ok(&ask(&server, "GET", "/v1/metrics/list?query=load.*").send());
    let places =
        limit::CHANGES_AT_ONCE_PER_ACCOUNT.default + limit::CHANGES_WAITING_PER_IDENTITY.default;
    let (is_over, refused) = (AtomicBool::new(false), AtomicU64::new(0));
    let keep_asking = || {
        while !is_over.load(Ordering::Relaxed) {
            let body = json!({"name": "of many"});
            let made = ask(&server, "POST", "/v2/organizations").json(&body).send();
            refused.fetch_add(u64::from(made.status == 429), Ordering::Relaxed);
        }
    };
    let reply = thread::scope(|scope| {
        for _ in 0..places + MORE {
            scope.spawn(keep_asking);
        }
        until("the places are full", || {
            refused.load(Ordering::Relaxed) >= MORE
        });
        drop(writer);
        let reply = deletes.join();
        is_over.store(true, Ordering::Relaxed);
        reply.unwrap()
    });
    assert_eq!(reply.status, 200, "{}", reply.text());
    let left = ask(&server, "GET", "/v1/metrics/list?query=gone.*").send();
    for name in &names {
        assert!(!left.text().contains(name), "{}", left.text());
    }
}

/// They held the turns of the changes while they waited behind the logins.
#[test]
fn logouts_that_wait_for_logins_keep_no_change_waiting() {
    let server = server(&["--set", "limits.request_seconds=6"]);
    let form = [
        ("grant_type", "password"),
        ("username", "apikey"),
        ("password", server.owner.api_key.as_str()),
    ];
    let login = || {
        let login = server.request("POST", "/oauth/token").basic("cf", "");
        login.form(&form)
    };
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let tokens = (0..at_once).map(|_| {
        let reply = login().send();
        ok(&reply);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    });
    let tokens: Vec<String> = tokens.collect();
    let writer = Writer::begin(&server);
    let before = in_flight(&server);
    let sent = |request: Request| thread::spawn(move || request.send());
    let mut waiting = vec![sent(login())];
    until("a login has the turn", || in_flight(&server) > before);
    for token in &tokens {
        let logout = server.request("POST", "/oauth/token/disconnect");
        waiting.push(sent(logout.bearer(token)));
    }
    until("the logouts wait", || in_flight(&server) > before + at_once);
    // It has its turn at once, and waits for the database alone.
    let change = ask(&server, "POST", "/v2/organizations").json(&json!({"name": "begun"}));
    let change = change.send();
    assert_eq!(change.status, 500, "{}", change.text());
    assert!(
        change.text().contains("may have been made"),
        "{}",
        change.text()
    );
    drop(writer);
    for request in waiting {
        request.join().unwrap();
    }
}

/// Wrong passwords are slowed down where their user has logged in before; they slowed down every change of the account.
#[test]
fn passwords_that_are_tried_hold_up_no_change_of_the_account() {
    /// Those that are not slowed down.
    const FREE: usize = 10;
    const TRIES: u64 = 30;
    let server = Server::with(&[
        "--set",
        "limits.password_wait_seconds=600",
        "--set",
        "limits.request_seconds=600",
    ]);
    let form = [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ];
    let login = server.request("POST", "/identity/token").basic("bx", "bx");
    ok(&login.form(&form).send());
    let body = json!({"current_password": "a guess", "new_password": "chosen by who guesses"});
    for _ in 0..FREE {
        let guess = ask(&server, "PUT", "/v2/users/self/password").json(&body);
        let refused = guess.send();
        assert!((400..404).contains(&refused.status), "{}", refused.text());
    }
    let (key, body) = (&server.owner.api_key, body.to_string());
    let line = "PUT /v2/users/self/password";
    let guesses: Vec<TcpStream> = (0..TRIES)
        .map(|_| asked(&server, key, line, &body))
        .collect();
    // One of them is checked each two seconds.
    until("most wait", || in_flight(&server) >= TRIES * 2 / 3);
    let made = ask(&server, "POST", "/v2/organizations").json(&json!({"name": "at once"}));
    let made = made.send();
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(in_flight(&server) >= TRIES / 2);
    drop(guesses);
}
