//! Texts and lists a caller can have taken or stored: each has a limit with a name, and one byte more is refused with the
//! field's name and the limit's.

use crate::harness::{Reply, Request, Server, knows, until};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::json;

/// The limits of texts.
pub(crate) const LIMITS: [Limit; 9] = [
    limit::LABEL_BYTES,
    limit::ADDRESS_BYTES,
    limit::DESCRIPTION_BYTES,
    limit::PASSWORD_BYTES,
    limit::KEY_TEXT_BYTES,
    limit::TOKEN_BYTES,
    limit::WORD_BYTES,
    limit::FORM_BYTES,
    limit::QUERY_PARAMETERS,
];

/// The route, the field, the limit's name and its value.
struct Row(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    usize,
);

/// Every text in a body of a route that takes one, but for introspection and revocation: there a text that is longer than any
/// token is as unknown as any other, and `form_bytes` is its limit. `{me}`, `{account}`, `{org}`, `{space}` and `{key}` stand for
/// the owner's.
const ROWS: &[Row] = &[
    Row("POST", "/identity/token", "username", "address_bytes", 254),
    Row(
        "POST",
        "/identity/token",
        "password",
        "password_bytes",
        1024,
    ),
    Row("POST", "/identity/token", "apikey", "key_text_bytes", 1024),
    Row("POST", "/identity/token", "passcode", "word_bytes", 128),
    Row(
        "POST",
        "/identity/token",
        "refresh_token",
        "token_bytes",
        16_384,
    ),
    Row("POST", "/identity/token", "account", "word_bytes", 128),
    Row(
        "POST",
        "/identity/passcode",
        "username",
        "address_bytes",
        254,
    ),
    Row(
        "POST",
        "/identity/passcode",
        "password",
        "password_bytes",
        1024,
    ),
    Row("POST", "/oauth/token", "username", "address_bytes", 254),
    Row("POST", "/oauth/token", "password", "password_bytes", 1024),
    Row("POST", "/oauth/token", "passcode", "word_bytes", 128),
    Row(
        "POST",
        "/oauth/token",
        "refresh_token",
        "token_bytes",
        16_384,
    ),
    Row("POST", "/oauth/token", "iam_token", "token_bytes", 16_384),
    Row("POST", "/login", "user", "address_bytes", 254),
    Row("POST", "/login", "passwd", "password_bytes", 1024),
    Row("POST", "/login", "space", "label_bytes", 255),
    Row("POST", "/login", "organization", "label_bytes", 255),
    Row("POST", "/v1/apikeys", "name", "label_bytes", 255),
    Row(
        "POST",
        "/v1/apikeys",
        "description",
        "description_bytes",
        1024,
    ),
    Row("POST", "/v1/apikeys", "apikey", "key_text_bytes", 1024),
    Row("POST", "/v1/apikeys", "iam_id", "word_bytes", 128),
    Row("POST", "/v1/apikeys", "expires_at", "word_bytes", 128),
    Row("PUT", "/v1/apikeys/{key}", "name", "label_bytes", 255),
    Row(
        "PUT",
        "/v1/apikeys/{key}",
        "description",
        "description_bytes",
        1024,
    ),
    Row("PUT", "/v1/apikeys/{key}", "expires_at", "word_bytes", 128),
    Row("POST", "/v1/serviceids", "name", "label_bytes", 255),
    Row("POST", "/v1/serviceids", "account_id", "word_bytes", 128),
    Row("POST", "/v1/serviceid_groups", "name", "label_bytes", 255),
    Row("POST", "/v1/profiles", "name", "label_bytes", 255),
    Row("POST", "/v1/profiles", "account_id", "word_bytes", 128),
    Row("POST", "/v1/profiles", "email", "address_bytes", 254),
    Row("POST", "/v2/groups", "name", "label_bytes", 255),
    Row(
        "POST",
        "/v2/groups",
        "description",
        "description_bytes",
        1024,
    ),
    Row("POST", "/v2/resource_groups", "name", "label_bytes", 255),
    Row(
        "PATCH",
        "/v2/accounts/{account}/users/{me}",
        "firstname",
        "label_bytes",
        255,
    ),
    Row("POST", "/v2/resource_keys", "source", "label_bytes", 255),
    Row("POST", "/v2/roles", "name", "word_bytes", 128),
    Row("POST", "/v2/roles", "display_name", "label_bytes", 255),
    Row(
        "POST",
        "/v2/roles",
        "description",
        "description_bytes",
        1024,
    ),
    Row(
        "PUT",
        "/v2/accounts/{account}/roles/Viewer",
        "username",
        "address_bytes",
        254,
    ),
    Row(
        "DELETE",
        "/v2/accounts/{account}/roles/Viewer",
        "username",
        "address_bytes",
        254,
    ),
    Row(
        "PUT",
        "/v2/users/self/password",
        "current_password",
        "password_bytes",
        1024,
    ),
    Row(
        "PUT",
        "/v2/users/self/password",
        "new_password",
        "password_bytes",
        1024,
    ),
    Row("POST", "/v2/organizations", "name", "label_bytes", 255),
    Row("PUT", "/v2/organizations/{org}", "name", "label_bytes", 255),
    Row(
        "PUT",
        "/v2/organizations/{org}/managers",
        "username",
        "address_bytes",
        254,
    ),
    Row(
        "DELETE",
        "/v2/organizations/{org}/managers",
        "username",
        "address_bytes",
        254,
    ),
    Row("POST", "/v2/spaces", "name", "label_bytes", 255),
    Row("POST", "/v2/spaces", "organization_guid", "word_bytes", 128),
    Row("PUT", "/v2/spaces/{space}", "name", "label_bytes", 255),
    Row(
        "PUT",
        "/v2/spaces/{space}/developers",
        "username",
        "address_bytes",
        254,
    ),
    Row(
        "DELETE",
        "/v2/spaces/{space}/developers",
        "username",
        "address_bytes",
        254,
    ),
];

