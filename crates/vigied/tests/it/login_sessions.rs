//! Login sessions: listed, ended one by one and all at once, and kept alive.

use crate::harness::{Reply, Request, Server};
use crate::hostile::login_limits::first_slowed;
use serde_json::{Value, json};

const APIKEY: &str = "urn:ibm:params:oauth:grant-type:apikey";

struct Login {
    id: String,
    token: String,
}

fn login(reply: &Reply) -> Login {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let (body, text) = (reply.json(), |value: &Value| {
        value.as_str().unwrap().to_owned()
    });
    Login {
        id: text(&body["session_id"]),
        token: text(&body["access_token"]),
    }
}

fn by_password(server: &Server) -> Login {
    let form = [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ];
    let request = server.request("POST", "/identity/token");
    login(&request.basic("bx", "bx").form(&form).send())
}

fn by_key(server: &Server, key: &str) -> Login {
    let form = [("grant_type", APIKEY), ("apikey", key)];
    let request = server.request("POST", "/identity/token");
    login(&request.basic("bx", "bx").form(&form).send())
}

fn call(server: &Server, by: &Login, method: &str, path: &str) -> Request {
    server.request(method, path).bearer(&by.token)
}

fn listed(server: &Server, by: &Login, query: &str) -> Value {
    let path = format!("/v1/sessions{query}");
    let reply = call(server, by, "GET", &path).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn ids(page: &Value) -> Vec<String> {
    let all = page["sessions"].as_array().unwrap().iter();
    all.map(|session| session["id"].as_str().unwrap().to_owned())
        .collect()
}

fn is_open(server: &Server, of: &Login) -> bool {
    call(server, of, "GET", "/v2/spaces").send().status == 200
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_and_all_at_once() {
    list_and_end(&Server::start());
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_and_all_at_once_on_postgres() {
    let test = "sessions_are_listed_and_ended_one_by_one_and_all_at_once_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        list_and_end(&server);
    }
}

fn list_and_end(server: &Server) {
    let (first, second) = (by_password(server), by_password(server));
    let key = by_key(server, &server.owner.api_key);
    let all = listed(server, &second, "");
    assert_eq!(ids(&all).len(), 3);
    let sessions = all["sessions"].as_array().unwrap().iter();
    let current: Vec<&Value> = sessions
        .filter(|session| session["current"] == json!(true))
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["id"], json!(second.id));
    assert_eq!(current[0]["account_id"], json!(server.owner.account));
    // Page by page they are the same.
    let page = listed(server, &second, "?pagesize=2");
    let rest = page["next"].as_str().unwrap();
    let rest = rest.split_once("/v1/sessions").unwrap().1.to_owned();
    let last = listed(server, &second, &rest);
    assert_eq!([ids(&page), ids(&last)].concat(), ids(&all));
    assert_eq!((&page["offset"], &last["offset"]), (&json!(0), &json!(2)));
    let back = last["previous"].as_str().unwrap();
    let back = back.split_once("/v1/sessions").unwrap().1;
    assert_eq!(ids(&listed(server, &second, back)), ids(&page));
    // A key sees what was begun with it.
    assert_eq!(
        ids(&listed(server, &key, "")),
        std::slice::from_ref(&key.id)
    );
    let path = |of: &Login| format!("/v1/sessions/{}", of.id);
    let reply = call(server, &second, "DELETE", &path(&first)).send();
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(!is_open(server, &first) && is_open(server, &second) && is_open(server, &key));
    let reply = call(server, &second, "DELETE", &path(&first)).send();
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(ids(&listed(server, &second, "")).len(), 2);

    let reply = call(server, &key, "DELETE", "/v1/sessions").send();
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(!is_open(server, &key) && is_open(server, &second));
    let third = by_password(server);
    let reply = call(server, &second, "DELETE", "/v1/sessions").send();
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(!is_open(server, &second) && !is_open(server, &third));
}

#[test]
fn a_loop_that_ends_sessions_leaves_none_out() {
    end_in_a_loop(&Server::start());
}

#[test]
fn a_loop_that_ends_sessions_leaves_none_out_on_postgres() {
    let test = "a_loop_that_ends_sessions_leaves_none_out_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        end_in_a_loop(&server);
    }
}

