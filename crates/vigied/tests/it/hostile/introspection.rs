//! Introspection as a way to guess tokens.

use super::honest::{answer, connect_from};
use crate::harness::{Reply, Server};
use serde_json::{Value, json};
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Instant;

fn introspect(server: &Server, form: &[(&str, &str)]) -> Reply {
    server
        .request("POST", "/identity/introspect")
        .form(form)
        .send()
}

fn inactive() -> Value {
    json!({"active": false})
}

/// A key says what a token made of it would say.
#[test]
fn a_key_says_what_a_token_of_it_would_say() {
    let server = Server::start();
    let token = introspect(&server, &[("token", &server.token())]).json();
    let key = introspect(&server, &[("apikey", &server.owner.api_key)]).json();
    let names = |value: &Value| {
        let names = value.as_object().unwrap().keys();
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&token), names(&key));
    for (name, value) in token.as_object().unwrap() {
        if !["iat", "exp"].contains(&name.as_str()) {
            assert_eq!(key[name], *value, "{name}");
        }
    }
    let life = |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(life(&token), life(&key));
}

/// A credential that is not valid as a whole is answered only with that.
#[test]
fn of_anything_else_nothing_is_said() {
    let server = Server::start();
    let token = server.token();
    let key = &server.owner.api_key;
    let longer = format!("{token}.");
    for (field, text) in [
        ("token", "x"),
        ("token", &token[..token.len() - 1]),
        ("token", &longer),
        ("token", &format!("Bearer {token}")),
        ("token", key),
        ("apikey", &key[..key.len() - 1]),
        ("apikey", &token),
    ] {
        let reply = introspect(&server, &[(field, text)]);
        assert_eq!((reply.status, reply.json()), (200, inactive()), "{field}");
    }
}

/// The header is the credential to inspect; what a proxy added is ignored.
#[test]
fn the_header_counts_and_a_proxys_authorization_does_not() {
    let server = Server::start();
    let token = server.token();
    let ask = |beside: Option<&str>| {
        let request = server.request("POST", "/identity/introspect");
        let request = request.header("X-Auth-User-Token", &format!("iam {token}"));
        let request = match beside {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        request.form(&[("token", &token)]).send()
    };
    let json = ask(None).json();
    assert_eq!(json["active"], true);
    let foreign = "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2ln";
    for beside in [
        "Basic cHJveHk6c2VjcmV0",
        "Negotiate abc",
        foreign,
        "Bearer x",
    ] {
        let reply = ask(Some(beside));
        assert_eq!(
            (reply.status, reply.json()),
            (200, json.clone()),
            "{beside}"
        );
    }
    // Without a credential in the form, that of the header is meant.
    let request = server.request("POST", "/identity/introspect");
    let request = request.header(
        "X-Auth-User-Token",
        &format!("apikey {}", server.owner.api_key),
    );
    assert_eq!(request.form(&[]).send().json()["active"], true);
    let none = server.request("POST", "/identity/introspect").form(&[]);
    assert_eq!(none.send().status, 400);
}

/// Guesses slow down the guesser's source; other sources, and callers with a valid credential, are not affected.
#[test]
fn guessing_is_slowed_by_source() {
    let server = Server::with(&["--set", "limits.introspection_misses_per_minute=5"]);
    let ask = |source: u8, caller: Option<&str>, key: &str| {
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, source), &server).unwrap();
        let body = wire::query::encode(&[("apikey", key)]);
        let header = caller.map_or_else(String::new, |caller| {
            format!("X-Auth-User-Token: apikey {caller}\r\n")
        });
        let request = format!(
            "POST /identity/introspect HTTP/1.1\r\nHost: vigie\r\n{header}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        answer(&mut stream).unwrap()
    };
    let key = &server.owner.api_key;
    let begun = Instant::now();
    let refused = (0..20).map(|number| ask(2, None, &format!("guess-{number}")));
    let refused: Vec<_> = refused.filter(|(status, _)| *status == 429).collect();
    // Five in a minute, so one more in twelve seconds.
    let most = 6 + usize::try_from(begun.elapsed().as_secs() / 12).unwrap();
    let checked = 20 - refused.len();
    assert!(checked <= most, "{checked} of 20 were checked");
    for (_, text) in refused {
        assert!(text.contains("introspection_misses_per_minute"), "{text}");
        assert!(text.to_lowercase().contains("retry-after: "), "{text}");
    }
    // Another source is told as before, and so is, from the same one, who counts alone.
    assert_eq!(ask(3, None, key).0, 200);
    let (status, text) = ask(2, Some(key), key);
    assert!(status == 200 && text.contains("\"active\":true"), "{text}");
    // Valid credentials are no guesses.
    for _ in 0..20 {
        assert_eq!(ask(4, None, key).0, 200);
    }
}

/// It is unknown which of the two is meant, and an answer for one would say nothing about the other.
#[test]
fn a_token_and_a_key_in_one_form_are_refused() {
    let server = Server::start();
    let (token, key) = (server.token(), server.owner.api_key.clone());
    for fields in [
        [("token", token.as_str()), ("apikey", key.as_str())],
        [("apikey", "x"), ("token", "y")],
    ] {
        let reply = server
            .request("POST", "/identity/introspect")
            .form(&fields)
            .send();
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(
            reply.text().contains("`token`") && reply.text().contains("`apikey`"),
            "{}",
            reply.text()
        );
    }
    // An empty one is none.
    let reply = server
        .request("POST", "/identity/introspect")
        .form(&[("token", &token), ("apikey", "")]);
    assert_eq!(reply.send().json()["active"], true);
}
