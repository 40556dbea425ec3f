//! The UAA and `/v2/info` to the letter, as the Cloud Foundry command line of the time reads them.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

fn ask(server: &Server) -> Request {
    server.request("POST", "/oauth/token").basic("cf", "")
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn word(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert!(body["error_description"].is_string(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    (reply.status, text(&body, "error"))
}

#[test]
fn every_grant_is_answered_with_these_fields() {
    let server = Server::start();
    let owner = &server.owner;
    let iam = server.request("POST", "/identity/token").basic("bx", "bx");
    let iam = iam
        .form(&[
            ("grant_type", "password"),
            ("username", &owner.user),
            ("password", &owner.password),
        ])
        .send()
        .json();
    let passcode = server
        .request("POST", "/identity/passcode")
        .basic("bx", "bx");
    let passcode = passcode
        .form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &text(&iam, "refresh_token")),
        ])
        .send()
        .json();
    let passcode = text(&passcode, "passcode");
    let first = ask(&server)
        .form(&[
            ("grant_type", "password"),
            ("username", "apikey"),
            ("password", &owner.api_key),
            ("scope", ""),
            ("response_type", "uaa"),
        ])
        .send()
        .json();
    let (iam_token, refresh) = (text(&iam, "access_token"), text(&first, "refresh_token"));
    for (what, form) in [
        (
            "password",
            vec![
                ("grant_type", "password"),
                ("username", owner.user.as_str()),
                ("password", owner.password.as_str()),
            ],
        ),
        (
            "passcode",
            vec![("grant_type", "password"), ("passcode", passcode.as_str())],
        ),
        (
            "iam_token",
            vec![
                ("grant_type", "iam_token"),
                ("iam_token", iam_token.as_str()),
            ],
        ),
        (
            "refresh_token",
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.as_str()),
            ],
        ),
    ] {
        let reply = ask(&server).form(&form).send();
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let token = reply.json();
        let mut names: Vec<&String> = token.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(
            names,
            [
                "access_token",
                "expires_in",
                "jti",
                "refresh_token",
                "scope",
                "token_type"
            ],
            "{what}"
        );
        assert_eq!(token["token_type"], "bearer");
        let life = token["expires_in"].as_i64().unwrap();
        if what == "iam_token" {
            // What is left of the token shown, and nothing to go on with.
            assert!((1..=3600).contains(&life), "{token}");
            assert_eq!(token["refresh_token"], "not_supported");
        } else {
            assert_eq!(life, 3600, "{what}");
            assert_ne!(token["refresh_token"], "not_supported", "{what}");
        }
        let uaa = format!("uaa {}", text(&token, "access_token"));
        let list = server
            .request("GET", "/v1/metrics/list")
            .header("X-Auth-User-Token", &uaa);
        let list = list
            .header("X-Auth-Scope-Id", &format!("s-{}", owner.space))
            .send();
        assert_eq!(list.status, 200, "{what}: {}", list.text());
    }
    let info = server.request("GET", "/v2/info").send().json();
    assert_eq!(info["authorization_endpoint"], json!(server.serving.url()));
    assert_eq!(info["token_endpoint"], json!(server.serving.url()));
    for name in ["name", "build", "support", "description", "api_version"] {
        assert!(info[name].is_string(), "{name}: {info}");
    }
    assert_eq!(info["version"], 2);
}

#[test]
fn refusals_have_the_words_the_command_line_looks_for() {
    let server = Server::start();
    let login = |password| {
        [
            ("grant_type", "password"),
            ("username", server.owner.user.as_str()),
            ("password", password),
        ]
    };
    let good = login(&server.owner.password);
    let bare = || server.request("POST", "/oauth/token");
    let cases = [
        (
            "a wrong password",
            ask(&server).form(&login("x")),
            401,
            "invalid_grant",
        ),
        (
            "a wrong key",
            ask(&server).form(&[
                ("grant_type", "password"),
                ("username", "apikey"),
                ("password", "x"),
            ]),
            401,
            "invalid_grant",
        ),
        (
            "a wrong passcode",
            ask(&server).form(&[("grant_type", "password"), ("passcode", "x")]),
            401,
            "invalid_grant",
        ),
        (
            "a wrong refresh token",
            ask(&server).form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
            401,
            "invalid_grant",
        ),
        (
            "a wrong IAM token",
            ask(&server).form(&[("grant_type", "iam_token"), ("iam_token", "x")]),
            401,
            "invalid_token",
        ),
        ("no client", bare().form(&good), 401, "unauthorized"),
        (
            "another client",
            bare().basic("bx", "bx").form(&good),
            401,
            "unauthorized",
        ),
        (
            "a wrong secret",
            bare().basic("cf", "x").form(&good),
            401,
            "unauthorized",
        ),
        ("no form", ask(&server), 400, "invalid_request"),
        (
            "no password",
            ask(&server).form(&good[..2]),
            400,
            "invalid_request",
        ),
        (
            "a field twice",
            ask(&server).body("grant_type=password&grant_type=password"),
            400,
            "invalid_request",
        ),
        (
            "an unknown grant",
            ask(&server).form(&[("grant_type", "client_credentials")]),
            400,
            "unsupported_grant_type",
        ),
    ];
    for (what, request, status, expected) in cases {
        let reply = request.send();
        assert_eq!(word(&reply), (status, expected.to_owned()), "{what}");
        let challenge = match expected {
            "unauthorized" => Some("Basic realm=\"vigie\""),
            _ if status == 401 => Some("Bearer realm=\"vigie\""),
            _ => None,
        };
        assert_eq!(reply.header("www-authenticate"), challenge, "{what}");
    }
}

#[test]
fn a_disconnect_ends_the_session() {
    disconnect(&Server::start());
}

#[test]
fn a_disconnect_ends_the_session_on_two_nodes() {
    if let Some(server) = Server::on_two_nodes("a_disconnect_ends_the_session_on_two_nodes") {
        disconnect(&server);
    }
}

/// In whichever header the token comes, its session ends.
fn disconnect(server: &Server) {
    for header in ["Authorization", "X-Auth-User-Token"] {
        let login = ask(server)
            .form(&[
                ("grant_type", "password"),
                ("username", "apikey"),
                ("password", &server.owner.api_key),
            ])
            .send()
            .json();
        let token = text(&login, "access_token");
        let value = match header {
            "Authorization" => format!("bearer {token}"),
            _ => format!("uaa {token}"),
        };
        let orgs = || {
            server
                .request("GET", "/v2/organizations")
                .bearer(&token)
                .send()
        };
        assert_eq!(orgs().status, 200, "{header}");
        let done = server
            .request("POST", "/oauth/token/disconnect")
            .header(header, &value)
            .send();
        assert_eq!(done.status, 200, "{header}: {}", done.text());
        assert_eq!(orgs().status, 401, "{header}");
        let refresh = [
            ("grant_type", "refresh_token"),
            ("refresh_token", login["refresh_token"].as_str().unwrap()),
        ];
        assert_eq!(word(&ask(server).form(&refresh).send()).1, "invalid_grant");
    }
    let key = format!("apikey {}", server.owner.api_key);
    let by_key = server.request("POST", "/oauth/token/disconnect");
    let by_key = by_key.header("X-Auth-User-Token", &key).send();
    assert_eq!(word(&by_key), (400, "unsupported_token_type".to_owned()));
}