fn end_in_a_loop(server: &Server) {
    let current = by_password(server);
    for _ in 0..5 {
        by_password(server);
    }
    let mut query = "?pagesize=2".to_owned();
    for _ in 0..9 {
        let page = listed(server, &current, &query);
        for id in ids(&page).iter().filter(|id| **id != current.id) {
            let path = format!("/v1/sessions/{id}");
            let reply = call(server, &current, "DELETE", &path).send();
            assert_eq!(reply.status, 204, "{}", reply.text());
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        let (_, next) = next.split_once("/v1/sessions").unwrap();
        next.clone_into(&mut query);
    }
    let left = ids(&listed(server, &current, ""));
    assert_eq!(left, [current.id]);
}

#[test]
fn an_administrator_ends_those_of_a_member_and_nobody_else_does() {
    let server = Server::start();
    let owner = by_password(&server);
    let body = json!({"account_id": server.owner.account, "name": "ci", "apikey": {"name": "k"}});
    let request = call(&server, &owner, "POST", "/v1/serviceids/").json(&body);
    let made = request.send().json();
    let key = made["apikey"]["apikey"].as_str().unwrap();
    let service = by_key(&server, key);
    let of_service = format!("?iam_id={}", made["iam_id"].as_str().unwrap());
    assert_eq!(
        ids(&listed(&server, &owner, &of_service)),
        std::slice::from_ref(&service.id)
    );

    let info = call(&server, &owner, "GET", "/identity/userinfo")
        .send()
        .json();
    let of_owner = format!("?iam_id={}", info["iam_id"].as_str().unwrap());
    for method in ["GET", "DELETE"] {
        let path = format!("/v1/sessions{of_owner}");
        let reply = call(&server, &service, method, &path).send();
        assert_eq!(reply.status, 403, "{}", reply.text());
    }
    let path = format!("/v1/sessions/{}", owner.id);
    let reply = call(&server, &service, "DELETE", &path).send();
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert!(is_open(&server, &owner));

    let path = format!("/v1/sessions{of_service}");
    let reply = call(&server, &owner, "DELETE", &path).send();
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(!is_open(&server, &service) && is_open(&server, &owner));
    for (query, status) in [
        ("?iam_id=somebody", 400),
        // A script's variable that is empty.
        ("?iam_id=", 400),
        ("?iam_id=IBMid-00000000-0000-4000-8000-000000000000", 404),
    ] {
        for method in ["GET", "DELETE"] {
            let path = format!("/v1/sessions{query}");
            let reply = call(&server, &owner, method, &path).send();
            assert_eq!(reply.status, status, "{method}: {}", reply.text());
        }
    }
    assert!(is_open(&server, &owner));
}

#[test]
fn a_session_is_kept_alive_by_its_client() {
    let server = Server::start();
    let login = by_password(&server);
    let path = format!("/v1/sessions/{}/state", login.id);
    let keep = |path: &str| server.request("PATCH", path).basic("bx", "bx").send();
    assert_eq!(keep(&path).status, 204);
    for reply in [
        server.request("PATCH", &path).send(),
        server.request("PATCH", &path).basic("cf", "").send(),
        server.request("PATCH", &path).basic("bx", "wrong").send(),
    ] {
        assert_eq!(reply.status, 401, "{}", reply.text());
    }
    let none = "/v1/sessions/C-00000000-0000-4000-8000-000000000000/state";
    assert_eq!(keep(none).status, 404);
    assert_eq!(keep("/v1/sessions/x/state").status, 404);
    let one = format!("/v1/sessions/{}", login.id);
    let ended = call(&server, &login, "DELETE", &one).send();
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert_eq!(keep(&path).status, 404);
}

/// Nothing but the id is needed to keep a session alive, so looking for one is guessing.
#[test]
fn who_looks_for_ids_of_sessions_is_slowed_and_a_right_id_is_not() {
    let server = Server::with(&["--set", "limits.guesses_per_source=3"]);
    let login = by_password(&server);
    let keep = |id: &str| {
        let path = format!("/v1/sessions/{id}/state");
        server.request("PATCH", &path).basic("bx", "bx").send()
    };
    let slowed = first_slowed(|at| {
        let reply = keep(&format!("C-00000000-0000-4000-8000-{at:012}"));
        assert!(matches!(reply.status, 404 | 429), "{}", reply.text());
        reply
    });
    assert!(slowed.text().contains("guesses_per_source"));
    assert!(slowed.header("Retry-After").is_some());
    assert_eq!(keep(&login.id).status, 204);
    // They count together with wrong keys.
    let form = [("grant_type", APIKEY), ("apikey", "wrong")];
    let token = |form: &[(&str, &str)]| server.request("POST", "/identity/token").form(form).send();
    let slowed = first_slowed(|_| token(&form));
    assert!(slowed.text().contains("guesses_per_source"));
    let form = [("grant_type", APIKEY), ("apikey", &*server.owner.api_key)];
    assert_eq!(token(&form).status, 200);
}
