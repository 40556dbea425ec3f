//! A small HTTP server in the test's own process: it answers as the real one is specified to, for one user with two
//! organizations, and remembers what it was asked.

mod documents;
mod elsewhere;
mod gzip;
mod request;
mod services;
mod tokens;

use crate::store::{self, Store};
pub(crate) use documents::key;
use documents::{
    accounts, code_of, date, deleted, discovery, holders, no_other_administrator, no_such_user,
    org, organizations, regions, space, spaces, users,
};
pub(crate) use elsewhere::serve_elsewhere;
pub(crate) use gzip::gzip;
use request::{decode, read};
use serde_json::{Value, json};
pub(crate) use services::service_id;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokens::narrowed;
pub(crate) use tokens::{jwt, jwt_of, jwt_of_age};

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const ORG: &str = "11111111-0000-4000-8000-000000000001";
pub(crate) const SPACE: &str = "5a1c0e1e-0d2b-4f55-9d5a-2f1d8c3b7e60";
pub(crate) const KEY: &str = "vgk_good";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct RecordedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl RecordedRequest {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.body.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| decode(value))
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// Behaviour that a test can change.
#[derive(Debug)]
pub(crate) struct Behavior {
    /// How far the clock in `Date` is ahead; `None`: there is no `Date`.
    pub(crate) ahead_s: Option<i64>,
    /// The value of `Retry-After` with a status 503.
    pub(crate) retry_after_s: Option<u32>,
    /// Seconds that tokens live.
    pub(crate) ttl_s: i64,
    /// The code refresh is refused with.
    pub(crate) refresh_refused: Option<&'static str>,
    /// The status of that.
    pub(crate) refresh_status: u16,
    /// Accounts of the user.
    pub(crate) accounts: usize,
    /// Organizations of the user.
    pub(crate) orgs: usize,
    /// Spaces of the first of them.
    pub(crate) spaces: usize,
    /// The text that a hostile server adds to every text it sends.
    pub(crate) poison: &'static str,
    /// Refuses everything that needs a token with this status.
    pub(crate) refuse: Option<u16>,
    /// Members of answers that are not as they should be: the path asked for, a pointer into the answer, the value.
    pub(crate) patches: Vec<(&'static str, &'static str, Value)>,
    /// A path whose requests are sent on, and where to.
    pub(crate) moved: Option<(&'static str, String)>,
    /// The settings of every domain.
    pub(crate) settings: Value,
    /// Invitations that wait for the user.
    pub(crate) invitations: usize,
    /// A file that is gone by the time a renewal is answered.
    pub(crate) vanishing: Option<PathBuf>,
    /// The `Transaction-Id` of every answer, where there is one.
    pub(crate) transaction: Option<&'static str>,
    /// Answers go out packed to whoever takes them so; the bytes that are cut off at their end.
    pub(crate) packed: Option<usize>,
    /// The issuer in the tokens: one name for an installation, whichever host of it is asked.
    pub(crate) issuer: String,
    /// The reach in the tokens, as in those of a key that was made for less than its user has.
    pub(crate) reach: Option<Value>,
    /// The space that introspection tells, as of an account that has no other.
    pub(crate) only_space: Option<&'static str>,
    /// A token that is refused although it has not expired.
    pub(crate) refused_token: Option<String>,
    /// Serial number of the last token.
    tokens: u32,
    requests: Vec<RecordedRequest>,
}

/// The server; it ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) behavior: Arc<Mutex<Behavior>>,
    pub(crate) store: Arc<Mutex<Store>>,
}

