//! Settings of an account as IBM's clients know them: read, changed with their tag, obeyed at once, or refused by their name.

use crate::audit::{entries, of};
use crate::harness::{Reply, Request, Server, VIGIED};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};
use std::process::Command;

const APIKEY: &str = "urn:ibm:params:oauth:grant-type:apikey";

struct Account {
    server: Server,
    token: String,
    path: String,
}

impl Account {
    fn start() -> Self {
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        let path = format!("/v1/accounts/{}/settings/identity", server.owner.account);
        Self {
            server,
            token,
            path,
        }
    }

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn read(&self) -> Value {
        let reply = self.call("GET", &self.path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let tag = reply.header("etag").unwrap().trim_matches('"').to_owned();
        assert_eq!(reply.json()["entity_tag"], json!(tag));
        reply.json()
    }

    fn change(&self, tag: &str, body: &Value) -> Reply {
        let request = self.call("PUT", &self.path).header("If-Match", tag);
        request.json(body).send()
    }

    fn set(&self, body: &Value) -> Value {
        let reply = self.change("*", body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    fn by_key(&self) -> Reply {
        let form = [
            ("grant_type", APIKEY),
            ("apikey", &self.server.owner.api_key),
        ];
        let request = self.server.request("POST", "/identity/token");
        request.form(&form).send()
    }

    fn by_password(&self) -> Reply {
        let owner = &self.server.owner;
        let form = [
            ("grant_type", "password"),
            ("username", owner.user.as_str()),
            ("password", owner.password.as_str()),
        ];
        let request = self.server.request("POST", "/identity/token");
        request.basic("bx", "bx").form(&form).send()
    }
}

fn refused(reply: &Reply, status: u16, word: &str, named: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
    assert!(body.contains(named), "{body}");
}

#[test]
fn what_is_set_is_shown_and_a_stale_tag_changes_nothing() {
    let account = Account::start();
    let first = account.read();
    assert_eq!(first["account_id"], json!(account.server.owner.account));
    for (field, value) in [
        ("restrict_create_service_id", json!("RESTRICTED")),
        ("restrict_create_platform_apikey", json!("NOT_SET")),
        ("restrict_user_list_visibility", json!("RESTRICTED")),
        ("allowed_ip_addresses", json!("")),
        ("mfa", json!("NONE")),
        ("user_mfa", json!([])),
        ("restrict_user_domains", json!([])),
        ("session_expiration_in_seconds", json!("NOT_SET")),
        ("session_invalidation_in_seconds", json!("NOT_SET")),
        ("max_sessions_per_identity", json!("NOT_SET")),
        (
            "system_access_token_expiration_in_seconds",
            json!("NOT_SET"),
        ),
        (
            "system_refresh_token_expiration_in_seconds",
            json!("NOT_SET"),
        ),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    let tag = first["entity_tag"].as_str().unwrap();
    let wished = json!({
        "restrict_create_platform_apikey": "RESTRICTED", "mfa": "NONE_NO_ROPC",
        "allowed_ip_addresses": "127.0.0.0/8,::1", "session_expiration_in_seconds": "7200",
        "session_invalidation_in_seconds": "1800", "max_sessions_per_identity": "5",
        "system_access_token_expiration_in_seconds": "900",
        "system_refresh_token_expiration_in_seconds": "3600",
    });
    let changed = account.change(tag, &wished);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let second = account.read();
    assert_eq!(changed.json(), second);
    for (field, value) in wished.as_object().unwrap() {
        assert_eq!(&second[field], value, "{field}");
    }
    let stale = account.change(tag, &json!({"mfa": "NONE"}));
    refused(&stale, 409, "conflict", "entity tag");
    let reply = account.call("PUT", &account.path).json(&json!({})).send();
    refused(&reply, 400, "invalid_parameter", "If-Match");
    assert_eq!(account.read(), second);

    let effective = format!(
        "/v1/accounts/{}/effective_settings/identity",
        account.server.owner.account
    );
    let effective = account.call("GET", &effective).send().json();
    assert_eq!(effective["account"], second);
    let holds = &effective["effective"];
    assert_eq!(holds["max_sessions_per_identity"], "5");
    assert_eq!(holds["system_access_token_expiration_in_seconds"], "900");
    let path = format!("{}?include_history=true", account.path);
    let read = account.call("GET", &path).send().json();
    let history = read["history"].as_array().unwrap();
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0]["action"], "account_configured");
    // By the names and values with which they were set.
    for (field, value) in wished.as_object().unwrap() {
        let params = history[0]["params"].as_array().unwrap();
        let set = format!("{field}={}", value.as_str().unwrap());
        assert!(params.contains(&json!(set)), "{set}: {params:?}");
    }
}

/// Reports are in the audit under the account as well, more of them than a history has entries.
#[test]
fn the_history_of_settings_is_not_lost_among_other_entries() {
    let account = Account::start();
    account.set(&json!({"system_access_token_expiration_in_seconds": "900"}));
    let report = format!(
        "/v1/activity/accounts/{}/report",
        account.server.owner.account
    );
    for _ in 0..=limit::PAGE_ENTRIES.default {
        let made = account.call("POST", &report).send();
        assert_eq!(made.status, 202, "{}", made.text());
    }
    let path = format!("{}?include_history=true", account.path);
    let read = account.call("GET", &path).send().json();
    let history = read["history"].as_array().unwrap();
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0]["action"], "account_configured");
}

