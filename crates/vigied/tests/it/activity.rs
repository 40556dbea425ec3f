//! When API keys, service IDs and users have authenticated, as IBM's clients ask for it, also across a restart.

use crate::harness::{Request, Server, Serving, token};
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

/// The activity that an object of the interface is answered with.
fn activity(url: &str, owner: &str, path: &str) -> Value {
    let path = format!("{path}?include_activity=true");
    let reply = Request::new(url, "GET", &path).bearer(owner).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["activity"].clone()
}

#[test]
fn a_key_and_its_service_tell_when_they_have_authenticated() {
    let Server {
        serving,
        owner,
        folder,
    } = Server::start();
    let url = serving.url();
    let token_of_owner = token(&url, &owner.api_key);
    let body = json!({"account_id": owner.account, "name": "ci", "apikey": {"name": "first"}});
    let made = Request::new(&url, "POST", "/v1/serviceids").bearer(&token_of_owner);
    let made = made.json(&body).send().json();
    let service = format!("/v1/serviceids/{}", text(&made["id"]));
    let key = format!("/v1/apikeys/{}", text(&made["apikey"]["id"]));
    let secret = text(&made["apikey"]["apikey"]);
    let of = |path: &str| activity(&url, &token_of_owner, path);
    for path in [&service, &key] {
        assert_eq!(of(path), json!({"authn_count": 0}), "{path}");
        let plain = Request::new(&url, "GET", path).bearer(&token_of_owner);
        assert_eq!(plain.send().json().get("activity"), None);
    }

    let own = token(&url, &secret);
    let show = |credential: &str| {
        let request = Request::new(&url, "GET", &service);
        request.header("X-Auth-User-Token", credential).send()
    };
    assert_eq!(show(&format!("iam {own}")).status, 200);
    assert_eq!(of(&key)["authn_count"], 1, "a token authenticates nobody");
    assert_eq!(show(&format!("apikey {secret}")).status, 200);
    for path in [&service, &key] {
        let seen = of(path);
        assert_eq!(seen["authn_count"], 2, "{path}");
        let at = text(&seen["last_authn"]);
        assert!(at.len() == 21 && at.ends_with("+0000"), "{at}");
    }
    // A service sees its own.
    assert_eq!(activity(&url, &own, &service)["authn_count"], 2);
    let details = Request::new(&url, "GET", "/v1/apikeys/details?include_activity=true");
    let details = details
        .bearer(&token_of_owner)
        .header("IAM-ApiKey", &secret);
    assert_eq!(details.send().json()["activity"]["authn_count"], 2);

    // What was counted since it was last written is written at the end.
    assert!(serving.stop().success());
    let serving = Serving::start(&folder.path().join("data"), "127.0.0.1:0", &[]);
    let url = serving.url();
    let token_of_owner = token(&url, &owner.api_key);
    assert_eq!(activity(&url, &token_of_owner, &key)["authn_count"], 2);
    token(&url, &secret);
    assert_eq!(activity(&url, &token_of_owner, &key)["authn_count"], 3);
    drop(serving);
}
