//! Requests that two programs in a row could read as two different ones, and what answers say to browsers.

use super::honest::answer;
use crate::harness::Server;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

fn ask(server: &Server, text: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    answer(&mut stream).unwrap()
}

#[test]
fn a_request_is_for_one_host() {
    let server = Server::start();
    for path in [
        "/health/live",
        "/v1/metrics/list",
        "/identity/keys",
        "/v2/info",
        "/nowhere",
        "/metrics",
    ] {
        for lines in [
            "",
            "Host: a\r\nHost: b\r\n",
            "Host: a\r\nHost: a\r\n",
            "Host:\r\n",
            "Host: a b\r\n",
            "Host: u@a\r\n",
        ] {
            let (status, text) = ask(&server, &format!("GET {path} HTTP/1.1\r\n{lines}\r\n"));
            assert_eq!(status, 400, "{path} {lines}: {text}");
            assert!(text.contains("Host"), "{text}");
        }
    }
    let (status, text) = ask(&server, "GET /health/live HTTP/1.0\r\n\r\n");
    assert_eq!(status, 200, "{text}");
    let (status, text) = ask(
        &server,
        "GET /health/live HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    );
    assert_eq!(status, 400, "{text}");
    let (status, text) = ask(
        &server,
        "GET /health/live HTTP/1.1\r\nHost: vigie.example:80\r\n\r\n",
    );
    assert_eq!(status, 200, "{text}");
}

/// A proxy that keeps `/metrics` or `/health` to itself has a rule for that spelling.
#[test]
fn the_servers_own_metrics_have_one_spelling() {
    let server = Server::start();
    for path in [
        "//metrics",
        "/metrics/",
        "///metrics//",
        "//health/ready",
        "/health//live",
        "/%6Detrics",
        "/./metrics",
    ] {
        let (status, text) = ask(
            &server,
            &format!("GET {path} HTTP/1.1\r\nHost: vigie\r\n\r\n"),
        );
        assert_eq!(status, 404, "{path}: {text}");
        let (status, text) = ask(
            &server,
            &format!("GET http://vigie{path} HTTP/1.1\r\nHost: vigie\r\n\r\n"),
        );
        assert_eq!(status, 404, "{path}: {text}");
    }
}

#[test]
fn browsers_are_told_to_keep_to_https_only_where_that_is_the_address() {
    let hsts_of = |flags: &[&str]| {
        let server = Server::with(flags);
        let live = server.request("GET", "/health/live").send();
        let refused = server.request("GET", "/v1/metrics").send();
        let header = |reply: &crate::harness::Reply| {
            reply.header("Strict-Transport-Security").map(str::to_owned)
        };
        assert_eq!(header(&live), header(&refused));
        header(&live)
    };
    let year = Some("max-age=31536000".to_owned());
    assert_eq!(
        hsts_of(&["--set", "public_url=https://vigie.example"]),
        year
    );
    assert_eq!(
        hsts_of(&["--set", "public_url=https://vigie.example:443"]),
        year
    );
    assert_eq!(
        hsts_of(&[
            "--set",
            "public_url=https://vigie.example",
            "--set",
            "tls.hsts_seconds=60"
        ]),
        Some("max-age=60".to_owned())
    );
    for none in [
        &[][..],
        &["--set", "public_url=https://vigie.example:8443"],
        &["--set", "public_url=http://vigie.example"],
        &[
            "--set",
            "public_url=https://vigie.example",
            "--set",
            "tls.hsts_seconds=0",
        ],
    ] {
        assert_eq!(hsts_of(none), None, "{none:?}");
    }
}
