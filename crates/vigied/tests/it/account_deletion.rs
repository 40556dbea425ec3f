//! A deleted account opens nothing from that moment, can be restored until it is due, and leaves nothing behind afterwards,
//! even if the server is killed in between.

use crate::audit::{entries, login};
use crate::harness::{Owner, Request, Server, Serving, VIGIED, init, now, token};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const BEA: &str = "bea@example.org";

fn vigied(data: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(VIGIED);
    command.args(words).arg("--data").arg(data);
    command.output().unwrap()
}

fn run_ok(data: &Path, words: &[&str]) -> Value {
    let output = vigied(data, &[words, &["--output", "json"]].concat());
    assert!(output.status.success(), "{words:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(data: &Path, words: &[&str]) -> String {
    let output = vigied(data, words);
    assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A further account with an owner of its own.
fn second(data: &Path, name: &str) -> Owner {
    let made = run_ok(data, &["account", "create", name, "--owner", BEA]);
    let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
    Owner {
        account: text("account_guid"),
        org: text("org_guid"),
        space: text("space_guid"),
        region: text("region"),
        user: BEA.to_owned(),
        password: text("password"),
        api_key: text("api_key"),
    }
}

fn metrics(url: &str, owner: &Owner, method: &str, path: &str) -> Request {
    Request::new(url, method, path)
        .header("X-Auth-User-Token", &format!("apikey {}", owner.api_key))
        .header("X-Auth-Scope-Id", &format!("s-{}", owner.space))
}

fn send(url: &str, owner: &Owner, names: &[&str]) {
    let body: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "value": 7.5, "timestamp": now() - 60}))
        .collect();
    let sent = metrics(url, owner, "POST", "/v1/metrics").json(&json!(body));
    let sent = sent.send();
    assert_eq!(sent.status, 200, "{}", sent.text());
}