impl Fixture {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fixture = Self {
            address: listener.local_addr().unwrap(),
            behavior: Arc::new(Mutex::new(Behavior {
                ahead_s: None,
                retry_after_s: None,
                ttl_s: 3600,
                refresh_refused: None,
                refresh_status: 400,
                accounts: 1,
                orgs: 2,
                spaces: 1,
                poison: "",
                refuse: None,
                patches: Vec::new(),
                settings: json!({"resolution_seconds": 60}),
                moved: None,
                invitations: 0,
                vanishing: None,
                transaction: None,
                packed: None,
                issuer: "https://vigie.example/identity".to_owned(),
                reach: None,
                only_space: None,
                refused_token: None,
                tokens: 0,
                requests: Vec::new(),
            })),
            store: Arc::default(),
        };
        let serving = fixture.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        fixture
    }

    pub(crate) fn configure(&self, change: impl FnOnce(&mut Behavior)) {
        change(&mut self.behavior.lock().unwrap());
    }

    /// Every request to this path.
    pub(crate) fn requests(&self, method: &str, path: &str) -> Vec<RecordedRequest> {
        let behavior = self.behavior.lock().unwrap();
        behavior
            .requests
            .iter()
            .filter(|asked| asked.method == method && asked.path == path)
            .cloned()
            .collect()
    }

    fn invitations(&self) -> Value {
        let waiting = self.behavior.lock().unwrap().invitations;
        let one = |at: usize| {
            json!({
                "id": format!("IBMid-{at}"), "account_id": format!("fedcba9876543210fedcba987654321{at}"),
                "account_name": format!("Meadow {at}"), "invited_by": "bea@example.org",
                "created_at": "2026-01-02T03:04+0000", "expires_at": "2026-01-09T03:04+0000",
            })
        };
        json!({"next_url": null, "resources": (0..waiting).map(one).collect::<Vec<_>>()})
    }

    fn serve(&self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(asked) = read(&mut reader) {
            let takes_gzip = asked.header("accept-encoding") == "gzip";
            let (status, body) = self.twisted(&asked);
            let moved = self.behavior.lock().unwrap().moved.clone();
            let location = match moved {
                Some((path, to)) if path == asked.path => format!("Location: {to}\r\n"),
                _ => String::new(),
            };
            let transaction = self.behavior.lock().unwrap().transaction;
            let transaction =
                transaction.map_or_else(String::new, |id| format!("Transaction-Id: {id}\r\n"));
            let status = if location.is_empty() { status } else { 307 };
            self.behavior.lock().unwrap().requests.push(asked);
            let text = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let ahead = self.behavior.lock().unwrap().ahead_s;
            let date = ahead.map_or_else(String::new, |ahead| date(now() + ahead));
            let later = self.behavior.lock().unwrap().retry_after_s;
            let later = later
                .filter(|_| matches!(status, 429 | 503))
                .map_or_else(String::new, |later| format!("Retry-After: {later}\r\n"));
            let packed = self.behavior.lock().unwrap().packed.filter(|_| takes_gzip);
            let (media_type, text) = store::written(text, &body);
            let (coding, bytes) = match packed {
                Some(cut) => ("Content-Encoding: gzip\r\n", gzip(&text, cut)),
                None => ("", text.into_bytes()),
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\n{location}{date}{later}{transaction}{coding}Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            );
            if stream
                .write_all(&[head.as_bytes(), &bytes].concat())
                .is_err()
            {
                return;
            }
        }
    }

    /// Every request, whatever it was.
    pub(crate) fn all_requests(&self) -> Vec<RecordedRequest> {
        self.behavior.lock().unwrap().requests.clone()
    }

    pub(crate) fn answer(&self, asked: &RecordedRequest) -> (u16, Value) {
        let base = format!("http://{}", self.address);
        let method = asked.method.as_str();
        let path = asked.path.as_str();
        if let Some(body) = tokens::refusal(&self.behavior, asked) {
            return (401, body);
        }
        match (method, path) {
            ("GET", "/identity/.well-known/openid-configuration") => {
                return (200, discovery(&base));
            }
            ("GET", "/v2/info") => {
                return (
                    200,
                    json!({"authorization_endpoint": base, "token_endpoint": base, "api_version": "2.106.0"}),
                );
            }
            ("GET", "/v2/regions") => return (200, regions(&base)),
            ("GET", "/v2/users/self/invitations") => return (200, self.invitations()),
            ("POST", "/identity/token") => return self.token(asked),
            ("POST", "/v2/users/redeem") if code_of(&asked.json()) == "vgc0123456789abcdefghjk" => {
                return match asked.json()["new_password"] == "" {
                    true => (
                        400,
                        json!({"errors": [{"code": "invalid_field", "message": "`new_password` is empty"}]}),
                    ),
                    false => (204, Value::Null),
                };
            }
            ("POST", "/v2/users/redeem") => return (400, documents::wrong_code()),
            ("POST", "/identity/revoke") => return (200, Value::Null),
            ("POST", "/identity/introspect") => {
                let only_space = self.behavior.lock().unwrap().only_space;
                return (200, json!({"active": true, "only_space": only_space}));
            }
            ("POST", "/oauth/token") => return (200, self.uaa()),
            (_, path) if crate::store::answers(path) => {
                return self.store.lock().unwrap().answer(asked);
            }
            _ => {}
        }
        let credential = [
            asked.header("authorization"),
            asked.header("x-auth-user-token"),
        ];
        if !credential
            .iter()
            .any(|text| text.starts_with("Bearer e30.") || text.starts_with("iam e30."))
        {
            return (
                401,
                json!({"errors": [{"code": "BXNMSRI07E", "message": "the token was revoked"}]}),
            );
        }
        let behavior = self.behavior.lock().unwrap();
        if behavior.reach.is_some() {
            return (
                403,
                json!({"errors": [{"code": "BXNMSRI18E", "message": "the API key was made for metrics alone, and this is not about metrics"}]}),
            );
        }
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if let Some(answer) = services::answer(asked, &segments) {
            return answer;
        }
        match (method, segments.as_slice()) {
            ("GET", ["coe", "v2", "accounts"]) => (200, accounts(behavior.accounts)),
            ("GET", ["v2", "organizations"]) => (200, organizations(&asked.query, behavior.orgs)),
            ("POST", ["v2", "organizations"]) => (
                201,
                org(
                    "22222222-0000-4000-8000-000000000009",
                    &asked.json()["name"],
                ),
            ),
            ("PUT", ["v2", "organizations", guid]) => (201, org(guid, &asked.json()["name"])),
            ("DELETE", ["v2", "organizations", _]) if asked.query.ends_with("false") => (
                400,
                json!({"code": 10006, "error_code": "CF-AssociationNotEmpty", "description": "the organization still has spaces"}),
            ),
            ("PUT" | "DELETE", ["v2", "accounts", _, "roles", _] | ["v2", "spaces", _, _])
                if asked.json()["username"] == "cy@example.org" =>
            {
                (404, no_such_user())
            }
            ("DELETE", ["v2", "organizations" | "spaces", _])
            | ("PUT" | "DELETE", ["v2", "accounts", _, "roles", _])
            | ("DELETE", ["v2", "accounts", _, "users", "IBMid-bo"])
            | ("POST", ["v2", "users", "self", "invitations", _, _]) => (204, Value::Null),
            ("GET", ["v2", "organizations", _, "spaces"] | ["v2", "spaces"]) => {
                (200, spaces(&asked.query, behavior.spaces))
            }
            ("GET", ["v2", "deleted"]) => (200, deleted()),
            ("POST", ["v2", "spaces", guid, "restore"]) => (201, space(guid, &"back".into())),
            ("POST", ["v2", "organizations", guid, "restore"]) => (201, org(guid, &"back".into())),
            ("POST", ["v2", "spaces"]) => (
                201,
                space(
                    "33333333-0000-4000-8000-000000000009",
                    &asked.json()["name"],
                ),
            ),
            ("PUT" | "DELETE", ["v2", "organizations" | "spaces", _, _]) => (201, json!({})),
            ("PUT", ["v2", "spaces", guid]) => (201, space(guid, &asked.json()["name"])),
            (
                "GET",
                ["v2", "organizations" | "spaces", _, role] | ["v2", "accounts", _, "roles", role],
            ) => (200, holders(role)),
            ("GET", ["v1", "settings", "domain"]) => (200, behavior.settings.clone()),
            ("PUT", ["v1", "settings", "domain"]) => (200, asked.json()),
            ("GET", ["v2", "accounts", _, "users"]) => (200, users()),
            ("DELETE", ["v2", "accounts", _, "users", _]) if behavior.accounts > 1 => {
                (204, Value::Null)
            }
            ("DELETE", ["v2", "accounts", _, "users", _]) => (409, no_other_administrator()),
            ("POST", ["v2", "accounts", _, "users"])
                if asked.json()["users"][0]["email"] == "dora@example.org" =>
            {
                (
                    202,
                    json!({"resources": [{"email": "dora@example.org", "id": "IBMid-8", "state": "PENDING"}]}),
                )
            }
            ("POST", ["v2", "accounts", _, "users"]) => (
                202,
                json!({"resources": [{"email": asked.json()["users"][0]["email"], "id": "IBMid-7", "state": "PENDING",
                    "one_time_code": "vgc-0123-4567-89ab-cdef-ghjk"}]}),
            ),
            ("PUT", ["v2", "users", "self", "password"])
                if asked.json()["current_password"] == "old" =>
            {
                (204, Value::Null)
            }
            ("PUT", ["v2", "users", "self", "password"]) => (
                403,
                json!({"errors": [{"code": "BXNMSRI14E", "message": "the current password is not that"}]}),
            ),
            ("GET", ["v1", "apikeys"]) => (
                200,
                json!({"offset": 0, "limit": 100,
                "apikeys": [key("ApiKey-1", "ci", "build server"), key("ApiKey-2", "twin", "one"), key("ApiKey-3", "twin", "two")]}),
            ),
            ("POST", ["v1", "apikeys"]) => {
                let body = asked.json();
                let mut key = key(
                    "ApiKey-9",
                    body["name"].as_str().unwrap(),
                    body["description"].as_str().unwrap_or(""),
                );
                key["apikey"] = "vgk_shown_once".into();
                key["locked"] = (asked.header("entity-lock") == "true").into();
                if !body["expires_at"].is_null() {
                    key["expires_at"] = body["expires_at"].clone();
                }
                (201, key)
            }
            ("PUT", ["v1", "apikeys", id]) => (
                200,
                key(id, asked.json()["name"].as_str().unwrap_or("ci"), ""),
            ),
            ("DELETE", ["v1", "apikeys", "ApiKey-2"]) => (
                409,
                json!({"trace": "t", "errors": [{"code": "conflict", "message_code": "BXNIM0401E", "message": "the key is locked"}]}),
            ),
            ("DELETE", ["v1", "apikeys", _]) | ("POST" | "DELETE", ["v1", "apikeys", _, _]) => {
                (204, Value::Null)
            }
            _ => (
                404,
                json!({"errors": [{"code": "BXNMSSV01E", "message": "no such route"}]}),
            ),
        }
    }

    fn token(&self, asked: &RecordedRequest) -> (u16, Value) {
        assert_eq!(asked.header("authorization"), "Basic Yng6Yng=");
        if let Some(instead) = self.store.lock().unwrap().logins_instead.pop_front() {
            return instead;
        }
        let refuse = |code: &str, text: &str| {
            (
                400,
                json!({"errorCode": code, "errorMessage": text, "context": {}}),
            )
        };
        let grant = asked.field("grant_type").unwrap_or_default();
        let is_right = match grant.as_str() {
            "password" => asked.field("password").as_deref() == Some("s3cret"),
            "urn:ibm:params:oauth:grant-type:apikey" => {
                asked.field("apikey").as_deref() == Some(KEY)
            }
            "urn:ibm:params:oauth:grant-type:passcode" => {
                asked.field("passcode").as_deref() == Some("abcdefghij")
            }
            "refresh_token" => {
                let (refused, status) = {
                    let behavior = self.behavior.lock().unwrap();
                    (behavior.refresh_refused, behavior.refresh_status)
                };
                if let Some(code) = refused {
                    return (status, refuse(code, "the session has ended").1);
                }
                if let Some(path) = &self.behavior.lock().unwrap().vanishing {
                    std::fs::remove_file(path).unwrap();
                }
                true
            }
            _ => false,
        };
        if !is_right {
            return match grant.as_str() {
                "password" => refuse("BXNIM0602E", "the user name or password is wrong"),
                "urn:ibm:params:oauth:grant-type:apikey" => {
                    refuse("BXNIM0415E", "the API key was not found")
                }
                _ => refuse("BXNIM0109E", "the passcode is not good"),
            };
        }
        let mut behavior = self.behavior.lock().unwrap();
        let unasked = if behavior.accounts == 1 { ACCOUNT } else { "" };
        let account = asked.field("account").unwrap_or_else(|| unasked.to_owned());
        behavior.tokens += 1;
        let serial = behavior.tokens;
        let name = format!("ada@example.org{}", behavior.poison);
        let token = jwt_of(&behavior.issuer, &name, serial, behavior.ttl_s, &account);
        let token =
            (behavior.reach.as_ref()).map_or(token.clone(), |reach| narrowed(&token, reach));
        let mut reply = json!({
            "access_token": token, "refresh_token": format!("vgr_{serial}"),
            "token_type": "Bearer", "expires_in": behavior.ttl_s, "expiration": now() + behavior.ttl_s, "scope": "ibm openid",
        });
        if asked
            .field("response_type")
            .is_some_and(|kinds| kinds.contains("uaa"))
        {
            reply["uaa_token"] = jwt(1000 + serial, behavior.ttl_s, "").into();
            reply["uaa_refresh_token"] = "uaa-refresh".into();
        }
        (200, reply)
    }

    fn uaa(&self) -> Value {
        let behavior = self.behavior.lock().unwrap();
        json!({"access_token": jwt(2000, behavior.ttl_s, ""), "refresh_token": "uaa-refresh-2", "token_type": "bearer",
            "expires_in": behavior.ttl_s, "scope": "", "jti": "1"})
    }
}

fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}
