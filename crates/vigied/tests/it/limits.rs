//! Every limit has a name, a value that can be read, an error that names it, and a count.

mod bodies;
mod queries;

use crate::harness::{Reply, Request, Server, now};
use base::limit::{self, Limit};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A figure of the server's own metrics.
fn figure(server: &Server, line: &str) -> u64 {
    let metrics = server.request("GET", "/metrics").send().text();
    let value = metrics
        .lines()
        .find_map(|own| own.strip_prefix(line)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("no `{line}` in {metrics}"));
    value.parse().unwrap()
}

fn hits(server: &Server, limit: Limit) -> u64 {
    figure(
        server,
        &format!("vigie_limit_hits_total{{limit=\"{}\"}}", limit.name),
    )
}

/// Asks again until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
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

const REQUEST_LIMITS: [Limit; 7] = [
    limit::BODY_BYTES,
    limit::HEADER_BYTES,
    limit::REQUEST_SECONDS,
    limit::CONCURRENT_REQUESTS,
    limit::CONNECTIONS,
    limit::CONCURRENT_PASSWORD_CHECKS,
    limit::TARGETS_PER_QUERY,
];

const STORE_LIMITS: [Limit; 6] = [
    limit::SERIES_PER_QUERY,
    limit::SAMPLES_PER_QUERY,
    limit::NODES_PER_LIST,
    limit::NAME_BYTES,
    limit::NAME_ELEMENTS,
    limit::SERIES_PER_TENANT,
];

#[test]
fn every_limit_is_tried_here() {
    let tried: BTreeSet<&str> = REQUEST_LIMITS
        .iter()
        .chain(&STORE_LIMITS)
        // These in `hostile/quota.rs`.
        .chain(limit::PER_ACCOUNT)
        .chain(&bodies::LIMITS)
        .chain(&queries::LIMITS)
        .map(|limit| limit.name)
        .collect();
    let all: BTreeSet<&str> = limit::ALL.iter().map(|limit| limit.name).collect();
    assert_eq!(tried, all);
}

#[test]
fn limits_of_requests() {
    let server = Server::with(&[
        "--set",
        "limits.body_bytes=1000",
        "--set",
        "limits.header_bytes=4096",
        "--set",
        "limits.targets_per_query=2",
        "--set",
        "limits.concurrent_password_checks=1",
    ]);
    let token = server.token();
    for (limit, unit, value) in [
        (limit::BODY_BYTES, "bytes", 1000),
        (
            limit::REQUEST_SECONDS,
            "seconds",
            limit::REQUEST_SECONDS.default,
        ),
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
        .body(vec![b' '; 2000])
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

    // Logins wait for one another and are all answered.
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
    let server = Server::with(&["--set", "limits.request_seconds=1"]);
    let mut stream = hanging(&server, &server.token());
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("request_seconds"), "{answer}");
    assert_eq!(hits(&server, limit::REQUEST_SECONDS), 1);
}

/// A write that is worked on for a while.
fn long_write(server: &Server, token: &str) -> Reply {
    let body = "{\"name\":\"a\",\"value\":1},".repeat(500_000);
    let request = server.metrics(token, "POST", "/v1/metrics");
    request.body(format!("[{body}1]")).send()
}

#[test]
fn a_full_server_says_so_and_still_shows_how_it_is() {
    for (places, limit) in [
        (1, limit::CONCURRENT_REQUESTS),
        (2, limit::ACCOUNT_SHARE_PERCENT),
    ] {
        let places = format!("limits.concurrent_requests={places}");
        let server = Server::with(&["--set", &places]);
        let token = server.token();
        let list = || server.metrics(&token, "GET", "/v1/metrics/list").send();
        std::thread::scope(|scope| {
            let write = scope.spawn(|| long_write(&server, &token));
            let mut busy = list();
            while busy.status == 200 && !write.is_finished() {
                busy = list();
            }
            refused(&busy, 429, "BXNMSSV06E", limit);
            assert_eq!(busy.header("Retry-After"), Some("1"));
            assert_eq!(server.request("GET", "/health/ready").send().status, 200);
            assert!(hits(&server, limit) > 0);
            assert_eq!(write.join().unwrap().status, 200);
        });
        until("there is room again", || list().status == 200);
    }
}

#[test]
fn a_connection_too_many_waits_for_its_turn() {
    let server = Server::with(&["--set", "limits.connections=1"]);
    let ask = b"GET /metrics HTTP/1.1\r\nHost: vigie\r\n\r\n";
    let mut first = TcpStream::connect(&server.serving.address).unwrap();
    first.write_all(ask).unwrap();
    assert!(answer(&mut first).starts_with("HTTP/1.1 200 "));
    let mut second = TcpStream::connect(&server.serving.address).unwrap();
    second.write_all(ask).unwrap();
    until("the second connection is counted as waiting", || {
        first.write_all(ask).unwrap();
        let mut text = answer(&mut first);
        while !text.contains("vigie_limit_hits_total{limit=\"connections\"}") {
            text.push_str(&answer(&mut first));
        }
        text.contains("vigie_limit_hits_total{limit=\"connections\"} 1\n")
    });
    drop(first);
    assert!(answer(&mut second).starts_with("HTTP/1.1 200 "));
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
        "limits.series_per_tenant=3",
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
        point("d.x", 0),
        point("a.x", 5)
    ]))
    .json();
    assert_eq!(
        (&receipt["stored"], &receipt["rejected"]),
        (&json!(1), &json!(3))
    );
    let reasons: Vec<&str> = receipt["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["reason"].as_str().unwrap())
        .collect();
    for (reason, limit) in reasons.iter().zip([
        limit::NAME_BYTES,
        limit::NAME_ELEMENTS,
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
            "3 series or more, and `series_per_query` is 2",
        ),
        (
            "/v1/metrics?target=b.x&target=c.x",
            "6 samples or more, and `samples_per_query` is 4",
        ),
    ] {
        let reply = server.metrics(&token, "GET", path).send();
        assert!(reply.text().contains(text), "{}", reply.text());
    }
}
