//! The OpenAPI documents match the server: they name exactly its routes, with the credentials of their guards, and describe its
//! real answers.

pub(crate) mod schema;

use crate::access::world::{CREDENTIALS, World};
use crate::access::{Route, identity, monitoring, routes};
use crate::harness::{Reply, Request};
use schema::{Document, check};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn documents() -> [Document; 2] {
    ["vigie.json", "iam.json"].map(Document::committed)
}

/// The operation of a route, with the document it stands in.
fn operation<'d>(documents: &'d [Document], method: &str, path: &str) -> (&'d Document, &'d Value) {
    let found = documents.iter().find_map(|document| {
        let operation = document.operation(method, path)?;
        Some((document, operation))
    });
    found.unwrap_or_else(|| panic!("{method} {path} is not documented"))
}

#[test]
fn the_documents_name_every_route_with_what_its_guard_asks_for() {
    let documents = documents();
    let mut mounted = BTreeSet::new();
    for Route {
        method,
        path,
        guard,
    } in routes()
    {
        let (_, operation) = operation(&documents, &method, &path);
        let asks = |schemes: Value| operation["security"] == schemes;
        let is_right = match guard.as_str() {
            "public" => asks(json!([])),
            "watcher" => asks(json!([{"UserToken": []}, {"Bearer": []}, {}])),
            // The credential is in the form; the client may be omitted where the tests' table has 400 rather than 401.
            "credential" => {
                asks(json!([{"Client": []}, {}]))
                    || (path == "/oauth/token" && asks(json!([{"Client": []}])))
                    // As senders of the original know them: no client, and the token in a header of its own.
                    || (matches!(path.as_str(), "/login" | "/token") && asks(json!([])))
            }
            "identity" => asks(json!([{"UserToken": []}, {"Bearer": []}])),
            _ => asks(json!([{"UserToken": []}, {"Bearer": []}, {"Basic": []}])),
        };
        assert!(
            is_right,
            "{method} {path} is guarded by {guard}, and documented with {}",
            operation["security"]
        );
        mounted.insert((method, path));
    }
    for (method, path) in wire::openapi::routes() {
        assert!(
            mounted.contains(&(method.clone(), path.clone())),
            "{method} {path} is documented, and does not exist"
        );
    }
}

/// Fails unless the answer is one that the document describes: status, content type, every field.
fn is_as_documented(documents: &[Document], method: &str, path: &str, reply: &Reply) {
    let (document, operation) = operation(documents, method, path);
    let status = reply.status.to_string();
    let responses = operation["responses"].as_object().unwrap();
    let what = format!("{method} {path} answers {status}");
    let response = responses.get(&status);
    let response = response.unwrap_or_else(|| panic!("{what}, which is not documented"));
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        assert!(reply.body.is_empty(), "{what} with {}", reply.text());
        return;
    };
    let kind = reply.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let described = content
        .get(kind)
        .unwrap_or_else(|| panic!("{what} as `{kind}`, which is not documented"));
    if kind == "application/json" {
        let schema = &described["schema"];
        if let Err(wrong) = check(document, schema, &reply.json(), "body") {
            panic!("{what}: {wrong}\n{}", reply.text());
        }
    }
    assert!(
        reply.header("transaction-id").is_some(),
        "{what} without a Transaction-Id"
    );
}

