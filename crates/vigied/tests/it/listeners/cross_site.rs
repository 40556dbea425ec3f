//! Requests that a page of another site makes a browser send, with the password that the browser keeps.

use super::bare;
use crate::harness::{Reply, Server};
use serde_json::json;

const EVIL: &str = "https://evil.example";
const FRIEND: &str = "https://grafana.example";

fn send(server: &Server, method: &str, headers: &[(&str, &str)]) -> Reply {
    let path = if method == "GET" {
        "/render?target=a&format=json"
    } else {
        "/v1/metrics"
    };
    let mut request = bare(server, method, path).basic("apikey", &server.owner.api_key);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send()
}

fn server() -> Server {
    Server::with(&["--set", &format!("cors.origins={FRIEND}")])
}

#[test]
fn a_page_of_another_site_sends_nothing_with_a_password_that_the_browser_keeps() {
    let server = server();
    for headers in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "nonsense")],
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        &[("Origin", EVIL)],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Origin", FRIEND), ("Origin", EVIL)],
        &[("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")],
    ] {
        for method in ["GET", "POST"] {
            let reply = send(&server, method, headers);
            assert_eq!(reply.status, 403, "{method} {headers:?}: {}", reply.text());
            assert_eq!(reply.code(), "BXNMSRI20E");
            assert_eq!(reply.header("www-authenticate"), None);
        }
    }
    let stored = bare(&server, "GET", "/v1/metrics/list?query=**");
    let stored = stored.bearer(&server.owner.api_key).send();
    assert_eq!(stored.json(), json!([]), "nothing was stored");
}

#[test]
fn programs_our_own_pages_and_listed_ones_may_and_links_are_opened() {
    let server = server();
    let origin = server.serving.url();
    for headers in [
        &[][..],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", &origin)],
        &[("Origin", &origin)],
        &[("Origin", FRIEND)],
        &[("Origin", FRIEND), ("Sec-Fetch-Site", "cross-site")],
    ] {
        for method in ["GET", "POST"] {
            let reply = send(&server, method, headers);
            assert_eq!(reply.status, 200, "{method} {headers:?}: {}", reply.text());
        }
    }
    let link = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ];
    assert_eq!(send(&server, "GET", &link).status, 200);
    assert_eq!(
        send(&server, "POST", &link).status,
        403,
        "a form of the other page"
    );
    let mut frame = link;
    frame[2].1 = "iframe";
    assert_eq!(send(&server, "GET", &frame).status, 403);
}

/// A header that a page sets itself is no password that a browser keeps: the browser asks first whether the page may.
#[test]
fn other_ways_are_not_a_browsers_own() {
    let server = server();
    for request in [
        bare(&server, "GET", "/version").bearer(&server.owner.api_key),
        server.metrics(&server.token(), "GET", "/version"),
    ] {
        let reply = request
            .header("Origin", EVIL)
            .header("Sec-Fetch-Site", "cross-site")
            .send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

/// A page of another site makes no browser ask its person for the password of this server.
#[test]
fn a_page_of_another_site_raises_no_question_for_a_password() {
    let server = server();
    for (site, basic) in [
        ("cross-site", false),
        ("same-site", false),
        ("none", true),
        ("same-origin", true),
    ] {
        let reply = bare(&server, "GET", "/version")
            .header("Sec-Fetch-Site", site)
            .send();
        let challenge = reply.header("www-authenticate").unwrap();
        assert_eq!(
            (reply.status, challenge.contains("Basic")),
            (401, basic),
            "{site}"
        );
        assert!(challenge.starts_with("Bearer "), "{site}");
    }
}
