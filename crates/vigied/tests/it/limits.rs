//! Every limit has a name, a readable value, an error that names it, and a counter.

mod bodies;
mod full;
mod introspection;
mod memory;
mod queries;
mod words;

use crate::harness::{Reply, Request, Server, now, try_operations, until};
use crate::hostile::{login_limits, sessions, texts};
use base::limit::{self, Limit};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A figure of the server's own metrics.
pub(crate) fn figure(server: &Server, line: &str) -> u64 {
    let metrics = server.operations("/metrics").text();
    let value = metrics
        .lines()
        .find_map(|row| row.strip_prefix(line)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("no `{line}` in {metrics}"));
    value.parse().unwrap()
}

pub(crate) fn hits(server: &Server, limit: Limit) -> u64 {
    let line = format!("vigie_limit_hits_total{{limit=\"{}\"}}", limit.name);
    figure(server, &line)
}

fn refused(reply: &Reply, status: u16, code: &str, limit: Limit) {
    let text = reply.text();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (status, code),
        "{text}"
    );
    assert!(
        text.contains(limit.name),
        "the error names no limit: {text}"
    );
}

/// A request whose body never comes.
fn hanging(server: &Server, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: iam {token}\r\n\
         X-Auth-Scope-Id: s-{}\r\nContent-Length: 100\r\n\r\n[",
        server.owner.space
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn answer(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 64 * 1024];
    let read = stream.read(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

const REQUEST_LIMITS: [Limit; 9] = [
    limit::BODY_BYTES,
    limit::HEADER_BYTES,
    limit::REQUEST_SECONDS,
    limit::CONCURRENT_REQUESTS,
    limit::CONNECTIONS,
    limit::CONCURRENT_PASSWORD_CHECKS,
    limit::TARGETS_PER_QUERY,
    limit::OPERATIONS_CONNECTIONS,
    limit::OPERATIONS_SECONDS,
];

/// The bytes without a request in `hostile::stages`.
const CONNECTION_LIMITS: [Limit; 7] = [
    limit::CONNECTIONS_PER_SOURCE,
    limit::HEAD_SECONDS,
    limit::IDLE_SECONDS,
    limit::IDLE_BYTES,
    limit::WRITE_STALL_SECONDS,
    limit::ANSWER_BYTES_PER_SECOND,
    limit::HALF_CLOSED_SECONDS,
];

const STORE_LIMITS: [Limit; 7] = [
    limit::SERIES_PER_QUERY,
    limit::SAMPLES_PER_QUERY,
    limit::NODES_PER_LIST,
    limit::NAME_BYTES,
    limit::NAME_ELEMENTS,
    limit::SERIES_PER_TENANT,
    limit::NAME_BYTES_PER_TENANT,
];

/// The changes and logins in `hostile::busy_database`, `hostile::waiting_changes` and `hostile::waiting_logins`.
const WORK_LIMITS: [Limit; 8] = [
    limit::STEPS_PER_QUERY,
    limit::BYTES_PER_QUERY,
    limit::CHANGES_AT_ONCE_PER_ACCOUNT,
    limit::CHANGES_WAITING_PER_ACCOUNT,
    limit::CHANGES_WAITING_PER_IDENTITY,
    limit::LOGINS_AT_ONCE_PER_ACCOUNT,
    limit::LOGINS_WAITING_PER_ACCOUNT,
    limit::LOGINS_WAITING_PER_IDENTITY,
];
/// Mails are counted in `mail`, codes in `hostile::invite`.
const INVITATION_LIMITS: [Limit; 6] = [
    limit::INVITATIONS_PER_REQUEST,
    limit::INVITATIONS_PER_ACCOUNT,
    limit::INVITATIONS_PER_DAY,
    limit::MAILS_PER_ADDRESS,
    limit::CODE_TRIES_PER_MINUTE,
    limit::ADDRESS_BYTES,
];

#[test]
fn limits_of_invitations() {
    let server = Server::with(&[
        "--set",
        "limits.invitations_per_request=3",
        "--set",
        "limits.invitations_per_account=4",
        "--set",
        "limits.invitations_per_day=9",
    ]);
    let token = server.token();
    let path = format!("/v2/accounts/{}/users", server.owner.account);
    let invite = |emails: &[String]| {
        let users: Vec<_> = emails.iter().map(|email| json!({"email": email})).collect();
        let request = server.request("POST", &path).bearer(&token);
        request.json(&json!({"users": users})).send()
    };
    let some = |from: usize, to: usize| -> Vec<String> {
        (from..to).map(|at| format!("p{at}@example.org")).collect()
    };
    let refused = |reply: &Reply, status: u16, limit: Limit| {
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.text().contains(limit.name), "{}", reply.text());
        assert_eq!(hits(&server, limit), 1, "{}", limit.name);
    };
    refused(&invite(&some(0, 4)), 400, limit::INVITATIONS_PER_REQUEST);
    refused(&invite(&["a".repeat(300)]), 400, limit::ADDRESS_BYTES);
    assert_eq!(invite(&some(0, 3)).status, 202);
    refused(&invite(&some(3, 5)), 409, limit::INVITATIONS_PER_ACCOUNT);
    assert_eq!(invite(&some(3, 4)).status, 202);
    // Those who were invited already take no place, and count for the day.
    assert_eq!(invite(&some(0, 3)).status, 202);
    refused(&invite(&some(0, 3)), 429, limit::INVITATIONS_PER_DAY);
    assert_eq!(invite(&some(0, 2)).status, 202);
}

#[test]
fn every_limit_is_tried_here() {
    let tried: BTreeSet<&str> = REQUEST_LIMITS
        .iter()
        .chain(&CONNECTION_LIMITS)
        .chain(&STORE_LIMITS)
        // These in `hostile/quota.rs`.
        .chain(limit::PER_ACCOUNT)
        .chain(&bodies::LIMITS)
        .chain(&texts::LIMITS)
        .chain(&login_limits::LIMITS)
        .chain(&sessions::LIMITS)
        .chain(&introspection::LIMITS)
        .chain(&WORK_LIMITS)
        .chain(&INVITATION_LIMITS)
        .chain(&queries::LIMITS)
        .chain(&memory::LIMITS)
        .chain(&crate::paging::LIMITS)
        .chain(&crate::audit::LIMITS)
        .chain(&words::LIMITS)
        .chain(&crate::graphite::LIMITS)
        .chain(&crate::events::LIMITS)
        .chain(&crate::listeners::LIMITS)
        .chain(&crate::kept_answers::LIMITS)
        .chain(&crate::senders::LIMITS)
        .chain(&crate::senders::STATSD_LIMITS)
        .chain(&crate::service_ids::LIMITS)
        .chain(&crate::access_groups::LIMITS)
        .chain(&crate::access_policies::LIMITS)
        .chain(&crate::trusted_profiles::LIMITS)
        .map(|limit| limit.name)
        .collect();
    let all: BTreeSet<&str> = limit::ALL.iter().map(|limit| limit.name).collect();
    assert_eq!(tried, all);
}

#[test]
fn limits_of_requests() {
    let server = Server::with(&[
        "--set",
        "limits.body_bytes=4096",
        "--set",
        "limits.header_bytes=4096",
        "--set",
        "limits.targets_per_query=2",
        "--set",
        "limits.concurrent_password_checks=1",
        "--set",
        "limits.password_wait_seconds=60",
    ]);
    let token = server.token();
    for (limit, unit, value) in [
        (limit::BODY_BYTES, "bytes", 4096),
        (limit::HEAD_SECONDS, "seconds", limit::HEAD_SECONDS.default),
        (limit::NAME_BYTES, "bytes", limit::NAME_BYTES.default),
    ] {
        let line = format!("vigie_limit{{limit=\"{}\",unit=\"{unit}\"}}", limit.name);
        assert_eq!(figure(&server, &line), value);
    }
    for limit in REQUEST_LIMITS {
        assert_eq!(hits(&server, limit), 0, "{}", limit.name);
    }
    let large = server
        .metrics(&token, "POST", "/v1/metrics")
        .body(vec![b' '; 5000])
        .send();
    refused(&large, 413, "BXNMSSV03E", limit::BODY_BYTES);
    let head = server
        .request("GET", "/v1/metrics/list")
        .header("X-Large", &"x".repeat(6000))
        .send();
    refused(&head, 431, "BXNMSSV04E", limit::HEADER_BYTES);
    let many = server
        .metrics(&token, "GET", "/v1/metrics?target=a&target=b&target[]=c")
        .send();
    refused(&many, 400, "BXNMSMT04E", limit::TARGETS_PER_QUERY);
    for limit in [
        limit::BODY_BYTES,
        limit::HEADER_BYTES,
        limit::TARGETS_PER_QUERY,
    ] {
        assert_eq!(hits(&server, limit), 1, "{}", limit.name);
    }

    // Logins wait for each other, and all are answered.
    until("a login waits for another", || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let form = [
                        ("grant_type", "password"),
                        ("username", &*server.owner.user),
                        ("password", &*server.owner.password),
                    ];
                    let reply = server
                        .request("POST", "/identity/token")
                        .basic("bx", "bx")
                        .form(&form)
                        .send();
                    assert_eq!(reply.status, 200, "{}", reply.text());
                });
            }
        });
        hits(&server, limit::CONCURRENT_PASSWORD_CHECKS) > 0
    });
}

