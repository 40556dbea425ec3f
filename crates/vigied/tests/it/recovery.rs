//! The operator restores access for users who lost their password or key, on a running or stopped server.

use crate::audit::{entries, login};
use crate::harness::{Owner, Request, Server, Serving, VIGIED, init};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const NEW: &str = "a wholly new passphrase 7";

fn vigied(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(VIGIED);
    command.args(arguments).arg("--data").arg(data);
    command.output().unwrap()
}

/// A command that is carried out; what it prints as JSON.
fn run_ok(data: &Path, arguments: &[&str]) -> Value {
    let output = vigied(data, &[arguments, &["--output", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = vigied(data, arguments);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn redeem(url: &str, email: &str, code: &str) -> u16 {
    let body = json!({"email": email, "one_time_code": code, "new_password": NEW});
    let request = Request::new(url, "POST", "/v2/users/redeem");
    request.json(&body).send().status
}

/// The answer to a proof of any kind at the token endpoint.
fn proof(url: &str, fields: &[(&str, &str)]) -> u16 {
    let request = Request::new(url, "POST", "/identity/token").basic("bx", "bx");
    request.form(fields).send().status
}

fn code_of(made: &Value) -> String {
    made["one_time_code"].as_str().unwrap().to_owned()
}

/// Everything that the old password opened ends when the code is used, not before; the code works once and opens nothing else.
fn sets_a_password(url: &str, owner: &Owner, code: &str) {
    let before = login(url, &owner.user, &owner.password);
    assert_eq!(before.status, 200, "the old password goes on until then");
    let before = before.json();
    for fields in [
        [
            ("grant_type", "password"),
            ("username", &*owner.user),
            ("password", code),
        ],
        [
            ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
            ("passcode", code),
            ("x", ""),
        ],
        [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", code),
            ("x", ""),
        ],
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", code),
            ("x", ""),
        ],
    ] {
        assert_eq!(proof(url, &fields), 400, "the code opened {fields:?}");
    }
    assert_eq!(redeem(url, "another@example.org", code), 400);
    assert_eq!(redeem(url, &owner.user, code), 204);
    assert_eq!(redeem(url, &owner.user, code), 400, "it was used twice");
    assert_eq!(login(url, &owner.user, &owner.password).status, 400);
    let old = before["refresh_token"].as_str().unwrap();
    let renewed = proof(
        url,
        &[("grant_type", "refresh_token"), ("refresh_token", old)],
    );
    assert_eq!(renewed, 400, "a session of the old password goes on");
    let token = before["access_token"].as_str().unwrap();
    let request = Request::new(url, "GET", "/v2/organizations").bearer(token);
    assert_eq!(
        request.send().status,
        401,
        "a token of the old password goes on"
    );
    assert_eq!(login(url, &owner.user, NEW).status, 200);
    assert!(crate::harness::knows(url, &owner.api_key), "keys go on");
}

#[test]
fn a_lost_password_is_reset_while_the_server_runs() {
    reset(&Server::start());
}

/// The code is made at one node, and mostly used at the other.
#[test]
fn a_lost_password_is_reset_while_two_nodes_run() {
    if let Some(server) = Server::on_two_nodes("a_lost_password_is_reset_while_two_nodes_run") {
        reset(&server);
    }
}

fn reset(server: &Server) {
    let (data, owner, url) = (server.data(), &server.owner, server.serving.url());
    let first = run_ok(&data, &["user", "reset-password", &owner.user]);
    let second = run_ok(&data, &["user", "reset-password", &owner.user]);
    assert_eq!(
        redeem(&url, &owner.user, &code_of(&first)),
        400,
        "an older code"
    );
    sets_a_password(&url, owner, &code_of(&second));
    let found = entries(&data, &[]);
    let of = |event: &str| found.iter().filter(|row| row["event"] == event).count();
    assert_eq!(of("password_reset_made"), 2, "{found:#?}");
    assert_eq!(of("password_reset"), 1, "{found:#?}");
    let made = found
        .iter()
        .find(|row| row["event"] == "password_reset_made");
    assert_eq!(made.unwrap()["who"], "operator");
    let uid = std::fs::metadata(&data).map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    assert_eq!(made.unwrap()["details"]["uid"], uid.unwrap().to_string());
    let log = server.serving.log();
    assert!(
        log.contains("password_reset_made"),
        "the server did it: {log}"
    );
    assert!(!log.contains(&code_of(&second)[4..]), "{log}");
}

#[test]
fn a_lost_password_is_reset_on_the_closed_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let made = run_ok(&data, &["user", "reset-password", &owner.user]);
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    sets_a_password(&serving.url(), &owner, &code_of(&made));
}

#[test]
fn a_lost_key_is_replaced_running_and_closed() {
    let server = Server::start();
    let (data, owner) = (server.data(), server.owner.clone());
    let made = run_ok(&data, &["user", "new-key", &owner.user]);
    let key = made["api_key"].as_str().unwrap().to_owned();
    // At once: the server itself made it.
    assert!(crate::harness::knows(&server.serving.url(), &key));
    assert_eq!(made["account_guid"], owner.account.as_str());
    let account = made["account_name"].as_str().unwrap();
    let Server {
        serving, folder, ..
    } = server;
    assert!(serving.stop().success());
    let by_name = ["--name", "second", "--account", account];
    let made = run_ok(
        &data,
        &[&["user", "new-key", owner.user.as_str()][..], &by_name].concat(),
    );
    let second = made["api_key"].as_str().unwrap().to_owned();
    let serving = Serving::start(&data, "127.0.0.1:0", &[]);
    for key in [&key, &second, &owner.api_key] {
        assert!(crate::harness::knows(&serving.url(), key));
    }
    let found = entries(&data, &[]);
    let keys = found.iter().filter(|row| row["event"] == "key_made");
    let by: Vec<&Value> = keys.map(|row| &row["who"]).collect();
    assert_eq!(by, ["operator", "operator", "operator"], "{found:#?}");
    drop(folder);
}

/// `new-key` had only the screen for the key; `init` has a file.
#[test]
fn regression_7_a_new_key_is_written_into_a_file_of_its_own() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = Server::start();
    let (data, owner) = (server.data(), server.owner.clone());
    let made_keys = |data: &Path| {
        let found = entries(data, &[]);
        let keys = found.iter().filter(|row| row["event"] == "key_made");
        keys.count()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let kept = |text: &str, path: &str| -> Value {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
        let kept = std::fs::read_to_string(path).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert!(text.contains(path), "{text}");
        assert!(!text.contains(kept["api_key"].as_str().unwrap()), "{text}");
        kept
    };
    let (first, second) = (file("first.json"), file("second.json"));
    let report = run_ok(
        &data,
        &["user", "new-key", &owner.user, "--key-file", &first],
    );
    let key = kept(&report.to_string(), &first);
    assert_eq!(report["key_file"], first);
    assert!(crate::harness::knows(
        &server.serving.url(),
        key["api_key"].as_str().unwrap()
    ));
    // The file is what a login takes.
    let login = ["login", "-a", &server.serving.url(), "--apikey"];
    let output = server
        .vigie()
        .args(login)
        .arg(format!("@{first}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // Where the file is there, no key is made, and it stays.
    let (before, text) = (made_keys(&data), std::fs::read(&first).unwrap());
    let error = refused(
        &data,
        &["user", "new-key", &owner.user, "--key-file", &first],
    );
    assert!(
        error.contains("is there already, and nothing was changed"),
        "{error}"
    );
    assert_eq!(
        (made_keys(&data), std::fs::read(&first).unwrap()),
        (before, text)
    );
    // Where no key is made, there is no file.
    refused(
        &data,
        &[
            "user",
            "new-key",
            "nobody@example.org",
            "--key-file",
            &second,
        ],
    );
    assert!(!Path::new(&second).exists());
    // On the closed folder, as text.
    assert!(server.serving.stop().success());
    let output = vigied(
        &data,
        &["user", "new-key", &owner.user, "--key-file", &second],
    );
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    kept(&text, &second);
    assert!(text.contains(&format!("--apikey @{second}")), "{text}");
}

/// The hint named the way to another invitation alone, which is for another code.
#[test]
fn regression_7_a_used_reset_code_names_the_command_that_makes_another() {
    let server = Server::start();
    let (data, owner) = (server.data(), &server.owner);
    let code = code_of(&run_ok(&data, &["user", "reset-password", &owner.user]));
    let url = server.serving.url();
    assert_eq!(redeem(&url, &owner.user, &code), 204);
    let login = ["login", "-a", &url, "-u", &owner.user, "-p", &code];
    let output = server
        .vigie()
        .args(login)
        .args(["--new-password", NEW])
        .output();
    let error = String::from_utf8(output.unwrap().stderr).unwrap();
    for way in [
        "`vigied user reset-password EMAIL`",
        "`vigied invitation code EMAIL`",
    ] {
        assert!(error.contains(way), "{error}");
    }
}

#[test]
fn an_unknown_user_is_reported_with_the_commands_that_list_users() {
    let server = Server::start();
    let data = server.data();
    for command in ["reset-password", "new-key"] {
        let error = refused(&data, &["user", command, "nobody@example.org"]);
        assert!(error.contains("`nobody@example.org` is no user"), "{error}");
        assert!(error.contains("hint: `vigied user list`"), "{error}");
        assert!(error.contains("`vigied invitation code EMAIL`"), "{error}");
    }
    let users = run_ok(&data, &["user", "list"]);
    assert_eq!(users[0]["email"], server.owner.user.as_str());
    assert_eq!(
        users[0]["accounts"][0]["account_guid"],
        server.owner.account.as_str()
    );
    // As text, for people.
    let text = vigied(&data, &["user", "list"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains(&server.owner.user) && text.contains("proven"),
        "{text}"
    );
}

/// The person types the code where the password is asked for.
#[test]
fn the_command_line_takes_the_code_for_a_password() {
    let server = Server::start();
    let (data, owner) = (server.data(), &server.owner);
    let code = code_of(&run_ok(&data, &["user", "reset-password", &owner.user]));
    let url = server.serving.url();
    let login = ["login", "-a", &url, "-u", &owner.user, "-p", &code];
    let output = server
        .vigie()
        .args(login)
        .args(["--new-password", NEW])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let spaces = server.vigie().args(["account", "spaces"]).output().unwrap();
    assert!(spaces.status.success(), "{spaces:?}");
}

/// A user who may not open the socket in the data folder is no operator.
#[test]
fn the_way_to_the_server_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::with(&["--set", "operations.listen=127.0.0.1:0"]);
    let socket = server.data().join("control.sock");
    let mode = socket.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It gives access only to the operator's commands.
    let run = |arguments: &[&str]| {
        let body = json!({"arguments": arguments}).to_string();
        let length = body.len();
        let request = format!("POST /command HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}");
        crate::harness::try_operations(&socket, &request)
            .unwrap()
            .text()
    };
    for arguments in [
        &["serve"][..],
        &["config", "check"],
        &["operations", "token"],
        &["--help"],
        &[],
    ] {
        let answer = run(arguments);
        assert!(answer.contains("\"error\""), "{arguments:?}: {answer}");
    }
    // The public listener has no such route.
    assert_eq!(server.request("POST", "/command").send().status, 404);
}
