//! The limits of logins: waiting password checks, waiting time, and failures.

use super::honest::{answer, connect_from};
use crate::harness::{Reply, Request, Server};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::json;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// The limits that are tried here. What is only remembered is tried in `iam` (`the_places_that_are_kept_are_bounded`,
/// `what_is_kept_is_bounded`).
pub(crate) const LIMITS: [Limit; 9] = [
    limit::PASSWORD_CHECKS_WAITING,
    limit::PASSWORD_CHECKS_WAITING_PER_SOURCE,
    limit::PASSWORD_WAIT_SECONDS,
    limit::LOGIN_FAILURES_PER_ADDRESS,
    limit::LOGIN_FAILURES_PER_SOURCE,
    limit::GUESSES_PER_SOURCE,
    limit::FAILURES_REMEMBERED,
    limit::LOGIN_SOURCES_PER_USER,
    limit::KEYS_PER_USER,
];

/// The first of these requests that is slowed. An allowance grows while they are sent, so it is not known which one it is.
pub(crate) fn first_slowed(ask: impl Fn(usize) -> Reply) -> Reply {
    let mut replies = (0..1000).map(ask);
    let slowed = replies.find(|reply| reply.status == 429);
    slowed.expect("nobody is slowed")
}

fn guess(stream: &mut TcpStream, user: &str) {
    let body = wire::query::encode(&[
        ("grant_type", "password"),
        ("username", user),
        ("password", "guess"),
    ]);
    let request = format!(
        "POST /identity/token HTTP/1.1\r\nHost: vigie\r\nAuthorization: Basic Yng6Yng=\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
}

/// One guess from each of these sources, all at once; returns the answers.
fn at_once(server: &Server, places: &[Ipv4Addr]) -> Vec<(u16, String)> {
    let mut streams: Vec<TcpStream> = places
        .iter()
        .map(|place| connect_from(*place, server).unwrap())
        .collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        guess(stream, &format!("n{number}@example.org"));
    }
    streams
        .iter_mut()
        .map(|stream| answer(stream).unwrap())
        .collect()
}

/// Sends bursts until the limit is reached; the refusals name it and have `Retry-After`.
fn run_into(server: &Server, limit: Limit, burst: impl Fn(u8) -> Vec<Ipv4Addr>) {
    let begun = Instant::now();
    for round in 1..=u8::MAX {
        let answers = at_once(server, &burst(round));
        let named = answers
            .iter()
            .find(|(_, text)| text.contains(&format!("`{}`", limit.name)));
        if let Some((status, text)) = named {
            assert_eq!(*status, 429, "{text}");
            assert!(text.contains("retry-after: 1"), "{text}");
            assert!(hits(server, limit) > 0);
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "never: {}",
            limit.name
        );
    }
}

#[test]
fn what_may_wait_for_a_password_check() {
    let server = Server::with(&[
        "--set",
        "limits.concurrent_password_checks=1",
        "--set",
        "limits.password_checks_waiting=4",
        "--set",
        "limits.password_checks_waiting_per_source=2",
    ]);
    run_into(
        &server,
        limit::PASSWORD_CHECKS_WAITING_PER_SOURCE,
        |round| vec![Ipv4Addr::new(127, 0, 1, round); 8],
    );
    run_into(&server, limit::PASSWORD_CHECKS_WAITING, |round| {
        (1..=20)
            .map(|last| Ipv4Addr::new(127, 0, 2 + round, last))
            .collect()
    });
}

#[test]
fn how_long_a_login_waits_for_its_check() {
    let server = Server::with(&[
        "--set",
        "limits.concurrent_password_checks=1",
        "--set",
        "limits.password_checks_waiting=1000",
        "--set",
        "limits.password_wait_seconds=1",
    ]);
    run_into(&server, limit::PASSWORD_WAIT_SECONDS, |round| {
        (1..=200)
            .map(|last| Ipv4Addr::new(127, 0, 2 + round, last))
            .collect()
    });
}