/// The fields that a form needs beside the one that is too long.
fn form_beside(path: &str, field: &str) -> Vec<(&'static str, &'static str)> {
    let grant = match (path, field) {
        ("/identity/passcode", _) => None,
        ("/oauth/token", "passcode") | (_, "username" | "password" | "account") => Some("password"),
        (_, "apikey") => Some("urn:ibm:params:oauth:grant-type:apikey"),
        (_, "passcode") => Some("urn:ibm:params:oauth:grant-type:passcode"),
        (_, "iam_token") => Some("iam_token"),
        _ => Some("refresh_token"),
    };
    let mut beside: Vec<_> = grant
        .map(|grant| ("grant_type", grant))
        .into_iter()
        .collect();
    beside.extend(match path {
        "/login" => [("user", "a@example.org"), ("passwd", "guess")],
        _ => [("username", "a@example.org"), ("password", "guess")],
    });
    beside.retain(|(name, _)| *name != field);
    beside
}

pub(super) struct Owner {
    pub(super) me: String,
    pub(super) key: String,
}

pub(super) fn with_key(server: &Server, method: &str, path: &str) -> Request {
    let credential = format!("apikey {}", server.owner.api_key);
    server
        .request(method, path)
        .header("X-Auth-User-Token", &credential)
}

pub(super) fn owner(server: &Server) -> Owner {
    let keys = with_key(server, "GET", "/v1/apikeys").send().json();
    let text = |name: &str| keys["apikeys"][0][name].as_str().unwrap().to_owned();
    Owner {
        me: text("iam_id"),
        key: text("id"),
    }
}

