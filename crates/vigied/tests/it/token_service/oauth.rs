//! Errors as clients of OAuth 2.0 read them, and as IBM's own read them.

use super::{APIKEY, ask, by_password, names, refusal, words};
use crate::harness::{Request, Server};
use serde_json::Value;

/// A client of the standard grants takes an answer without `error` for a token; IBM's SDKs show `error` in place of the message.
#[test]
fn standard_grants_have_oauths_members_and_ibms_own_have_not() {
    let server = Server::start();
    let password = by_password(&server);
    let request = || ask(&server).basic("bx", "bx");
    let revoke = || server.request("POST", "/identity/revoke");
    let passcode = "urn:ibm:params:oauth:grant-type:passcode";
    let standard: [(&str, Request, &str); 14] = [
        (
            "a wrong password",
            request().form(&[password[0], password[1], ("password", "x")]),
            "invalid_grant",
        ),
        (
            "an unknown refresh token",
            request().form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
            "invalid_grant",
        ),
        (
            "no refresh token",
            request().form(&[("grant_type", "refresh_token")]),
            "invalid_request",
        ),
        (
            "another account",
            request().form(&[password[0], password[1], password[2], ("account", "x")]),
            "invalid_request",
        ),
        ("no client", ask(&server).form(&password), "invalid_client"),
        (
            "an unknown client",
            ask(&server).basic("kube", "kube").form(&password),
            "invalid_client",
        ),
        (
            "a grant that is not served",
            request().form(&[("grant_type", "authorization_code"), ("code", "x")]),
            "unsupported_grant_type",
        ),
        (
            "no grant",
            request().form(&[("username", "x")]),
            "invalid_request",
        ),
        (
            "nothing to revoke",
            revoke().form(&[("token_type_hint", "access_token")]),
            "invalid_request",
        ),
        (
            "an unknown client that revokes",
            revoke().basic("x", "x").form(&[("token", "x")]),
            "invalid_client",
        ),
        (
            "a field twice",
            request().form(&[password[0], password[1], password[1], password[2]]),
            "invalid_request",
        ),
        (
            "no form",
            request()
                .header("Content-Type", "application/json")
                .body("{\"grant_type\":\"password\"}"),
            "invalid_request",
        ),
        (
            "a coding that the guard does not know",
            request()
                .header("Content-Encoding", "compress")
                .form(&password),
            "invalid_request",
        ),
        (
            "a body that the guard finds too large",
            request().body("a".repeat(100_001)),
            "invalid_request",
        ),
    ];
    let fields = "errorCode errorMessage context";
    for (what, request, word) in standard {
        let reply = request.send();
        refusal(&reply);
        let body = reply.json();
        assert_eq!(body["error"], word, "{what}");
        let description = body["error_description"].as_str().unwrap();
        let message = body["errorMessage"].as_str().unwrap();
        assert!(description.starts_with(message), "{what}: {description}");
        // Where IBM's SDKs look before they show `error`: the guard does not know for which grant it refuses.
        assert_eq!(body["errors"][0]["message"], message, "{what}");
        if let Some(details) = body["errorDetails"].as_str() {
            assert!(description.ends_with(details), "{what}: {description}");
        }
    }
    for (what, request) in [
        (
            "an unknown key",
            request().form(&[("grant_type", APIKEY), ("apikey", "x")]),
        ),
        ("no key", request().form(&[("grant_type", APIKEY)])),
        (
            "an unknown client",
            ask(&server)
                .basic("kube", "kube")
                .form(&[("grant_type", passcode), ("passcode", "x")]),
        ),
        (
            "a wrong passcode",
            request().form(&[("grant_type", passcode), ("passcode", "x")]),
        ),
        (
            "a grant of IBM's that is not served",
            request().form(&[("grant_type", "urn:ibm:params:oauth:grant-type:derive")]),
        ),
    ] {
        let reply = request.send();
        refusal(&reply);
        let body = reply.json();
        let found = names(&body)
            .into_iter()
            .filter(|name| *name != "errorDetails");
        let found: Vec<&str> = found.collect();
        assert_eq!(found, words(fields), "{what}");
    }
}

/// `client_secret_post`, which the discovery document names: as good as Basic, and not beside it (RFC 6749 2.3.1).
#[test]
fn a_client_may_be_named_in_the_form_in_place_of_the_header() {
    let server = Server::start();
    let by_form = |id: &'static str, secret: &'static str| {
        let mut form = by_password(&server).to_vec();
        form.extend([("client_id", id), ("client_secret", secret)]);
        ask(&server).form(&form)
    };
    let login = by_form("bx", "bx").send();
    assert_eq!(login.status, 200, "{}", login.text());
    let login = login.json();
    let refresh_token = login["refresh_token"].as_str().unwrap();
    let client = [("client_id", "bx"), ("client_secret", "bx")];
    let renewed = ask(&server).form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        client[0],
        client[1],
    ]);
    assert_eq!(renewed.send().status, 200);
    // An id beside the header is no second proof.
    let password = by_password(&server);
    let beside =
        ask(&server)
            .basic("bx", "bx")
            .form(&[password[0], password[1], password[2], client[0]]);
    assert_eq!(beside.send().status, 200);

    let post = |path: &str| server.request("POST", path);
    for (what, request, status, word) in [
        ("a wrong secret", by_form("bx", "x"), 401, "invalid_client"),
        ("no id", by_form("", "bx"), 401, "invalid_client"),
        (
            "the header and the form",
            by_form("bx", "bx").basic("bx", "bx"),
            400,
            "invalid_request",
        ),
        (
            "a wrong secret of who revokes",
            post("/identity/revoke").form(&[("token", "x"), client[0], ("client_secret", "x")]),
            401,
            "invalid_client",
        ),
    ] {
        let reply = request.send();
        let body: Value = reply.json();
        assert_eq!(reply.status, status, "{what}: {body}");
        assert_eq!(body["error"], word, "{what}");
    }
    let token = login["access_token"].as_str().unwrap();
    let introspect = |secret| {
        let form = [("token", token), client[0], ("client_secret", secret)];
        post("/identity/introspect").form(&form).send().status
    };
    assert_eq!((introspect("bx"), introspect("x")), (200, 401));
    let revoke = post("/identity/revoke").form(&[("token", token), client[0], client[1]]);
    assert_eq!(revoke.send().status, 200);
}