/// `*` is whatever version there is: of changes at the same moment some were answered with 409.
#[test]
fn changes_of_whatever_version_all_happen() {
    let account = Account::start();
    std::thread::scope(|scope| {
        for field in [
            "session_expiration_in_seconds",
            "session_invalidation_in_seconds",
            "system_access_token_expiration_in_seconds",
            "system_refresh_token_expiration_in_seconds",
        ] {
            let account = &account;
            scope.spawn(move || {
                for seconds in 900..910 {
                    account.set(&json!({ field: seconds.to_string() }));
                }
            });
        }
    });
    let settings = account.read();
    for field in [
        "session_expiration_in_seconds",
        "session_invalidation_in_seconds",
        "system_access_token_expiration_in_seconds",
        "system_refresh_token_expiration_in_seconds",
    ] {
        assert_eq!(settings[field], "909", "{field}");
    }
    let tag = settings["entity_tag"].as_str().unwrap();
    assert!(tag.starts_with("40-"), "{tag}");
    // What is so already is no new version.
    let again = account.set(&json!({"session_expiration_in_seconds": "909"}));
    assert_eq!(again, settings);
}

#[test]
fn what_is_set_is_obeyed_at_once() {
    let account = Account::start();
    account.set(&json!({"system_access_token_expiration_in_seconds": "900"}));
    assert_eq!(account.by_key().json()["expires_in"], 900);
    account.set(&json!({"session_invalidation_in_seconds": "1000"}));
    assert_eq!(account.by_password().json()["expires_in"], 1000);

    account.set(&json!({"mfa": "NONE_NO_ROPC"}));
    let reply = account.by_password();
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(reply.json()["error"], "unauthorized_client");
    assert_eq!(account.by_key().status, 200);
    account.set(&json!({"mfa": "NONE"}));
    assert_eq!(account.by_password().status, 200);
}

/// A program that is told the password gets no token for it by way of a code either; whoever types it on the page does.
#[test]
fn a_code_from_a_login_by_password_is_still_the_password() {
    let account = Account::start();
    let server = &account.server;
    let refresh = account.by_password().json()["refresh_token"].clone();
    account.set(&json!({"mfa": "NONE_NO_ROPC"}));
    let redeem = |code: &str| {
        let form = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
            ("passcode", code),
        ];
        let request = server.request("POST", "/identity/token");
        request.basic("bx", "bx").form(&form).send()
    };
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str().unwrap()),
    ];
    let request = server.request("POST", "/identity/passcode");
    let reply = request.basic("bx", "bx").form(&form).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let of_session = reply.json()["passcode"].as_str().unwrap().to_owned();
    let reply = redeem(&of_session);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(reply.text().contains("`mfa`"), "{}", reply.text());

    let form = [
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ];
    let page = server.request("POST", "/identity/passcode");
    let page = page.form(&form).send().text();
    let (_, rest) = page.split_once("<code>").unwrap();
    let (of_page, _) = rest.split_once("</code>").unwrap();
    let reply = redeem(of_page);
    assert_eq!(reply.status, 200, "{}", reply.text());
    // The refused code was not used up.
    account.set(&json!({"mfa": "NONE"}));
    assert_eq!(redeem(&of_session).status, 200);
}

