//! Expensive patterns: one GET must not delay others, whatever its pattern.

use super::honest::{Honest, connect_from};
use crate::harness::Server;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Longer than any of these queries takes on a busy machine. One that is stuck is answered with 503 before, or never.
const LIMIT: Duration = Duration::from_secs(300);

/// Sends a query without waiting for its answer.
fn ask(server: &Server, method: &str, path: &str) -> TcpStream {
    let mut stream = connect_from(ATTACKER, server).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\nX-Auth-User-Token: apikey {}\r\n\r\n",
        server.owner.api_key
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The status of the answer; 0 where none came.
fn status(mut stream: TcpStream) -> u16 {
    let mut text = [0; 12];
    match stream.read_exact(&mut text) {
        Ok(()) => String::from_utf8_lossy(&text)[9..].parse().unwrap(),
        Err(_) => 0,
    }
}

/// Escapes what a request line may not hold.
fn escaped(pattern: &str) -> String {
    let escape = |character: char| match character {
        '{' => "%7B".to_owned(),
        '}' => "%7D".to_owned(),
        other => other.to_string(),
    };
    pattern.chars().map(escape).collect()
}

fn begun(names: &[String]) -> Server {
    let server = Server::start();
    for names in names.chunks(2000) {
        let samples: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({"name": name, "value": 1}))
            .collect();
        let sent = server.request("POST", "/v1/metrics?durability=buffered");
        let sent = sent.header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        );
        assert_eq!(sent.json(&serde_json::json!(samples)).send().status, 200);
    }
    server
}

#[test]
fn regression_6_combinations_of_texts_are_not_tried_where_no_node_is() {
    let server = begun(&["a.b".to_owned()]);
    let pattern = escaped(&vec!["{a,b}"; 40].join("."));
    let honest = Honest::start(&server, HONEST);
    for (method, path) in [
        ("GET", "/v1/metrics?target="),
        ("GET", "/v1/metrics/list?query="),
        ("DELETE", "/v1/metrics/list?query="),
    ] {
        let asked = ask(&server, method, &format!("{path}{pattern}"));
        assert_eq!(status(asked), 200, "{method} {path}");
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    assert!(!served.took.is_empty());
}

#[test]
fn regression_6_stars_and_alternatives_are_read_in_one_pass() {
    let names: Vec<String> = (0..4000)
        .map(|leaf| format!("c.host-{leaf:04}.{}", "y".repeat(900)))
        .collect();
    let server = begun(&names);
    let stars = format!("c.*.{}z", "*y".repeat(480));
    let alternatives = format!("c.*.{{{}}}", vec!["*y*z"; 500].join(","));
    let honest = Honest::start(&server, HONEST);
    for pattern in [stars, alternatives] {
        let asked = ask(
            &server,
            "GET",
            &format!("/v1/metrics/list?query={}", escaped(&pattern)),
        );
        assert_eq!(status(asked), 200, "{}", &pattern[..20]);
    }
    let served = honest.stop();
    assert!(served.refused.is_empty(), "{:?}", served.refused);
    assert!(!served.took.is_empty());
}

#[test]
fn regression_6_braces_are_not_written_out() {
    let server = begun(&["a.b".to_owned()]);
    let digits = "{0,1,2,3,4,5,6,7,8,9}".repeat(2);
    let pattern = format!("{digits}{{0,1,2,3,4,5,6,7,8}}{}", "{a}".repeat(1345));
    let path = format!("/v1/metrics?target={}", escaped(&pattern));
    let streams: Vec<TcpStream> = (0..8).map(|_| ask(&server, "GET", &path)).collect();
    let mut live = connect_from(HONEST, &server).unwrap();
    live.write_all(b"GET /health/live HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert_eq!(status(live), 200);
    for stream in streams {
        assert_eq!(status(stream), 200);
    }
}