/// Wrong keys are counted by source on every endpoint; callers with the right key are not slowed down.
#[test]
fn wrong_keys_sent_with_requests_are_slowed_as_at_the_token_endpoints() {
    let server = Server::with(&["--set", "limits.guesses_per_source=3"]);
    let sent = |path: &str, credential: &str| {
        server
            .request("GET", path)
            .header("X-Auth-User-Token", credential)
            .send()
    };
    let wrong = format!("apikey vgk_{}", "A".repeat(43));
    for path in ["/v1/metrics/list", "/v1/apikeys", "/v1/metrics/list"] {
        let reply = sent(path, &wrong);
        assert_eq!(reply.status, 401, "{}", reply.text());
    }
    for path in ["/v1/metrics/list", "/v1/apikeys"] {
        let slowed = first_slowed(|_| sent(path, &wrong));
        assert_eq!(slowed.status, 429, "{}", slowed.text());
        assert!(
            slowed.text().contains("guesses_per_source"),
            "{}",
            slowed.text()
        );
        assert!(slowed.header("Retry-After").is_some());
    }
    let right = format!("apikey {}", server.owner.api_key);
    assert_eq!(sent("/v1/metrics/list", &right).status, 200);
    let token = format!("iam {}", server.token());
    assert_eq!(sent("/v1/metrics/list", &token).status, 200);
}

#[test]
fn what_may_fail() {
    let server = Server::with(&[
        "--set",
        "limits.login_failures_per_address=2",
        "--set",
        "limits.login_failures_per_source=4",
        "--set",
        "limits.guesses_per_source=3",
    ]);
    let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 66), &server).unwrap();
    let mut tried = |user: &str| {
        guess(&mut stream, user);
        answer(&mut stream).unwrap()
    };
    for _ in 0..2 {
        assert_eq!(tried("a@example.org").0, 400);
    }
    let (status, text) = tried("a@example.org");
    assert_eq!(status, 429, "{text}");
    assert!(text.contains("`login_failures_per_address`"), "{text}");
    assert_eq!(tried("b@example.org").0, 400);
    assert_eq!(tried("c@example.org").0, 400);
    // One more may be tried each ten seconds.
    let (status, text) = (0..1000)
        .map(|at| tried(&format!("d{at}@example.org")))
        .find(|(status, _)| *status != 400)
        .unwrap();
    assert_eq!(status, 429, "{text}");
    assert!(text.contains("`login_failures_per_source`"), "{text}");
    let key = |text: &str| {
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", text),
        ];
        server.request("POST", "/identity/token").form(&form).send()
    };
    for _ in 0..3 {
        assert_eq!(key("wrong").status, 400);
    }
    let slowed = first_slowed(|_| key("wrong"));
    assert_eq!(slowed.status, 429, "{}", slowed.text());
    assert!(
        slowed.text().contains("guesses_per_source"),
        "{}",
        slowed.text()
    );
    assert!(slowed.header("Retry-After").is_some());
    assert_eq!(key(&server.owner.api_key).status, 200);
    for limit in [
        limit::LOGIN_FAILURES_PER_ADDRESS,
        limit::LOGIN_FAILURES_PER_SOURCE,
        limit::GUESSES_PER_SOURCE,
    ] {
        assert_eq!(hits(&server, limit), 1, "{}", limit.name);
    }
}

#[test]
fn how_many_keys_a_person_has() {
    let server = Server::with(&["--set", "limits.keys_per_user=3"]);
    let with_key = |method: &str| -> Request {
        let credential = format!("apikey {}", server.owner.api_key);
        server
            .request(method, "/v1/apikeys")
            .header("X-Auth-User-Token", &credential)
    };
    let me = with_key("GET").send().json()["apikeys"][0]["iam_id"].clone();
    let wanted = json!({"name": "one more", "iam_id": me});
    // Concurrent ones cannot exceed the limit together.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| with_key("POST").json(&wanted).send().status))
            .collect();
        made.into_iter().map(|made| made.join().unwrap()).collect()
    });
    let made = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(made, 2, "{statuses:?}");
    let refused = with_key("POST").json(&wanted).send();
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.text().contains("keys_per_user"),
        "{}",
        refused.text()
    );
    assert_eq!(hits(&server, limit::KEYS_PER_USER), 5);
}