fn names(url: &str, owner: &Owner) -> (u16, String) {
    let reply = metrics(url, owner, "GET", "/v1/metrics/list?query=*").send();
    (reply.status, reply.text())
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_deleted_account_opens_nothing_and_comes_back_whole() {
    let server = Server::start();
    let (data, url) = (server.data(), server.serving.url());
    let bea = second(&data, "Second");
    send(&url, &bea, &["a.b", "a.c"]);
    let bearer = token(&url, &bea.api_key);
    let session = login(&url, BEA, &bea.password).json();

    let gone = run_ok(&data, &["account", "delete", "Second", "--yes"]);
    assert_eq!(gone["account_guid"], bea.account.as_str());
    assert_eq!(
        (&gone["series"], &gone["spaces"], &gone["members"]),
        (&json!(2), &json!(1), &json!(1)),
        "{gone}"
    );
    assert!(
        gone["removed_at"].as_str().unwrap().ends_with('Z'),
        "{gone}"
    );
    // At once: the server itself deleted it.
    let (status, body) = names(&url, &bea);
    assert_eq!(status, 401, "{body}");
    assert!(body.contains("its account was deleted"), "{body}");
    let by_token = |token: &str| {
        let request = Request::new(&url, "GET", "/v2/organizations").bearer(token);
        request.send().status
    };
    assert_eq!(by_token(&bearer), 401);
    assert_eq!(by_token(session["access_token"].as_str().unwrap()), 401);
    // A member with a valid credential is told that the account was deleted and who can restore it; a stranger is not.
    let reply = login(&url, BEA, &bea.password);
    let text = reply.text();
    assert_eq!(reply.status, 400, "{text}");
    assert!(
        text.contains("The user is in no account any more"),
        "{text}"
    );
    assert!(text.contains("vigied account restore"), "{text}");
    let by_key = |key: &str| {
        let grant = "urn:ibm:params:oauth:grant-type:apikey";
        let request = Request::new(&url, "POST", "/identity/token").basic("bx", "bx");
        let request = request.form(&[("grant_type", grant), ("apikey", key)]);
        request.send().text()
    };
    let text = by_key(&bea.api_key);
    assert!(text.contains("its account was deleted"), "{text}");
    assert!(text.contains("vigied account restore"), "{text}");
    let guessed = login(&url, BEA, "a guess").text() + &by_key("a guess of a key");
    assert!(!guessed.contains("account"), "{guessed}");
    for (given, secret) in [("-p", &bea.password), ("--apikey", &bea.api_key)] {
        let mut vigie = server.vigie();
        vigie.args(["login", "-a", &url, given, secret]);
        if given == "-p" {
            vigie.args(["-u", BEA]);
        }
        let output = vigie.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(
            errors.contains("hint: ") && errors.contains("vigied account restore"),
            "{errors}"
        );
        assert!(
            ["check the user", "whole key", "api-key-create"]
                .iter()
                .all(|advice| !errors.contains(advice)),
            "{errors}"
        );
    }
    // Members of another account are not affected.
    assert_eq!(by_token(&server.token()), 200);
    let deleted = run_ok(&data, &["account", "list", "--deleted"]);
    assert_eq!(deleted[0]["account_name"], "Second", "{deleted}");
    assert_eq!(deleted[0]["removed_at"], gone["removed_at"]);
    let listed = run_ok(&data, &["deleted", "list"]);
    let kinds: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["domain"].as_str().unwrap()[..1])
        .collect();
    assert_eq!(kinds.len(), 3, "{listed}");

    // The name is free; the account can be restored under another.
    let owner = &server.owner.user;
    run_ok(&data, &["account", "create", "Second", "--owner", owner]);
    let taken = refused(&data, &["account", "restore", &bea.account]);
    assert!(taken.contains("an account `Second` exists"), "{taken}");
    assert!(
        taken.contains("hint: ") && taken.contains("--name"),
        "{taken}"
    );
    let back = run_ok(
        &data,
        &["account", "restore", "Second", "--name", "Second again"],
    );
    assert_eq!(back["account_guid"], bea.account.as_str());
    assert_eq!(names(&url, &bea), (200, "[\"a\"]\n".to_owned()));
    send(&url, &bea, &["a.d"]);
    assert_eq!(login(&url, BEA, &bea.password).status, 200);
    // An ended session is not restored.
    assert_eq!(by_token(session["access_token"].as_str().unwrap()), 401);
    assert_eq!(run_ok(&data, &["account", "list", "--deleted"]), json!([]));
    let late = refused(&data, &["account", "restore", &bea.account]);
    assert!(
        late.contains("hint: `vigied account list --deleted`"),
        "{late}"
    );
    let found = entries(&data, &["--account", &bea.account]);
    for event in ["account_deleted", "account_restored"] {
        let rows: Vec<&Value> = found.iter().filter(|row| row["event"] == event).collect();
        assert_eq!(rows.len(), 1, "{event}: {found:#?}");
        assert_eq!(rows[0]["who"], "operator");
    }
}

#[test]
fn its_people_keep_their_other_accounts_though_it_was_their_first() {
    let server = Server::start();
    let (data, url, owner) = (server.data(), server.serving.url(), &server.owner);
    let other = run_ok(
        &data,
        &["account", "create", "Other", "--owner", &owner.user],
    );
    run_ok(&data, &["account", "delete", &owner.account, "--yes"]);
    let session = login(&url, &owner.user, &owner.password);
    assert_eq!(session.status, 200, "{}", session.text());
    let token = session.json()["access_token"].as_str().unwrap().to_owned();
    let orgs = Request::new(&url, "GET", "/v2/organizations")
        .bearer(&token)
        .send();
    let orgs = orgs.json();
    let guids: Vec<&Value> = orgs["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|org| &org["metadata"]["guid"])
        .collect();
    assert_eq!(guids, [&other["org_guid"]], "{orgs}");
    // The last one stays.
    let last = refused(&data, &["account", "delete", "Other", "--yes"]);
    assert!(last.contains("`Other` is the only account"), "{last}");
    assert!(last.contains("hint: "), "{last}");
}

#[test]
fn a_closed_server_keeps_what_is_deleted_as_long_as_one_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let bea = second(&data, "Second");
    let gone = run_ok(&data, &["account", "delete", &bea.account, "--yes"]);
    assert_eq!(gone["series"], Value::Null, "{gone}");
    let year = |text: &Value| text.as_str().unwrap().to_owned();
    let listed = run_ok(&data, &["account", "list", "--deleted"]);
    assert_ne!(
        year(&listed[0]["deleted_at"]),
        year(&listed[0]["removed_at"]),
        "a week: {listed}"
    );
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    assert_eq!(names(&serving.url(), &bea).0, 401);
    run_ok(&data, &["account", "restore", "Second"]);
    assert_eq!(names(&serving.url(), &bea).0, 200);
}