#[test]
fn a_request_that_does_not_arrive_in_time_is_told_so() {
    // Less than a body may fall behind.
    let settings = ["limits.request_seconds=4", "limits.body_stall_seconds=60"];
    let server = bodies::with(&settings);
    let mut stream = hanging(&server, &server.token());
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("request_seconds"), "{answer}");
    assert_eq!(hits(&server, limit::REQUEST_SECONDS), 1);
}

/// Asks over this connection.
fn ask(stream: &mut TcpStream) -> String {
    let ask = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\n\r\n";
    stream.write_all(ask).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_connection_too_many_takes_the_place_of_a_silent_one() {
    for (setting, limit) in [
        ("limits.connections=2", limit::CONNECTIONS),
        (
            "limits.connections_per_source=2",
            limit::CONNECTIONS_PER_SOURCE,
        ),
    ] {
        let server = Server::with(&["--set", setting]);
        let connect = || TcpStream::connect(&server.serving.address).unwrap();
        let (mut first, _second) = (connect(), connect());
        let text = ask(&mut connect());
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        assert_eq!(hits(&server, limit), 1);
        // The first of the silent ones has gone.
        assert_eq!(first.read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn stages_of_a_connection_have_their_time() {
    let server = bodies::with(&["limits.head_seconds=3", "limits.idle_seconds=3"]);
    let mut silent = TcpStream::connect(&server.serving.address).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    let mut idle = TcpStream::connect(&server.serving.address).unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    idle.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    for limit in [limit::HEAD_SECONDS, limit::IDLE_SECONDS] {
        until(limit.name, || hits(&server, limit) > 0);
    }
}

/// The operators' listener closes connections that stay open, and refuses those beyond its limit.
#[test]
fn limits_of_operators() {
    let server = Server::with(&[
        "--set",
        "limits.operations_connections=2",
        "--set",
        "limits.operations_seconds=2",
    ]);
    let socket = server.data().join("operations.sock");
    let mut silent = UnixStream::connect(&socket).unwrap();
    // Nothing was sent, so nothing is answered: the end of the connection is awaited.
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    until("it is counted", || {
        hits(&server, limit::OPERATIONS_SECONDS) == 1
    });
    until("one too many is closed", || {
        let mut held = [0; 3].map(|_| UnixStream::connect(&socket).unwrap());
        let mut closed = |at: usize| {
            let wait = Some(Duration::from_millis(200));
            held[at].set_read_timeout(wait).unwrap();
            matches!(held[at].read(&mut [0]), Ok(0))
        };
        closed(2)
    });
    until("there is room to ask", || {
        let asked = try_operations(&socket, "GET /metrics HTTP/1.0\r\n\r\n");
        asked.is_ok_and(|reply| {
            let name = limit::OPERATIONS_CONNECTIONS.name;
            let none = format!("vigie_limit_hits_total{{limit=\"{name}\"}} 0\n");
            reply.status == 200 && !reply.text().contains(&none)
        })
    });
}

#[test]
fn limits_of_the_store() {
    let server = Server::with(&[
        "--set",
        "limits.series_per_query=2",
        "--set",
        "limits.samples_per_query=4",
        "--set",
        "limits.nodes_per_list=2",
        "--set",
        "limits.series_per_tenant=4",
        "--set",
        "limits.name_bytes_per_tenant=12",
    ]);
    let token = server.token();
    let stamp = now() - 60;
    let send = |body: serde_json::Value| -> Reply {
        let request: Request = server.metrics(&token, "POST", "/v1/metrics");
        request.json(&body).send()
    };
    let point = |name: &str, at: i64| json!({"name": name, "value": 1, "timestamp": stamp + at});
    let good: Vec<_> = ["a.x", "b.x", "c.x"]
        .iter()
        .flat_map(|name| (0..3).map(|at| point(name, at)))
        .collect();
    assert_eq!(send(json!(good)).json()["stored"], 9);
    let long = "n".repeat(2000);
    let deep = vec!["d"; 70].join(".");
    let receipt = send(json!([
        point(&long, 0),
        point(&deep, 0),
        point("d.xyz", 0),
        point("d.x", 0),
        point("e.x", 0),
        point("a.x", 5)
    ]))
    .json();
    assert_eq!(
        (&receipt["stored"], &receipt["rejected"]),
        (&json!(2), &json!(4))
    );
    let reasons: Vec<&str> = receipt["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["reason"].as_str().unwrap())
        .collect();
    for (reason, limit) in reasons.iter().zip([
        limit::NAME_BYTES,
        limit::NAME_ELEMENTS,
        limit::NAME_BYTES_PER_TENANT,
        limit::SERIES_PER_TENANT,
    ]) {
        assert!(reason.contains(limit.name), "{reason}");
    }
    for (path, limit) in [
        ("/v1/metrics?target=*.x", limit::SERIES_PER_QUERY),
        ("/v1/metrics?target={a,b}.x", limit::SAMPLES_PER_QUERY),
        ("/v1/metrics/list?query=*", limit::NODES_PER_LIST),
    ] {
        let reply = server.metrics(&token, "GET", path).send();
        refused(&reply, 400, "BXNMSMT12E", limit);
    }
    for limit in STORE_LIMITS {
        assert_eq!(hits(&server, limit), 1, "{}", limit.name);
    }
    // The second target is told the limit of the query, not what the first has left of it.
    for (path, text) in [
        (
            "/v1/metrics?target=a.x&target={b,c}.x",
            "`series_per_query` is 2",
        ),
        (
            "/v1/metrics?target=b.x&target=c.x",
            "`samples_per_query` is 4",
        ),
    ] {
        let reply = server.metrics(&token, "GET", path).send();
        assert!(reply.text().contains(text), "{}", reply.text());
    }
}

#[test]
fn limits_of_the_work_that_a_question_makes() {
    let steps = (limit::STEPS_PER_QUERY, 100, "s.*z");
    let bytes = (limit::BYTES_PER_QUERY, 4096, "l*");
    let names = (0..100).map(|leaf| format!("s.{leaf:03}"));
    let long = (0..5).map(|end| format!("{}{end}", "l".repeat(1000)));
    let samples: Vec<_> = names
        .chain(long)
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    for (limit, figure, query) in [steps, bytes] {
        let server = Server::with(&["--set", &format!("limits.{}={figure}", limit.name)]);
        let token = server.token();
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        assert_eq!(sent.json(&json!(samples)).send().json()["stored"], 105);
        let mut refusals = vec![
            ("GET", format!("/v1/metrics?target={query}")),
            ("GET", format!("/v1/metrics/list?query={query}")),
        ];
        if limit == limit::STEPS_PER_QUERY {
            refusals.push(("DELETE", format!("/v1/metrics/list?query={query}")));
        }
        for (method, path) in &refusals {
            let reply = server.metrics(&token, method, path).send();
            refused(&reply, 400, "BXNMSMT12E", limit);
            let figure = format!(" is {figure}");
            assert!(reply.text().contains(&figure), "{}", reply.text());
        }
        assert_eq!(hits(&server, limit), refusals.len() as u64);
    }
}