/// Every route with a guard, for a caller with all rights and one with none.
#[test]
fn what_is_answered_is_what_is_documented() {
    let (world, documents) = (World::start(), documents());
    let who = [
        world.user("account", "Administrator"),
        world.user("own space", "Manager"),
        world.user("nowhere", "none"),
    ];
    let mut good = BTreeSet::new();
    let mut record_reply = |method: &str, path: &str, reply: &Reply| {
        is_as_documented(&documents, method, path, reply);
        if reply.status < 300 {
            good.insert((method.to_owned(), path.to_owned()));
        }
    };
    for Route {
        method,
        path,
        guard,
    } in &routes()
    {
        let bare = world.server.request(method, path).send();
        record_reply(method, path, &bare);
        match guard.as_str() {
            "public" | "watcher" => {}
            "credential" => {
                for request in forms(&world, method, path) {
                    record_reply(method, path, &request.send());
                }
            }
            "identity" => {
                let columns = identity::columns(method, path).unwrap();
                for user in who {
                    for column in &columns {
                        let request = column.request(&world, user, "iam", method, path);
                        let garbled = request.clone().body("{");
                        record_reply(method, path, &request.send());
                        record_reply(method, path, &garbled.send());
                    }
                }
            }
            _ => {
                let scopes = [
                    &world.domains["account"],
                    &world.domains["own space"],
                    &world.domains["other space"],
                ];
                for user in who {
                    for credential in CREDENTIALS {
                        for scope in scopes {
                            let (request, _) = monitoring::request(&world, method, path).unwrap();
                            let value = format!("{credential} {}", user.credentials[credential]);
                            let request = request
                                .header("X-Auth-User-Token", &value)
                                .header("X-Auth-Scope-Id", scope);
                            let garbled = request.clone().body("{");
                            record_reply(method, path, &request.send());
                            record_reply(method, path, &garbled.send());
                        }
                    }
                }
            }
        }
    }
    answers_of_a_person(&world, &mut record_reply);
    for route in routes() {
        let name = (route.method, route.path);
        assert!(good.contains(&name), "{name:?} was never answered well");
    }
}

/// Users answer invitations with a login of their own; the invited person redeems the code.
fn answers_of_a_person(world: &World, record_reply: &mut impl FnMut(&str, &str, &Reply)) {
    let person = &world.server.owner;
    let stranger = world.user("elsewhere", "Administrator");
    let form = [
        ("grant_type", "password"),
        ("username", person.user.as_str()),
        ("password", person.password.as_str()),
    ];
    let login = world
        .server
        .request("POST", "/identity/token")
        .basic("bx", "bx");
    let token = login.form(&form).send().json();
    let token = token["access_token"].as_str().unwrap();
    let users = format!("/v2/accounts/{}/users", world.elsewhere.0);
    let invite = || {
        let invite = world.call(stranger, "iam", "POST", &users);
        let invited = invite
            .json(&json!({"users": [{"email": person.user}]}))
            .send()
            .json();
        invited["resources"][0]["id"].as_str().unwrap().to_owned()
    };
    let leave = |id: &str| {
        let left = world
            .call(stranger, "iam", "DELETE", &format!("{users}/{id}"))
            .send();
        assert_eq!(left.status, 204, "{}", left.text());
    };
    let invitations = "/v2/users/self/invitations";
    let ask = |method: &str, path: &str| world.server.request(method, path).bearer(token);
    let id = invite();
    record_reply("GET", invitations, &ask("GET", invitations).send());
    for (word, leaves) in [("decline", false), ("accept", true)] {
        let id = if leaves { invite() } else { id.clone() };
        let path = format!("{invitations}/{{id}}/{word}");
        record_reply(
            "POST",
            &path,
            &ask("POST", &path.replace("{id}", &id)).send(),
        );
        if leaves {
            leave(&id);
        }
    }
    let id = invite();
    let body = json!({"account_id": world.elsewhere.0});
    record_reply(
        "POST",
        "/v2/users/accept",
        &ask("POST", "/v2/users/accept").json(&body).send(),
    );
    leave(&id);
    // On a server of two accounts a code comes from the operator.
    let email = "redeemed@example.org";
    let invite = world.call(stranger, "iam", "POST", &users);
    invite.json(&json!({"users": [{"email": email}]})).send();
    let code = crate::hostile::invite::code_of_operator(&world.server, email, &world.elsewhere.0);
    let body =
        json!({"email": email, "one_time_code": code, "new_password": "chosen by the person"});
    let redeem = world.server.request("POST", "/v2/users/redeem").json(&body);
    record_reply("POST", "/v2/users/redeem", &redeem.send());
}

/// With a new service ID and its key, as a client.
fn by_client(world: &World, request: Request) -> Request {
    let body =
        json!({"account_id": world.account, "name": world.new_name(), "apikey": {"name": "k"}});
    let made = world.manage("POST", "/v1/serviceids", &body);
    request.form(&[
        ("grant_type", "client_credentials"),
        ("client_id", made["id"].as_str().unwrap()),
        ("client_secret", made["apikey"]["apikey"].as_str().unwrap()),
    ])
}

