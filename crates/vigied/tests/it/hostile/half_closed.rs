//! A client that has closed its side and waits for the answer (`printf … | nc`, HTTP/1.0 scripts) gets it. A client that is
//! gone looks the same for a moment, and its query ends.

use super::pipelined::fill;
use super::queries::{figure, worst_head};
use super::unread_answers::{NAMES, server, small_client};
use crate::harness::{Server, until};
use crate::limits::hits;
use base::limit;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Sends all of it, closes its side, and reads to the end.
fn ask(server: &Server, text: &str) -> String {
    let mut client = TcpStream::connect(&server.serving.address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    client.write_all(text.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_half_closed_client_gets_its_answer() {
    let server = Server::start();
    let token = format!("X-Auth-User-Token: apikey {}\r\n", server.owner.api_key);
    let sample = r#"[{"name":"a.b","value":1}]"#;
    let form = format!(
        "grant_type=password&username={}&password={}",
        server.owner.user, server.owner.password
    );
    for version in ["1.0", "1.1"] {
        let post = |path: &str, lines: &str, body: &str| {
            let length = body.len();
            let head = format!("POST {path} HTTP/{version}\r\nHost: vigie\r\n{lines}");
            ask(
                &server,
                &format!("{head}Content-Length: {length}\r\n\r\n{body}"),
            )
        };
        let get = |path: &str| {
            let head = format!("GET {path} HTTP/{version}\r\nHost: vigie\r\n{token}\r\n");
            ask(&server, &head)
        };
        for (what, answer) in [
            ("nobody's", get("/health/live")),
            ("a write", post("/v1/metrics", &token, sample)),
            ("a query", get("/v1/metrics?target=a.b&from=-1h")),
            ("a listing", get("/v1/metrics/list?query=*")),
            ("a management", get("/v2/organizations")),
            (
                "a login",
                post(
                    "/identity/token",
                    "Authorization: Basic Yng6Yng=\r\n",
                    &form,
                ),
            ),
        ] {
            assert!(answer.contains(" 200 "), "{what} by {version}: `{answer}`");
        }
        let two = format!(
            "GET /health/live HTTP/{version}\r\nHost: vigie\r\nConnection: keep-alive\r\n\r\n"
        );
        let answers = ask(&server, &two.repeat(2)).matches(" 200 ").count();
        assert_eq!(answers, 2);
    }
}

#[test]
fn a_half_closed_client_gets_a_large_answer_whole_however_slowly_it_reads() {
    let server = server(&["--set", "limits.half_closed_seconds=2"]);
    let mut client = small_client(&server);
    client
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    let head = format!(
        "GET /v1/metrics/list?query=* HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {}\r\n\r\n",
        server.owner.api_key
    );
    client.write_all(head.as_bytes()).unwrap();
    // It has begun; how long that takes is not asked here.
    let mut all = vec![0; 4096];
    client.read_exact(&mut all).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // The step of a slow reader: longer than the time for a client that has closed its side.
    std::thread::sleep(Duration::from_secs(5));
    client.read_to_end(&mut all).unwrap();
    assert!(all.len() > NAMES * 900 && all.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn a_half_closed_client_waits_for_a_query_so_long_and_no_longer() {
    let server = Server::with(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
        "--set",
        "limits.half_closed_seconds=1",
    ]);
    let key = &server.owner.api_key;
    let mut filling = TcpStream::connect(&server.serving.address).unwrap();
    fill(&mut filling, key);
    let answer = ask(&server, &worst_head(key, ""));
    assert_eq!(answer, "");
    until("it has ended", || {
        figure(&server, "vigie_queries_running") == 0
    });
    assert_eq!(hits(&server, limit::HALF_CLOSED_SECONDS), 1);
}