fn send(server: &Server, owner: &Owner, row: &Row, bytes: usize) -> Reply {
    let Row(method, path, field, ..) = *row;
    // Letters that neither repeat nor count up: it is refused for its length, not as a key that can be guessed.
    let text: String = (0_u32..)
        .filter_map(|at| char::from_u32(33 + at * 37 % 94))
        .filter(|c| !"\"\\&".contains(*c))
        .take(bytes)
        .collect();
    let is_form = path.starts_with("/identity") || path.starts_with("/oauth") || path == "/login";
    if is_form {
        let mut fields = form_beside(path, field);
        fields.push((field, &text));
        let client = if path.starts_with("/oauth") {
            "cf"
        } else {
            "bx"
        };
        let secret = if client == "cf" { "" } else { "bx" };
        return server
            .request(method, path)
            .basic(client, secret)
            .form(&fields)
            .send();
    }
    let mut body = json!({
        "name": "some name", "iam_id": owner.me, "organization_guid": server.owner.org,
        "account_id": server.owner.account,
        "display_name": "some name", "actions": ["domain.find"], "service_name": "ibmcloud-monitoring",
        "username": server.owner.user, "current_password": "guess", "new_password": "correct horse battery",
    });
    body[field] = json!(text);
    super::known_members::keep_known(method, path, &mut body);
    let path = path
        .replace("{account}", &server.owner.account)
        .replace("{org}", &server.owner.org)
        .replace("{space}", &server.owner.space)
        .replace("{key}", &owner.key)
        .replace("{me}", &owner.me);
    with_key(server, method, &path)
        .header("If-Match", "*")
        .json(&body)
        .send()
}

