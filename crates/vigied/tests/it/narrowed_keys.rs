//! Answers of each route to a key that may only send: the key's purpose, and the kind of credential the request takes.

use crate::access::{Route, routes};
use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

const SENDS_ALONE: [&str; 2] = [
    "BXNMSRI19E",
    "anything but sending takes a key made without `--only`",
];
/// The code is that of the interface.
const METRICS_ONLY: [&str; 2] = [
    "the API key is for metrics alone, and manages nothing",
    "log in with a password, or with a key that was made without `--domain` and `--only` (`reach` in the API)",
];
const OTHER_DOMAIN: [&str; 2] = [
    "BXNMSRI17E",
    "send `X-Auth-Scope-Id` with the domain it reaches, or use a key that was made without `--domain` and `--only` (`reach` in the API)",
];

fn create_key(server: &Server, reach: &Value) -> String {
    let token = server.token();
    let ask = |method: &str, path: &str| server.request(method, path).bearer(&token);
    let who = ask("GET", "/identity/userinfo").send().json();
    let body = json!({"name": "sender", "iam_id": who["iam_id"], "reach": reach});
    let made = ask("POST", "/v1/apikeys").json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["apikey"].as_str().unwrap().to_owned()
}

fn refused(reply: &Reply, refusal: [&str; 2], what: &str) {
    let text = reply.text();
    assert_eq!(reply.status, 403, "{what}: {text}");
    // OAuth's form of errors has no field for a code or a hint.
    let is_oauth = text.contains("\"error_description\"");
    let in_oauth = [
        "access_denied",
        "the API key is for metrics alone, and manages nothing",
    ];
    for expected in if is_oauth { in_oauth } else { refusal } {
        assert!(text.contains(expected), "{what}: {text}");
    }
}

/// A path without its braces.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    for (at, part) in path.split(['{', '}']).enumerate() {
        filled.push_str(if at % 2 == 0 { part } else { "x" });
    }
    filled
}

fn ask(server: &Server, route: &Route, credential: &str, scope: &str) -> Request {
    let request = server.request(&route.method, &filled(&route.path));
    request
        .header("X-Auth-User-Token", credential)
        .header("X-Auth-Scope-Id", scope)
}

#[test]
fn regression_7_every_refusal_of_a_narrowed_key_says_which_credential_it_takes() {
    let server = Server::start();
    let space = format!("s-{}", server.owner.space);
    let org = format!("o-{}", server.owner.org);
    let sender = create_key(&server, &json!({"domain": space, "only": "send"}));
    let reader = create_key(&server, &json!({"domain": space}));
    let token = |key: &str| crate::harness::token(&server.serving.url(), key);
    let mut tried = 0;
    for (key, sends_alone) in [(&sender, true), (&reader, false)] {
        for credential in [format!("apikey {key}"), format!("iam {}", token(key))] {
            for route in routes() {
                let what = format!("{} {} by {credential}", route.method, route.path);
                let refusal = match route.guard.as_str() {
                    "public" | "credential" => continue,
                    "identity" => METRICS_ONLY,
                    // What writes is what such a key is for.
                    guard if guard.ends_with("write") => continue,
                    _ if sends_alone => SENDS_ALONE,
                    _ => continue,
                };
                let reply = ask(&server, &route, &credential, &space).send();
                refused(&reply, refusal, &what);
                tried += 1;
            }
            let elsewhere = server
                .request("POST", "/v1/metrics")
                .header("X-Auth-User-Token", &credential)
                .header("X-Auth-Scope-Id", &org)
                .json(&json!([{"name": "a.b", "value": 1}]))
                .send();
            refused(&elsewhere, OTHER_DOMAIN, &credential);
        }
    }
    assert!(tried > 100, "only {tried} were tried");
}

/// Introspection shows the same reach for the key and for a token made with it.
#[test]
fn introspection_tells_what_a_narrowed_key_reaches() {
    let server = Server::start();
    let space = format!("s-{}", server.owner.space);
    let reach_of = |form: &[(&str, &str)]| {
        let asked = server.request("POST", "/identity/introspect");
        let reply = asked.basic("bx", "bx").form(form).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json()["active"], true, "{}", reply.text());
        reply.json()["reach"].clone()
    };
    for reach in [
        json!({"domain": space}),
        json!({"only": "send"}),
        json!({"domain": space, "only": "send"}),
    ] {
        let key = create_key(&server, &reach);
        assert_eq!(reach_of(&[("apikey", &key)]), reach);
        let token = crate::harness::token(&server.serving.url(), &key);
        assert_eq!(reach_of(&[("token", &token)]), reach);
    }
    let api_key = &server.owner.api_key;
    assert_eq!(reach_of(&[("apikey", api_key)]), Value::Null);
    assert_eq!(reach_of(&[("token", &server.token())]), Value::Null);
}

/// A key that may list no space is told the only one that it can mean, and nothing where there is a choice.
#[test]
fn introspection_tells_the_only_space_of_an_account() {
    let server = Server::start();
    let space = format!("s-{}", server.owner.space);
    let space_of = |form: &[(&str, &str)]| {
        let asked = server.request("POST", "/identity/introspect");
        let reply = asked.basic("bx", "bx").form(form).send();
        reply.json()["only_space"].clone()
    };
    let sends = create_key(&server, &json!({"only": "send"}));
    let token = crate::harness::token(&server.serving.url(), &sends);
    let narrow = create_key(&server, &json!({"domain": space, "only": "send"}));
    assert_eq!(space_of(&[("apikey", &sends)]), json!(space));
    assert_eq!(space_of(&[("token", &token)]), json!(space));
    assert_eq!(space_of(&[("apikey", &narrow)]), Value::Null);
    assert_eq!(space_of(&[("apikey", &server.owner.api_key)]), Value::Null);
    let body = json!({"name": "second", "organization_guid": server.owner.org});
    let more = server.request("POST", "/v2/spaces").bearer(&server.token());
    assert_eq!(more.json(&body).send().status, 201);
    assert_eq!(space_of(&[("apikey", &sends)]), Value::Null);
}
