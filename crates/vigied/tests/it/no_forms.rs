//! Bodies that are no form, on every route that reads one: what came is named, and what is taken.

use crate::harness::{Reply, Request, Server};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str =
    "--x\r\nContent-Disposition: form-data; name=\"target\"\r\n\r\na.*\r\n--x--\r\n";

/// Bodies with their types, and what they are called.
fn bodies() -> [(&'static str, String, &'static str); 6] {
    let json = json!({"target": "a.*", "grant_type": "password", "token": "x"}).to_string();
    [
        (
            "multipart/form-data; boundary=x",
            PARTS.to_owned(),
            "`multipart/form-data`",
        ),
        ("application/json", json.clone(), "`application/json`"),
        ("text/plain", "target a.*".to_owned(), "`text/plain`"),
        // As `curl --data` and `--data-binary` call whatever they are given.
        (FORM, json, "JSON"),
        (FORM, PARTS.to_owned(), "`multipart/form-data`"),
        (FORM, "[1]".to_owned(), "JSON"),
    ]
}

fn each(ask: impl Fn() -> Request, check: impl Fn(&Reply, &str)) {
    for (content_type, body, named) in bodies() {
        let reply = ask()
            .header("Content-Type", content_type)
            .body(body.clone())
            .send();
        let text = reply.text();
        let what = format!("{content_type} {body}: {} {text}", reply.status);
        assert_eq!(reply.status, 400, "{what}");
        assert!(
            text.contains(&format!("the body is {named}, not a form")),
            "{what}"
        );
        assert!(text.contains(FORM), "{what}");
        check(&reply, &what);
    }
}

#[test]
fn regression_7_token_routes_name_a_body_that_is_no_form() {
    let server = Server::start();
    for path in ["/identity/token", "/oidc/token", "/identity/revoke"] {
        each(
            || server.request("POST", path).basic("bx", "bx"),
            |reply, what| assert_eq!(reply.json()["errorCode"], "BXNIM0106E", "{what}"),
        );
    }
    for path in ["/identity/introspect", "/identity/passcode"] {
        each(
            || server.request("POST", path),
            |reply, what| assert_eq!(reply.json()["errorCode"], "BXNIM0106E", "{what}"),
        );
    }
    each(
        || server.request("POST", "/oauth/token").basic("cf", ""),
        |reply, what| assert_eq!(reply.json()["error"], "invalid_request", "{what}"),
    );
}

#[test]
fn regression_7_routes_of_graphite_name_a_body_that_is_no_form() {
    let server = Server::start();
    let token = server.token();
    for path in [
        "/render",
        "/metrics/find",
        "/metrics/expand",
        "/metrics/index.json",
        "/tags",
        "/tags/findSeries",
        "/tags/autoComplete/tags",
        "/tags/autoComplete/values",
        "/tags/tagSeries",
        "/tags/tagMultiSeries",
        "/tags/delSeries",
        "/events/get_data",
        "/version",
        "/query",
    ] {
        each(
            || server.metrics(&token, "POST", path),
            |_, what| assert!(what.contains("BXNMSSV09E") || path == "/query", "{what}"),
        );
    }
    // What graphite-web takes.
    let body = "target=%7Ba%2Cb%7D&format=json&from=-1h";
    for content_type in [FORM, "application/x-www-form-urlencoded; charset=UTF-8"] {
        let reply = server.metrics(&token, "POST", "/render");
        let reply = reply.header("Content-Type", content_type).body(body).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let reply = server.metrics(&token, "POST", "/render?target=a");
    assert_eq!(
        reply.header("Content-Type", "text/plain").send().status,
        200
    );
}