#[test]
fn one_byte_more_than_a_limit_is_refused_by_its_name() {
    let server = Server::start();
    let owner = owner(&server);
    let mut wrongs = Vec::new();
    for row in ROWS {
        let Row(method, path, field, limit, most) = *row;
        let named = LIMITS.iter().find(|known| known.name == limit);
        if named.is_none_or(|named| named.default != most as u64) {
            wrongs.push(format!("{limit} = {most} is no limit of the server"));
        }
        let reply = send(&server, &owner, row, most + 1);
        let text = reply.text();
        if reply.status != 400 || !text.contains(limit) || !text.contains(field) {
            let excerpt: String = text.chars().take(160).collect();
            wrongs.push(format!(
                "{method} {path} `{field}`: {} {excerpt}",
                reply.status
            ));
        }
        if text.len() > 2048 {
            wrongs.push(format!(
                "{method} {path} `{field}`: an error of {} bytes",
                text.len()
            ));
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
    for limit in LIMITS
        .iter()
        .filter(|known| ROWS.iter().any(|row| row.3 == known.name))
    {
        assert!(hits(&server, *limit) > 0, "{} is not counted", limit.name);
    }
}

#[test]
fn what_is_as_long_as_a_limit_is_taken() {
    let server = Server::start();
    let owner = owner(&server);
    for (method, path, field) in [
        ("POST", "/v1/apikeys", "name"),
        ("POST", "/v1/apikeys", "description"),
        ("POST", "/v1/apikeys", "apikey"),
        ("PUT", "/v1/apikeys/{key}", "description"),
        ("POST", "/v2/organizations", "name"),
        ("POST", "/v2/spaces", "name"),
    ] {
        let row = ROWS
            .iter()
            .find(|row| (row.0, row.1, row.2) == (method, path, field))
            .unwrap();
        let reply = send(&server, &owner, row, row.4);
        assert!(
            reply.status < 300,
            "{method} {path} {field}: {}",
            reply.text()
        );
    }
}

#[test]
fn filters_and_lists_of_parameters_have_limits() {
    let server = Server::start();
    let long = "x".repeat(256);
    for (path, limit) in [
        (format!("/v2/organizations?q=name:{long}"), "label_bytes"),
        (format!("/v2/spaces?q=name:{long}"), "label_bytes"),
        (
            format!("/v2/spaces?{}", "a=1&".repeat(257)),
            "query_parameters",
        ),
        (
            format!("/v1/metrics/list?{}", "a=1&".repeat(257)),
            "query_parameters",
        ),
    ] {
        let reply = with_key(&server, "GET", &path).send();
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        assert!(reply.text().contains(limit), "{path}: {}", reply.text());
    }
    let reply = server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .body("a=1&".repeat(257))
        .send();
    assert!(
        reply.text().contains("query_parameters"),
        "{}",
        reply.text()
    );
    let large = format!("grant_type=password&username={}", "x".repeat(70_000));
    let reply = server
        .request("POST", "/identity/token")
        .basic("bx", "bx")
        .body(large)
        .send();
    assert!(reply.text().contains("form_bytes"), "{}", reply.text());
    assert_eq!(hits(&server, limit::QUERY_PARAMETERS), 3);
    assert_eq!(hits(&server, limit::FORM_BYTES), 1);
}

#[test]
fn passwords_and_keys_that_are_guessed_first_are_none() {
    let server = Server::start();
    let owner = owner(&server);
    let change = |new: &str| {
        with_key(&server, "PUT", "/v2/users/self/password")
            .json(&json!({"current_password": server.owner.password, "new_password": new}))
            .send()
    };
    let local = server.owner.user.split('@').next().unwrap().to_owned();
    let address = server.owner.user.to_uppercase();
    let padded = format!("{local}{local}");
    for weak in [
        "password",
        "12345678",
        "PassWord",
        "iloveyou",
        "qwertyuiop",
        "        ",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcdefghijkl",
        "87654321",
        &address,
        &padded,
    ] {
        let reply = change(weak);
        assert_eq!(
            reply.status,
            400,
            "`{weak}` is a password: {}",
            reply.text()
        );
        assert!(reply.text().contains("new_password"), "{}", reply.text());
    }
    let key = |text: &str| {
        with_key(&server, "POST", "/v1/apikeys")
            .json(&json!({"name": "own", "iam_id": owner.me, "apikey": text}))
            .send()
    };
    for weak in [
        "a".repeat(32),
        "ab".repeat(20),
        "password".repeat(5),
        "0123456789abcdefghijklmnopqrstuvwxyz".to_owned(),
        "1234567890".repeat(4),
        " ".repeat(40),
    ] {
        let reply = key(&weak);
        assert_eq!(reply.status, 400, "`{weak}` is a key: {}", reply.text());
        assert!(reply.text().contains("apikey"), "{}", reply.text());
    }
    for strong in [
        "550e8400-e29b-41d4-a716-446655440000",
        "f3b1c0a97e5d42688b0c6f1e2d3a4b59",
        "kX2_9fQz-LmW7vTb3RnYc8HsJd5GpAe1UoNi6KqV4xyz",
    ] {
        let reply = key(strong);
        assert_eq!(reply.status, 201, "`{strong}` is no key: {}", reply.text());
    }
    assert_eq!(change("correct horse battery").status, 204);
}

#[test]
fn nobody_learns_that_a_text_is_a_key_of_another_account() {
    let server = Server::start();
    let person = owner(&server);
    let text = "kX2_9fQz-LmW7vTb3RnYc8HsJd5GpAe1UoNi6KqV4xyz";
    let key = |credential: &str, me: &str, text: &str| {
        server
            .request("POST", "/v1/apikeys")
            .header("X-Auth-User-Token", &format!("apikey {credential}"))
            .json(&json!({"name": "own", "iam_id": me, "apikey": text}))
            .send()
    };
    assert_eq!(key(&server.owner.api_key, &person.me, text).status, 201);
    // The same account sees the key, and is told.
    assert_eq!(key(&server.owner.api_key, &person.me, text).status, 409);
    let made = std::process::Command::new(crate::harness::VIGIED)
        .args([
            "account",
            "create",
            "Other",
            "--owner",
            "eve@example.org",
            "--output",
            "json",
            "--data",
        ])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let eve = made["api_key"].as_str().unwrap();
    until("the server has seen the account", || {
        knows(&server.serving.url(), eve)
    });
    let keys = server
        .request("GET", "/v1/apikeys")
        .header("X-Auth-User-Token", &format!("apikey {eve}"));
    let me = keys.send().json()["apikeys"][0]["iam_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let weak = key(eve, &me, &"a".repeat(32));
    let taken = key(eve, &me, text);
    assert_eq!(taken.status, weak.status, "{}", taken.text());
    let message = |reply: &Reply| reply.json()["errors"][0]["message"].clone();
    assert_eq!(message(&taken), message(&weak));
}
