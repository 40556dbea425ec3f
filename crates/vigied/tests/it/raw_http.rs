//! Behaviour that needs a raw socket: refusals that reach a client which is still sending, and ambiguous requests.

use crate::harness::{Server, now, until};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.serving.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    stream
}

/// A request line with these header lines.
fn head(first: &str, lines: &[String]) -> String {
    let mut head = format!("{first} HTTP/1.1\r\nHost: vigie\r\n");
    for line in lines {
        head.push_str(line);
        head.push_str("\r\n");
    }
    head + "\r\n"
}

/// One answer: its head, and the body that its `Content-Length` says.
pub(crate) fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn token_line(token: &str) -> String {
    format!("X-Auth-User-Token: iam {token}")
}

fn scope_line(server: &Server) -> String {
    format!("X-Auth-Scope-Id: s-{}", server.owner.space)
}

#[test]
fn a_refusal_reaches_a_client_that_still_sends() {
    let server = Server::with(&["--set", "limits.body_bytes=4000000"]);
    let token = server.token();
    let expired = "X-Auth-User-Token: iam x.y.z".to_owned();
    let ours = token_line(&token);
    for (path, line, length, status, code) in [
        ("/v1/metrics", &expired, 3_000_000, "401", "BXNMSRI02E"),
        ("/v1/metrics", &ours, 6_000_000, "413", "BXNMSSV03E"),
        ("/v1/nowhere", &ours, 3_000_000, "404", "BXNMSSV01E"),
    ] {
        let mut stream = connect(&server);
        let lines = [
            line.clone(),
            scope_line(&server),
            format!("Content-Length: {length}"),
        ];
        let first = head(&format!("POST {path}"), &lines);
        stream.write_all(first.as_bytes()).unwrap();
        // In pieces: the refusal is decided long before the last one leaves.
        for _ in 0..length / 1000 {
            stream.write_all(&[b' '; 1000]).unwrap();
        }
        let text = answer(&mut stream);
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
        assert!(text.contains(code), "{text}");
        // Nothing was lost, so the connection goes on.
        let next = head("GET /health/live", &[]);
        stream.write_all(next.as_bytes()).unwrap();
        assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn a_client_that_waits_for_leave_gets_the_refusal_instead() {
    let server = Server::start();
    let mut stream = connect(&server);
    let lines = [
        "Content-Length: 3000000".to_owned(),
        "Expect: 100-continue".to_owned(),
    ];
    let first = head("POST /v1/metrics", &lines);
    stream.write_all(first.as_bytes()).unwrap();
    let text = answer(&mut stream);
    assert!(text.starts_with("HTTP/1.1 401"), "{text}");
    assert!(text.contains("connection: close"), "{text}");
}

#[test]
fn a_header_given_twice_with_different_values_is_refused() {
    let server = Server::start();
    let (token, scope) = (token_line(&server.token()), scope_line(&server));
    let other_scope = format!("X-Auth-Scope-Id: o-{}", server.owner.org);
    let other_token = format!("X-Auth-User-Token: apikey {}", server.owner.api_key);
    let ask = |lines: &[String]| {
        let mut stream = connect(&server);
        let first = head("GET /v1/metrics/list", lines);
        stream.write_all(first.as_bytes()).unwrap();
        answer(&mut stream)
    };
    for (lines, field) in [
        (
            vec![token.clone(), scope.clone(), other_scope],
            "X-Auth-Scope-Id",
        ),
        (
            vec![token.clone(), other_token, scope.clone()],
            "X-Auth-User-Token",
        ),
    ] {
        let text = ask(&lines);
        assert!(text.starts_with("HTTP/1.1 400"), "{text}");
        assert!(
            text.contains("BXNMSSV09E") && text.contains(field),
            "{text}"
        );
    }
    let twice = ask(&[token.clone(), token, scope.clone(), scope]);
    assert!(twice.starts_with("HTTP/1.1 200"), "{twice}");
}

#[test]
fn a_transfer_coding_other_than_chunked_is_refused() {
    let server = Server::start();
    let body = "1a\r\n[{\"name\":\"a.b\",\"value\":1}]\r\n0\r\n\r\n";
    let ask = |coding: &str| {
        let mut stream = connect(&server);
        let lines = [
            token_line(&server.token()),
            scope_line(&server),
            format!("Transfer-Encoding: {coding}"),
        ];
        let first = head("POST /v1/metrics", &lines) + body;
        stream.write_all(first.as_bytes()).unwrap();
        answer(&mut stream)
    };
    let plain = ask("Chunked");
    assert!(plain.starts_with("HTTP/1.1 200"), "{plain}");
    let packed = ask("gzip, chunked");
    assert!(packed.starts_with("HTTP/1.1 400"), "{packed}");
    assert!(packed.contains("Transfer-Encoding"), "{packed}");
}

/// Heads beyond the buffer are refused before there is a request; they count all the same.
#[test]
fn a_head_of_too_many_lines_is_counted() {
    let server = Server::start();
    let lines: Vec<String> = (0..300).map(|at| format!("X-Line-{at}: 1")).collect();
    let mut stream = connect(&server);
    let first = head("GET /health/live", &lines);
    stream.write_all(first.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 431"), "{text}");
    // The connection ends before its end is counted.
    let line = "vigie_limit_hits_total{limit=\"header_bytes\"} 1";
    until("it is counted", || {
        server.operations("/metrics").text().contains(line)
    });
}

/// The HTTP library refuses these by itself, with a status and nothing else.
#[test]
fn regression_6_what_is_no_request_is_refused_in_words() {
    let server = Server::start();
    let long = "x".repeat(100_000);
    let lines: Vec<String> = (0..300).map(|at| format!("X-Line-{at}: 1")).collect();
    let many = head("GET /health/live", &lines);
    let huge = head(
        "GET /health/live",
        &[format!("X-Large: {}", long.repeat(8))],
    );
    let target = head(&format!("GET /{long}"), &[]);
    let good = head("GET /health/live", &[]);
    for (text, status, code, word) in [
        (many, "431", "BXNMSSV04E", "`header_bytes`"),
        (huge, "431", "BXNMSSV04E", "`header_bytes`"),
        (target, "431", "BXNMSSV04E", "`header_bytes`"),
        (head("G<T /", &[]), "400", "BXNMSSV09E", "method"),
        // As curl sends a target with quotes in a URL.
        (
            head("GET /render?target=alias(a,\"b\")", &[]),
            "400",
            "BXNMSSV09E",
            "`%22`",
        ),
        (
            head("GET /", &["a b: c".to_owned()]),
            "400",
            "BXNMSSV09E",
            "header line",
        ),
        (
            "GET / HTTP/7.1\r\n\r\n".to_owned(),
            "400",
            "BXNMSSV09E",
            "version",
        ),
    ] {
        for before in ["", good.as_str()] {
            let mut stream = connect(&server);
            // The refusal may come while it is still sent.
            let _ = stream.write_all((before.to_owned() + &text).as_bytes());
            if !before.is_empty() {
                assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
            }
            let reply = answer(&mut stream);
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
            for part in [code, word, "transaction-id: ", "connection: close"] {
                assert!(reply.contains(part), "{part}: {reply}");
            }
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            assert!(rest.is_empty());
        }
    }
}

#[test]
fn a_deletion_with_a_mistyped_parameter_deletes_nothing() {
    let server = Server::start();
    let token = server.token();
    let sample = json!([{ "name": "keep.me", "value": 1, "timestamp": now() }]);
    let sent = server.metrics(&token, "POST", "/v1/metrics").json(&sample);
    assert_eq!(sent.send().status, 200);
    for slip in ["dryrun=true", "form=-1h", "Until=now"] {
        let path = format!("/v1/metrics/list?query=*&{slip}");
        let reply = server.metrics(&token, "DELETE", &path).send();
        let text = reply.text();
        assert_eq!(reply.status, 400, "{text}");
        let name = slip.split('=').next().unwrap();
        assert!(text.contains(&format!("`{name}`")), "{text}");
    }
    let left = server.metrics(&token, "GET", "/v1/metrics/list").send();
    assert_eq!(left.json(), json!(["keep"]));
}

/// A script's `/v1/sessions/$ID`, where nothing was in `ID`, ended all sessions.
#[test]
fn a_deletion_of_an_empty_id_deletes_nothing() {
    let server = Server::start();
    let token = server.token();
    for path in [
        "/v1/sessions/",
        "//v1/sessions//",
        "/v1/metrics/list/?query=*",
        "/v1/serviceids/",
    ] {
        let reply = server.request("DELETE", path).bearer(&token).send();
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text().contains("ends in a slash"), "{}", reply.text());
    }
    let space = format!("/v2/spaces/{}/", server.owner.space);
    assert_eq!(
        server
            .request("DELETE", &space)
            .bearer(&token)
            .send()
            .status,
        404
    );
    let reply = server
        .request("GET", "/v1/serviceids")
        .bearer(&token)
        .send();
    assert_eq!(reply.status, 200, "the session goes on: {}", reply.text());
}

/// An address with a slash at its end, and a path after it: what many clients make of their settings.
#[test]
fn slashes_that_say_nothing_lead_to_the_same_route() {
    let server = Server::start();
    let token = server.token();
    for path in [
        "//v1/metrics/list",
        "/v1/metrics/list/",
        "/v1//metrics/list?query=*",
    ] {
        let reply = server.metrics(&token, "GET", path).send();
        assert_eq!((reply.status, reply.json()), (200, json!([])), "{path}");
        let stranger = server.request("GET", path).send();
        assert_eq!(stranger.status, 401, "{path}");
    }
    let key = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", server.owner.api_key.as_str()),
    ];
    let reply = server.request("POST", "//identity/token").form(&key).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}