/// Requests for routes with the credential in the form: a good one of each kind, and a bad one.
fn forms(world: &World, method: &str, path: &str) -> Vec<Request> {
    let user = world.user("own space", "Manager");
    let key = user.credentials["apikey"].as_str();
    let apikey = "urn:ibm:params:oauth:grant-type:apikey";
    let request = || world.server.request(method, path);
    let refresh = || {
        let login = world.server.request("POST", "/identity/token");
        let login = login
            .basic("bx", "bx")
            .form(&[("grant_type", apikey), ("apikey", key)])
            .send()
            .json();
        login["refresh_token"].as_str().unwrap().to_owned()
    };
    let login = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password.as_str()),
    ];
    match path {
        "/identity/token" | "/oidc/token" => vec![
            by_client(world, request()),
            request().form(&[("grant_type", apikey), ("apikey", key)]),
            request().basic("bx", "bx").form(&login),
            request().basic("bx", "bx").form(&[
                ("grant_type", apikey),
                ("apikey", key),
                ("response_type", "cloud_iam,uaa"),
            ]),
            request().basic("bx", "bx").form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh()),
            ]),
            request().form(&login),
            request().form(&[("grant_type", apikey), ("apikey", "nonsense")]),
            request().form(&[
                ("grant_type", "urn:ibm:params:oauth:grant-type:assume"),
                ("access_token", user.credentials["iam"].as_str()),
                ("profile_id", "Profile-00000000-0000-4000-8000-000000000000"),
            ]),
        ],
        "/identity/introspect" => vec![
            request().form(&[("token", user.credentials["iam"].as_str())]),
            request().form(&[("token", user.credentials["uaa"].as_str())]),
            request().form(&[("apikey", key)]),
            request().form(&[("token", "nonsense")]),
        ],
        "/identity/revoke" => vec![
            request().basic("bx", "bx").form(&[("token", "nonsense")]),
            request().basic("bx", "bx").form(&[("token", &refresh())]),
        ],
        "/identity/passcode" => vec![
            request().form(&login[1..]),
            request().basic("bx", "bx").form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh()),
            ]),
            request().form(&login),
        ],
        "/oauth/token" => vec![
            request().basic("cf", "").form(&login),
            request().basic("cf", "").form(&[
                ("grant_type", "iam_token"),
                ("iam_token", user.credentials["iam"].as_str()),
            ]),
            request().basic("bx", "bx").form(&login),
            request()
                .basic("cf", "")
                .form(&[("grant_type", "password"), ("username", "x")]),
        ],
        "/login" => {
            let asked = |passwd| [("user", user.email.as_str()), ("passwd", passwd)];
            let places = [("organization", "vigie"), ("space", "dev")];
            let whole = [&asked(&user.password)[..], &places].concat();
            vec![
                request().form(&whole),
                request().form(&[("user", "apikey"), ("passwd", key)]),
                request().form(&asked("nonsense")),
            ]
        }
        "/token" => {
            let space = world.domains["own space"].as_str();
            let ask = |token: &str, space: &str| {
                let ask = request().header("X-Auth-Token", token);
                ask.header("X-Auth-Project-Id", space)
            };
            let uaa = user.credentials["uaa"].as_str();
            vec![ask(uaa, space), ask(uaa, "nowhere"), ask("nonsense", space)]
        }
        "/v2/users/redeem" => {
            let body = json!({"email": user.email, "one_time_code": "vgc-wrong", "new_password": "long enough"});
            vec![request().json(&body)]
        }
        "/v1/sessions/{id}/state" => {
            let begin = world.server.request("POST", "/identity/token");
            let begun = begin.basic("bx", "bx").form(&login).send().json();
            let session = path.replace("{id}", begun["session_id"].as_str().unwrap());
            let of_session = world.server.request(method, &session);
            vec![of_session.basic("bx", "bx"), request().basic("bx", "bx")]
        }
        _ => panic!("{method} {path} is not covered: teach this test how to ask it"),
    }
}