#[test]
fn nothing_opens_an_account_from_an_address_that_it_does_not_allow() {
    let account = Account::on(Server::with(&["--set", "trusted_proxies=127.0.0.1"]));
    let (server, key) = (&account.server, account.server.owner.api_key.clone());
    let metrics = |credential: &str, from: &str| {
        let request = server.request("GET", "/v1/metrics/list?query=*");
        let request = request.header("X-Auth-User-Token", credential);
        request.header("X-Forwarded-For", from).send()
    };
    account.set(&json!({"allowed_ip_addresses": "127.0.0.1,192.0.2.0/24"}));
    for credential in [format!("apikey {key}"), format!("iam {}", account.token)] {
        assert_ne!(metrics(&credential, "192.0.2.7").status, 403);
        let reply = metrics(&credential, "198.51.100.7");
        assert_eq!(reply.status, 403, "{}", reply.text());
        for part in ["BXNMSRI21E", "198.51.100.7", "allowed_ip_addresses"] {
            assert!(reply.text().contains(part), "{}", reply.text());
        }
    }
    // Nobody locks themselves out.
    let body = json!({"allowed_ip_addresses": "192.0.2.0/24"});
    let reply = account.change("*", &body);
    refused(&reply, 400, "invalid_parameter", "127.0.0.1");

    // The operator can, and undoes it.
    let run = |list: &str| {
        let mut command = Command::new(VIGIED);
        command.args(["account", "addresses", &server.owner.account, list]);
        let done = command.arg("--data").arg(server.data()).status().unwrap();
        assert!(done.success());
    };
    run("192.0.2.1");
    for reply in [account.by_key(), account.by_password()] {
        assert_eq!(reply.status, 403, "{}", reply.text());
        assert!(reply.text().contains("127.0.0.1"), "{}", reply.text());
    }
    run("all");
    // Each was refused for the address, and whoever asks for the account finds it; that all are let in again is not left out either.
    let named = ["--account", server.owner.account.as_str()];
    let found = entries(&server.data(), &named);
    for event in ["proof_refused", "right_refused"] {
        let rows = of(&found, event);
        let mut rows = rows.iter().map(|row| &row["details"]["why"]);
        assert!(rows.any(|why| *why == "BXNMSRI21E"), "{event}: {found:#?}");
    }
    let said = Command::new(VIGIED)
        .args(["audit", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains(" allowed_ip_addresses=\"\""), "{said}");
    assert_eq!(account.by_key().status, 200);
    assert_eq!(account.read()["allowed_ip_addresses"], "");
    account.set(&json!({"allowed_ip_addresses": "127.0.0.0/8,::1", "mfa": "NONE_NO_ROPC"}));
    account.set(&json!({"allowed_ip_addresses": "NOT_SET", "mfa": "NOT_SET"}));
    let read = account.read();
    assert_eq!(
        (&read["allowed_ip_addresses"], &read["mfa"]),
        (&json!(""), &json!("NONE"))
    );
}

#[test]
fn there_is_no_second_factor() {
    let account = Account::start();
    let info = account.call("GET", "/identity/userinfo").send().json();
    let of = |iam_id: &str| {
        let owner = &account.server.owner.account;
        let path = format!("/v1/mfa/accounts/{owner}/status?iam_id={iam_id}");
        account.call("GET", &path).send()
    };
    let user = info["iam_id"].as_str().unwrap();
    for word in ["NONE", "NONE_NO_ROPC"] {
        account.set(&json!({"mfa": word}));
        let reply = of(user);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let mfa = reply.json();
        assert_eq!(mfa["effective_mfa_type"], word);
        assert_eq!(mfa["id_based_mfa"]["trait_effective"], word);
        let none = json!({"required": false, "enrolled": false});
        assert_eq!(mfa["account_based_mfa"]["totp"], none);
    }
    refused(&of("somebody"), 400, "invalid_parameter", "iam_id");
    let unknown = "IBMid-00000000-0000-4000-8000-000000000000";
    refused(&of(unknown), 404, "not_found", unknown);
}

#[test]
fn what_is_not_obeyed_is_refused_by_its_name() {
    let account = Account::start();
    let before = account.read();
    for (field, value) in [
        ("restrict_create_service_id", json!("NOT_RESTRICTED")),
        ("restrict_create_platform_apikey", json!("SOMETIMES")),
        ("restrict_user_list_visibility", json!("NOT_RESTRICTED")),
        ("mfa", json!("TOTP")),
        ("user_mfa", json!([{"iam_id": "IBMid-1", "mfa": "NONE"}])),
        (
            "restrict_user_domains",
            json!([{"realm_id": "IBMid", "invitation_email_allow_patterns": ["*"], "restrict_invitation": true}]),
        ),
        ("allowed_ip_addresses", json!("somewhere")),
        ("session_expiration_in_seconds", json!("899")),
        ("session_expiration_in_seconds", json!("86401")),
        ("session_invalidation_in_seconds", json!("7201")),
        ("session_invalidation_in_seconds", json!("soon")),
        ("max_sessions_per_identity", json!("0")),
        ("max_sessions_per_identity", json!("-1")),
        ("system_access_token_expiration_in_seconds", json!("3601")),
        (
            "system_refresh_token_expiration_in_seconds",
            json!("259201"),
        ),
    ] {
        let reply = account.change("*", &json!({ field: value }));
        refused(&reply, 400, "invalid_parameter", field);
    }
    let list = "10.0.0.1,".repeat(455) + "10.0.0.1";
    assert!(list.len() > 4096);
    let reply = account.change("*", &json!({"allowed_ip_addresses": list}));
    let limit = limit::ALLOWED_ADDRESSES_BYTES;
    refused(&reply, 400, "invalid_parameter", limit.name);
    assert_eq!(hits(&account.server, limit), 1);
    assert_eq!(account.read(), before);
    // What is restricted anyhow may be asked for.
    account.set(&json!({
        "restrict_create_service_id": "RESTRICTED", "restrict_user_list_visibility": "NOT_SET",
        "user_mfa": [], "restrict_user_domains": [],
    }));
    let unserved = format!("{}?resolve_user_mfa=true", account.path);
    let reply = account.call("GET", &unserved).send();
    refused(&reply, 400, "invalid_parameter", "resolve_user_mfa");
    // An unknown path below answers in the same form.
    let reply = account.call("GET", &format!("{}/x", account.path)).send();
    assert_eq!(reply.status, 404);
    assert!(reply.json()["errors"][0]["message"].is_string());
}

/// It named a type and a column, and not the setting.
#[test]
fn a_number_in_place_of_a_text_is_refused_by_the_name_of_its_setting() {
    let account = Account::start();
    for name in [
        "session_expiration_in_seconds",
        "system_access_token_expiration_in_seconds",
        "max_sessions_per_identity",
    ] {
        let reply = account.change("*", &json!({"mfa": "NONE", name: 900}));
        refused(&reply, 400, "invalid_parameter", &format!("`{name}`"));
        refused(&reply, 400, "invalid_parameter", "expected a string");
    }
    let reply = account.change("*", &json!({"user_mfa": [{"iam_id": "x"}, {"iam_id": 7}]}));
    refused(&reply, 400, "invalid_parameter", "`user_mfa[1].iam_id`");
}
