//! Headers given twice: two readers on the way could take two different ones.

use super::honest::{answer, connect_from};
use crate::harness::Server;
use std::io::Write;
use std::net::Ipv4Addr;

const FORM: &str = "grant_type=password&username=x&password=y";

fn ask(server: &Server, first: &str, lines: &[&str], body: &str) -> (u16, String) {
    let mut stream = connect_from(Ipv4Addr::LOCALHOST, server).unwrap();
    let mut request = format!(
        "{first} HTTP/1.1\r\nHost: vigie\r\nContent-Length: {}\r\n",
        body.len()
    );
    for line in lines {
        request.push_str(line);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).unwrap();
    answer(&mut stream).unwrap()
}

#[test]
fn two_clients_in_one_request_are_refused() {
    let server = Server::start();
    let (bx, cf) = ("Authorization: Basic Yng6Yng=", "Authorization: Basic Y2Y6");
    for (path, line, other) in [
        ("/identity/token", bx, cf),
        ("/oidc/token", bx, cf),
        ("/identity/introspect", bx, cf),
        ("/identity/revoke", bx, cf),
        ("/oauth/token", cf, bx),
    ] {
        let first = format!("POST {path}");
        let (status, text) = ask(&server, &first, &[line, other], FORM);
        assert_eq!(status, 400, "{path}: {text}");
        assert!(text.contains("`Authorization`"), "{path}: {text}");
        // The same one twice is one: it goes on to what the form says.
        let (_, text) = ask(&server, &first, &[line, line], FORM);
        assert!(!text.contains("more than once"), "{path}: {text}");
    }
    let refresh = "grant_type=refresh_token&refresh_token=x";
    let (status, text) = ask(&server, "POST /identity/passcode", &[bx, cf], refresh);
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("`Authorization`"), "{text}");
}

#[test]
fn two_tags_or_two_keys_in_one_request_are_refused() {
    let server = Server::start();
    let user_token = format!("X-Auth-User-Token: apikey {}", server.owner.api_key);
    let (_, list) = ask(&server, "GET /v1/apikeys", &[&user_token], "");
    let list: serde_json::Value =
        serde_json::from_str(list.split("\r\n\r\n").last().unwrap()).unwrap();
    let key = &list["apikeys"][0];
    let first = format!("PUT /v1/apikeys/{}", key["id"].as_str().unwrap());
    let tag = format!("If-Match: {}", key["entity_tag"].as_str().unwrap());
    let body = r#"{"name":"renamed"}"#;
    for lines in [
        [&*user_token, &*tag, "If-Match: *"],
        [&*user_token, "If-Match: *", &*tag],
        [&*user_token, "If-Match: 1-x", "If-Match: *"],
    ] {
        let (status, text) = ask(&server, &first, &lines, body);
        assert_eq!(status, 400, "{text}");
        assert!(text.contains("`If-Match`"), "{text}");
    }
    let (status, text) = ask(&server, &first, &[&user_token, &tag, &tag], body);
    assert_eq!(status, 200, "{text}");
    let keys = ["IAM-ApiKey: x", "IAM-ApiKey: y"];
    let lines = [&*user_token, keys[0], keys[1]];
    let (status, text) = ask(&server, "GET /v1/apikeys/details", &lines, "");
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("more than once"), "{text}");
}

#[test]
fn two_content_encodings_are_refused() {
    let server = Server::start();
    let user_token = format!("X-Auth-User-Token: apikey {}", server.owner.api_key);
    for (path, body) in [
        ("/v1/metrics", "[]"),
        ("/v1/apikeys", "{}"),
        ("/identity/token", FORM),
    ] {
        for lines in [
            &["Content-Encoding: identity", "Content-Encoding: gzip"][..],
            &["Content-Encoding: gzip", "Content-Encoding: gzip"],
            &["Content-Encoding: identity", "Content-Encoding: identity"],
            &["Content-Encoding:", "Content-Encoding: gzip"],
            &["Content-Encoding: gzip, gzip"],
            &["Content-Encoding: identity, gzip"],
            &["Content-Encoding: gzip,"],
        ] {
            let mut lines = lines.to_vec();
            lines.push(&user_token);
            let (status, text) = ask(&server, &format!("POST {path}"), &lines, body);
            assert_eq!(status, 400, "{path} {lines:?}: {text}");
            assert!(text.contains("Content-Encoding"), "{path}: {text}");
        }
    }
}

/// RFC 6749 5.1: replies with tokens say so to caches of either age.
#[test]
fn replies_of_token_endpoints_are_kept_by_no_cache() {
    let server = Server::start();
    let good = format!(
        "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={}",
        server.owner.api_key
    );
    let uaa = format!(
        "grant_type=password&username=apikey&password={}",
        server.owner.api_key
    );
    let cf = "Authorization: Basic Y2Y6";
    for (path, lines, form, expected) in [
        ("/identity/token", &[][..], &*good, 200),
        ("/oidc/token", &[], &good, 200),
        (
            "/identity/token",
            &["Authorization: Basic Yng6Yng="],
            FORM,
            400,
        ),
        ("/identity/token", &[], FORM, 401),
        ("/oauth/token", &[cf], &uaa, 200),
        ("/identity/introspect", &[], "token=x", 200),
        ("/identity/passcode", &[], "username=x&password=y", 400),
        ("/identity/token", &["Content-Encoding: br"], &good, 400),
    ] {
        let (status, text) = ask(&server, &format!("POST {path}"), lines, form);
        assert_eq!(status, expected, "{path}: {text}");
        for line in ["pragma: no-cache\r\n", "cache-control: no-store\r\n"] {
            assert!(text.contains(line), "{path}: {text}");
        }
    }
}

/// Two readers on the way could take a body for two different things.
#[test]
fn two_content_types_are_refused() {
    let server = Server::start();
    let user_token = format!("X-Auth-User-Token: apikey {}", server.owner.api_key);
    let (json, form) = (
        "Content-Type: application/json",
        "Content-Type: application/x-www-form-urlencoded",
    );
    for (first, body) in [
        ("POST /v1/metrics", "[]"),
        ("POST /v1/apikeys", "{}"),
        ("POST /identity/token", FORM),
        ("POST /identity/passcode", FORM),
        ("POST /oauth/token", FORM),
        ("POST /v2/users/redeem", "{}"),
        ("PUT /v2/users/self/password", "{}"),
    ] {
        for lines in [[json, form], [form, json]] {
            let lines = [&user_token, lines[0], lines[1]];
            let (status, text) = ask(&server, first, &lines, body);
            assert_eq!(status, 400, "{first}: {text}");
            assert!(text.contains("`Content-Type`"), "{first}: {text}");
        }
        let (_, text) = ask(&server, first, &[&user_token, json, json], body);
        assert!(!text.contains("`Content-Type`"), "{first}: {text}");
    }
}