#[test]
fn a_deleted_account_goes_for_good_though_the_server_is_killed_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let flags = [
        "--set",
        "storage.deleted_seconds=0",
        "--set",
        "limits.request_seconds=5",
    ];
    let mut serving = Serving::start(&data, "127.0.0.1:0", &flags);
    for round in 0..3 {
        let bea = second(&data, "Second");
        send(&serving.url(), &bea, &["a.b", "a.c", "a.d"]);
        let output = vigied(&data, &["account", "delete", "Second", "--yes"]);
        assert!(output.status.success(), "{output:?}");
        // Kill at once, and at moments during the removal.
        std::thread::sleep(Duration::from_millis(1100 * round));
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        drop(serving);
        serving = Serving::start(&data, "127.0.0.1:0", &flags);
        // A user without another account is deleted too, and the address is free.
        wait_for("its people are forgotten", || {
            let users = run_ok(&data, &["user", "list"]);
            users.as_array().unwrap().len() == 1
        });
        assert_eq!(run_ok(&data, &["deleted", "list"]), json!([]));
        assert_eq!(
            run_ok(&data, &["account", "list"])
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
    let figure = serving.operations("/metrics").text();
    assert!(figure.contains("\nvigie_store_series 0\n"), "{figure}");
    let found = entries(&data, &[]);
    let gone = found.iter().filter(|row| row["event"] == "account_gone");
    assert_eq!(gone.count(), 3, "once for each");
    send(&serving.url(), &owner, &["a.b"]);
}

#[test]
fn a_part_of_a_deleted_account_does_not_go_before_the_rest() {
    let server = Server::with(&["--set", "limits.request_seconds=5"]);
    let data = server.data();
    let bea = second(&data, "Second");
    let deleted = metrics(
        &server.serving.url(),
        &bea,
        "DELETE",
        &format!("/v2/spaces/{}", bea.space),
    );
    assert_eq!(deleted.send().status, 204);
    run_ok(&data, &["account", "delete", "Second", "--yes"]);
    let part = refused(
        &data,
        &["deleted", "purge", "--yes", &format!("o-{}", bea.org)],
    );
    let whole = format!("a-{}", bea.account);
    assert!(
        part.contains(&format!("hint: `vigied deleted purge {whole}`")),
        "{part}"
    );
    let output = vigied(&data, &["deleted", "purge", "--yes", &whole]);
    assert!(output.status.success(), "{output:?}");
    let late = refused(&data, &["account", "restore", &bea.account]);
    assert!(
        late.contains("cannot be brought back") || late.contains("no deleted account"),
        "{late}"
    );
    // With everything that was deleted in it before.
    wait_for("it is gone", || {
        run_ok(&data, &["deleted", "list"]) == json!([])
    });
}

#[test]
fn an_invitation_into_a_deleted_account_is_none() {
    let server = Server::start();
    let (data, url) = (server.data(), server.serving.url());
    let bea = second(&data, "Second");
    let invited = Request::new(&url, "POST", &format!("/v2/accounts/{}/users", bea.account))
        .header("X-Auth-User-Token", &format!("apikey {}", bea.api_key))
        .json(&json!({"users": [{"email": server.owner.user}]}))
        .send();
    let waits = || {
        run_ok(&data, &["invitation", "list"])
            .as_array()
            .unwrap()
            .len()
    };
    assert!((200..300).contains(&invited.status), "{}", invited.text());
    assert_eq!(waits(), 1);
    run_ok(&data, &["account", "delete", "Second", "--yes"]);
    assert_eq!(waits(), 0);
    run_ok(&data, &["account", "restore", "Second"]);
    assert_eq!(waits(), 1);
}

#[test]
fn an_account_that_is_not_there_to_bring_back_is_said_to_be_none() {
    let server = Server::start();
    let words = ["account", "restore", "Nope", "--output", "json"];
    let errors = refused(&server.data(), &words);
    let error: Value = serde_json::from_str(errors.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "not_found", "{errors}");
    let words = ["audit", "--since", "yesterdayish", "--output", "json"];
    let output = vigied(&server.data(), &words);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    let error: Value = serde_json::from_str(errors.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "invalid_value", "{errors}");
}
