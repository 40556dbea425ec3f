//! Sessions that the settings of an account end. The shortest time that can be set is a quarter of an hour: so the sessions are made
//! older, as their rows say.

use crate::harness::{Reply, Server, now, vigie};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

const IDLE: &str = "session_invalidation_in_seconds";
const LASTING: &str = "session_expiration_in_seconds";

/// Which time of a session is moved to more than a quarter of an hour ago.
#[derive(Clone, Copy)]
enum Moved {
    LastUse,
    Proof,
}

struct Login {
    id: String,
    access: String,
    refresh: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn ask(server: &Server, form: &[(&str, &str)]) -> Reply {
    let request = server.request("POST", "/identity/token");
    request.basic("bx", "bx").form(form).send()
}

fn log_in(server: &Server, account: &str) -> Login {
    let form = [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
        ("account", account),
    ];
    let reply = ask(server, &form);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let tokens = reply.json();
    Login {
        id: text(&tokens["session_id"]),
        access: text(&tokens["access_token"]),
        refresh: text(&tokens["refresh_token"]),
    }
}

fn renew(server: &Server, refresh: &str, account: &str) -> Reply {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("account", account),
    ];
    ask(server, &form)
}

fn set(server: &Server, by: &Login, account: &str, body: &Value) {
    let path = format!("/v1/accounts/{account}/settings/identity");
    let request = server.request("PUT", &path).bearer(&by.access);
    let reply = request.header("If-Match", "*").json(body).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

fn make_older(server: &Server, of: &Login, moved: Moved) {
    let sql = match moved {
        Moved::LastUse => "UPDATE sessions SET used_at = used_at - 901000 WHERE guid = $1",
        Moved::Proof => "UPDATE sessions SET proven_at = proven_at - 901000 WHERE guid = $1",
    };
    change_session(server, &of.id, sql);
}

fn change_session(server: &Server, id: &str, sql: &'static str) {
    let guid = id.strip_prefix("C-").unwrap();
    assert_eq!(server.change_rows(sql, &[guid.into()]), 1);
}

#[test]
fn a_session_that_is_over_for_an_account_is_not_renewed_for_it() {
    renew_what_is_over(&Server::start());
}

#[test]
fn a_session_that_is_over_for_an_account_is_not_renewed_for_it_on_two_nodes() {
    let test = "a_session_that_is_over_for_an_account_is_not_renewed_for_it_on_two_nodes";
    if let Some(server) = Server::on_two_nodes(test) {
        renew_what_is_over(&server);
    }
}

/// A session of one account, which the server does not end for the settings of another.
fn renew_what_is_over(server: &Server) {
    let (first, other) = (server.owner.account.clone(), server.second_account());
    let administrator = log_in(server, &other);
    let mut login = log_in(server, &first);
    for (moved, setting, unset, code) in [
        (Moved::LastUse, IDLE, LASTING, "BXNIM0439E"),
        (Moved::Proof, LASTING, IDLE, "BXNIM0408E"),
    ] {
        let body = json!({setting: "900", unset: "NOT_SET"});
        set(server, &administrator, &other, &body);
        make_older(server, &login, moved);
        let reply = renew(server, &login.refresh, &other);
        let body = reply.text();
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.json()["errorCode"], code, "{body}");
        assert_eq!(reply.json()["error"], "invalid_grant", "{body}");
        assert!(body.contains(&format!("`{setting}`")), "{body}");
        // The refused token was not used up, and its own account says nothing about sessions.
        let reply = renew(server, &login.refresh, &first);
        assert_eq!(reply.status, 200, "{}", reply.text());
        login.refresh = text(&reply.json()["refresh_token"]);
    }
}

/// What is moved, the setting that ends the session then, and the reason that is told.
type End = (Moved, &'static str, &'static str);

const UNUSED: End = (Moved::LastUse, IDLE, "BXNIM0439E");
const OLD: End = (Moved::Proof, LASTING, "BXNIM0408E");

#[test]
fn what_is_over_is_not_listed_and_its_token_is_refused_soon() {
    end(&Server::start(), &[UNUSED, OLD]);
}

/// Both nodes look for what is over; each end is waited for, so one is enough.
#[test]
fn what_is_over_is_not_listed_and_its_token_is_refused_soon_on_two_nodes() {
    let test = "what_is_over_is_not_listed_and_its_token_is_refused_soon_on_two_nodes";
    if let Some(server) = Server::on_two_nodes(test) {
        end(&server, &[UNUSED]);
    }
}

fn end(server: &Server, ends: &[End]) {
    let account = server.owner.account.clone();
    for &(moved, setting, reason) in ends {
        let (old, current) = (log_in(server, &account), log_in(server, &account));
        set(server, &current, &account, &json!({setting: "900"}));
        let is_open = |login: &Login| {
            let request = server.request("GET", "/v2/spaces").bearer(&login.access);
            request.send().status == 200
        };
        assert!(is_open(&old));
        make_older(server, &old, moved);
        let list = server.request("GET", "/v1/sessions?pagesize=100");
        let list = list.bearer(&current.access).send().json();
        let all = list["sessions"].as_array().unwrap().iter();
        let ids: Vec<&str> = all.map(|one| one["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&current.id.as_str()), "{list}");
        assert!(!ids.contains(&old.id.as_str()), "{list}");
        // The server looks at what has become due while nobody used it: a quarter of a minute later at most.
        let begun = Instant::now();
        while is_open(&old) {
            assert!(begun.elapsed() < Duration::from_secs(300), "never ended");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(is_open(&current));
        let late = renew(server, &old.refresh, &account);
        assert_eq!(late.json()["errorCode"], reason, "{}", late.text());
        set(server, &current, &account, &json!({setting: "NOT_SET"}));
    }
}

/// The command line renewed a token when it expired, which under the shortest setting is when its session ends, too: whoever used it all
/// the time was thrown out.
#[test]
fn a_session_that_the_command_line_uses_does_not_end_unused() {
    let server = Server::start();
    let home = server.folder.path().join("cli");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(vigie());
        command.args(arguments).env_clear().env("VIGIE_HOME", &home);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let account = server.owner.account.clone();
    let administrator = log_in(&server, &account);
    set(&server, &administrator, &account, &json!({IDLE: "900"}));
    let (url, key) = (server.serving.url(), server.owner.api_key.clone());
    run(&["login", "-a", &url, "--apikey", &key]);
    let token = run(&["iam", "token"]);
    let request = server.request("GET", "/v1/sessions").bearer(token.trim());
    let sessions = request.send().json();
    let mut sessions = sessions["sessions"].as_array().unwrap().iter();
    let session = sessions.find(|session| session["current"] == true).unwrap();
    let id = text(&session["id"]);
    let file = home.join("config.json");
    // Ten minutes pass before each use, so twenty from the first to the last.
    for _ in 0..2 {
        let older = "UPDATE sessions SET used_at = used_at - 600000 WHERE guid = $1";
        change_session(&server, &id, older);
        let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let claims = json!({"iat": now() - 600, "exp": now() + 300, "sub": "owner@vigie.local"});
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        config["IAMToken"] = format!("Bearer e30.{claims}.c2ln").into();
        config["LastSessionUpdateTime"] = (now() - 600).into();
        std::fs::write(&file, config.to_string()).unwrap();
        run(&["account", "orgs"]);
    }
}
