//! The grant of open standards for programs: a service ID and one of its keys, as the id and the secret of a client.

use super::{Account, claims, text};
use crate::harness::{Reply, Request};
use serde_json::{Value, json};

fn ask(account: &Account, more: &[(&str, &str)]) -> Request {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    account
        .server
        .request("POST", "/identity/token")
        .form(&form)
}

fn basic(account: &Account, id: &str, secret: &str) -> Reply {
    let request = account.server.request("POST", "/identity/token");
    let request = request.basic(id, secret);
    request.form(&[("grant_type", "client_credentials")]).send()
}

#[test]
fn a_service_id_and_its_key_are_a_client() {
    let account = Account::start();
    let made = account.make(json!({"name": "ci", "apikey": {"name": "first"}}));
    account.appoint(&made);
    let (id, iam_id) = (text(&made["id"]), text(&made["iam_id"]));
    let secret = text(&made["apikey"]["apikey"]);
    let posted = |id: &str| ask(&account, &[("client_id", id), ("client_secret", &secret)]).send();
    for reply in [
        basic(&account, &id, &secret),
        basic(&account, &iam_id, &secret),
        posted(&id),
        posted(&iam_id),
    ] {
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let answer = reply.json();
        let mut fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
        fields.sort();
        // A client of OAuth would try to renew with a refresh token that is none.
        assert_eq!(
            fields,
            [
                "access_token",
                "expiration",
                "expires_in",
                "scope",
                "token_type"
            ]
        );
        let token = text(&answer["access_token"]);
        let claims = claims(&token);
        assert_eq!(claims["grant_type"], "client_credentials");
        assert_eq!(claims["client_id"], json!(id));
        assert_eq!(claims["iam_id"], json!(iam_id));
        assert_eq!(claims.get("session_id"), None);
        let path = "/v1/metrics/list?query=*";
        let listed = account.metrics(&format!("iam {token}"), "GET", path);
        assert_eq!(listed.send().status, 200);
    }
}

fn invalid_client(what: &str, reply: &Reply) {
    let body: Value = reply.json();
    assert_eq!(reply.status, 401, "{what}: {body}");
    assert_eq!(body["error"], "invalid_client", "{what}");
    assert_eq!(body["errorCode"], "BXNIM0308E", "{what}");
    let challenge = reply.header("www-authenticate");
    assert_eq!(challenge, Some("Basic realm=\"vigie\""), "{what}");
}

#[test]
fn who_is_no_service_id_or_has_not_its_key_is_no_client() {
    let account = Account::start();
    let made = account.make(json!({"name": "ci", "apikey": {"name": "first"}}));
    let other = account.make(json!({"name": "other", "apikey": {"name": "first"}}));
    let (id, secret) = (text(&made["id"]), text(&made["apikey"]["apikey"]));
    let others_secret = text(&other["apikey"]["apikey"]);
    let owner = &account.server.owner;
    for (what, reply) in [
        ("a wrong key", basic(&account, &id, "wrong")),
        ("no key", basic(&account, &id, "")),
        ("another's key", basic(&account, &id, &others_secret)),
        (
            "a user's key",
            basic(&account, &account.owner, &owner.api_key),
        ),
        ("the command line", basic(&account, "bx", "bx")),
        ("no client", ask(&account, &[]).send()),
        ("no secret", ask(&account, &[("client_id", &id)]).send()),
    ] {
        invalid_client(what, &reply);
    }
    assert_eq!(basic(&account, &id, &secret).status, 200);
    let key = format!("/v1/apikeys/{}/disable", text(&made["apikey"]["id"]));
    assert_eq!(account.call("POST", &key).send().status, 204);
    let disabled = basic(&account, &id, &secret);
    invalid_client("a disabled key", &disabled);
    assert!(disabled.text().contains("disabled"), "{}", disabled.text());

    // UAA tokens are for people.
    let both = with_uaa(&account, &text(&other["id"]), &others_secret);
    assert_eq!(both.status, 403, "{}", both.text());
    assert_eq!(both.json()["error"], "unauthorized_client");
}

fn with_uaa(account: &Account, id: &str, secret: &str) -> Reply {
    let more = [
        ("client_id", id),
        ("client_secret", secret),
        ("response_type", "cloud_iam,uaa"),
    ];
    ask(account, &more).send()
}
