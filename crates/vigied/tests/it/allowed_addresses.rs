//! `allowed_ip_addresses` of an account, and a UAA token of somebody who is in another one as well.

use crate::audit::{entries, of};
use crate::harness::{Reply, Request, Server, VIGIED, knows};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Allowed, and not.
const NEAR: &str = "192.0.2.7";
const FAR: &str = "198.51.100.7";

/// A server behind a proxy, whose owner is an Administrator of a second account too.
struct TwoAccounts {
    server: Server,
    /// The second account, as it was made.
    made: Value,
    /// The owner's UAA token, which is for both.
    uaa: String,
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

fn done(reply: &Reply) {
    assert!(reply.status < 300, "{}", reply.text());
}

impl TwoAccounts {
    fn start() -> Self {
        let server = Server::with(&["--set", "trusted_proxies=127.0.0.1"]);
        let mut command = Command::new(VIGIED);
        command.args(["account", "create", "Second", "--owner", "bea@example.org"]);
        command.args(["--output", "json", "--data"]);
        let made = command.arg(server.data()).stdin(Stdio::null()).output();
        let made: Value = serde_json::from_slice(&made.unwrap().stdout).unwrap();
        let begun = Instant::now();
        while !knows(&server.serving.url(), &text(&made["api_key"])) {
            assert!(begun.elapsed() < Duration::from_secs(300));
        }
        let this = Self {
            server,
            made,
            uaa: String::new(),
        };
        let account = this.part("account_guid");
        let owner = &this.server.owner;
        let people = json!({"users": [{"email": owner.user, "account_role": "Administrator"}]});
        let path = format!("/v2/accounts/{account}/users");
        done(&this.by_bea("POST", &path).json(&people).send());
        let iam = this.log_in("/identity/token");
        let accept = this.server.request("POST", "/v2/users/accept").bearer(&iam);
        done(&accept.json(&json!({ "account_id": account })).send());
        let uaa = this.log_in("/oauth/token");
        Self { uaa, ..this }
    }

    /// A token of the first owner, by password.
    fn log_in(&self, path: &str) -> String {
        let owner = &self.server.owner;
        let client = if path == "/oauth/token" {
            ["cf", ""]
        } else {
            ["bx", "bx"]
        };
        let request = self.server.request("POST", path);
        let request = request.basic(client[0], client[1]).form(&[
            ("grant_type", "password"),
            ("username", &owner.user),
            ("password", &owner.password),
        ]);
        text(&request.send().json()["access_token"])
    }

    fn part(&self, name: &str) -> String {
        text(&self.made[name])
    }

    /// As the second account's owner.
    fn by_bea(&self, method: &str, path: &str) -> Request {
        let key = format!("apikey {}", self.part("api_key"));
        let request = self.server.request(method, path);
        request.header("X-Auth-User-Token", &key)
    }

    /// With the UAA token, from an address.
    fn from(&self, address: &str, method: &str, path: &str, body: &Value) -> Reply {
        let request = self.server.request(method, path);
        let request = request.header("X-Auth-User-Token", &format!("uaa {}", self.uaa));
        let request = request.header("X-Forwarded-For", address);
        match body {
            Value::Null => request.send(),
            body => request.json(body).send(),
        }
    }

    /// The second account lets in its neighbours alone.
    fn allow_neighbours(&self) {
        let path = format!(
            "/v1/accounts/{}/settings/identity",
            self.part("account_guid")
        );
        let allow = self.by_bea("PUT", &path).header("If-Match", "*");
        let allowed = json!({"allowed_ip_addresses": "127.0.0.1,192.0.2.0/24"});
        done(&allow.json(&allowed).send());
    }

    /// Whether the list has an entry with this GUID.
    fn lists(&self, address: &str, path: &str, guid: &str) -> bool {
        let reply = self.from(address, "GET", path, &Value::Null);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let list = reply.json();
        let all = list["resources"].as_array().unwrap();
        all.iter().any(|space| space["metadata"]["guid"] == guid)
    }
}

#[test]
fn a_uaa_token_neither_reads_nor_changes_an_account_that_does_not_let_it_in() {
    let two = TwoAccounts::start();
    let (account, org, space) = (
        two.part("account_guid"),
        two.part("org_guid"),
        two.part("space_guid"),
    );
    let lists = [
        ("/coe/v2/accounts".to_owned(), &account),
        ("/v2/organizations".to_owned(), &org),
        ("/v2/spaces".to_owned(), &space),
    ];
    for (path, guid) in &lists {
        assert!(two.lists(FAR, path, guid), "{path}");
    }
    two.allow_neighbours();
    for (path, guid) in &lists {
        assert!(two.lists(NEAR, path, guid), "{path}");
        assert!(!two.lists(FAR, path, guid), "{path}");
        // The first account is not concerned.
        assert!(two.lists(FAR, "/v2/spaces", &two.server.owner.space));
    }

    let named = json!({"name": "further", "organization_guid": org});
    let (none, user) = (Value::Null, json!({"username": two.server.owner.user}));
    let people = json!({"users": [{"email": "carl@example.org"}]});
    let renamed = json!({"name": "further"});
    let role = format!("/v2/accounts/{account}/roles");
    let (of_org, of_space) = (
        format!("/v2/organizations/{org}"),
        format!("/v2/spaces/{space}"),
    );
    for (method, path, body) in [
        ("GET", format!("/coe/v2/accounts/{account}"), &none),
        ("GET", format!("/v4/accounts/{account}"), &none),
        ("GET", format!("/v2/accounts/{account}/users"), &none),
        ("POST", format!("/v2/accounts/{account}/users"), &people),
        ("PUT", format!("{role}/Editor"), &user),
        ("DELETE", format!("{role}/Administrator"), &user),
        ("GET", of_org.clone(), &none),
        ("GET", format!("{of_org}/spaces"), &none),
        ("GET", format!("{of_org}/managers"), &none),
        ("GET", of_space.clone(), &none),
        ("GET", format!("{of_space}/managers"), &none),
        ("POST", "/v2/spaces".to_owned(), &named),
        ("PUT", format!("{of_space}/developers"), &user),
        ("DELETE", format!("{of_space}/managers"), &user),
        ("PUT", of_space.clone(), &renamed),
        ("PUT", of_org.clone(), &renamed),
        ("DELETE", of_space.clone(), &none),
        ("DELETE", format!("{of_org}?recursive=true"), &none),
    ] {
        let reply = two.from(FAR, method, &path, body);
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text());
        for part in [FAR, "allowed_ip_addresses"] {
            let body = reply.text();
            assert!(body.contains(part), "{method} {path}: {body}");
        }
    }
    let read = two.from(NEAR, "GET", &of_space, &none);
    assert_eq!(read.json()["entity"]["name"], two.made["space_name"]);
    done(&two.from(NEAR, "POST", "/v2/spaces", &named));
}

#[test]
fn an_invitation_is_not_accepted_from_elsewhere_and_the_audit_has_who_tried() {
    let two = TwoAccounts::start();
    let (account, owner) = (two.part("account_guid"), &two.server.owner);
    let token = two.server.token();
    let info = two.server.request("GET", "/identity/userinfo");
    let iam_id = text(&info.bearer(&token).send().json()["iam_id"]);
    let people = format!("/v2/accounts/{account}/users");
    let member = format!("{people}/{iam_id}");
    done(&two.by_bea("DELETE", &member).send());
    let invited = json!({"users": [{"email": owner.user}]});
    done(&two.by_bea("POST", &people).json(&invited).send());
    two.allow_neighbours();

    let login = two.log_in("/identity/token");
    let accept = |address: &str| {
        let request = two
            .server
            .request("POST", "/v2/users/accept")
            .bearer(&login);
        let request = request.header("X-Forwarded-For", address);
        request.json(&json!({ "account_id": account })).send()
    };
    let refused = accept(FAR);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("BXNMSRI21E"), "{}", refused.text());
    let found = entries(&two.server.data(), &[]);
    let is_this = |row: &&&Value| {
        let why = &row["details"]["why"];
        row["who"] == iam_id.as_str() && row["source"] == FAR && *why == "BXNMSRI21E"
    };
    let rows = of(&found, "right_refused");
    assert_eq!(rows.iter().filter(is_this).count(), 1, "{found:#?}");
    done(&accept(NEAR));
}
