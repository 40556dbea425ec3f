//! Data of the real server for programs and shells: the code and transaction of a refusal, and names for completion.

use crate::harness::Server;
use serde_json::Value;
use std::process::Output;

/// A server, and the owner at its command line.
fn logged_in() -> Server {
    let server = Server::start();
    let (url, key) = (server.serving.url(), server.owner.api_key.clone());
    let login = [
        "login", "-a", &url, "--apikey", &key, "-o", "vigie", "-s", "dev",
    ];
    let ran = run(&server, &login);
    assert!(ran.status.success(), "{ran:?}");
    server
}

fn run(server: &Server, words: &[&str]) -> Output {
    server.vigie().args(words).output().unwrap()
}

#[test]
fn a_refusal_names_its_code_and_its_transaction() {
    let server = logged_in();
    let lines: [(&[&str], u64); 3] = [
        (&["account", "space-create", "dev", "-o", "vigie"], 409),
        (&["metrics", "get", "a["], 400),
        (
            &["account", "users", "-c", "0123456789abcdef0123456789abcdef"],
            404,
        ),
    ];
    for (words, status) in lines {
        let ran = run(&server, &[words, &["--output", "json"]].concat());
        let error = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.stdout.is_empty(), "{words:?}: {error}");
        let json: Value = serde_json::from_str(&error).unwrap();
        let report = &json["error"];
        assert_eq!(report["status"], status, "{words:?}: {error}");
        assert!(
            report["code"].as_str().unwrap().len() > 3,
            "{words:?}: {error}"
        );
        let transaction = report["transaction_id"].as_str().unwrap();
        assert!(transaction.len() >= 32, "{words:?}: {error}");

        let ran = run(&server, words);
        let error = String::from_utf8(ran.stderr).unwrap();
        let last = error.trim_end().lines().last().unwrap();
        assert!(last.starts_with("Transaction-Id: "), "{error}");
    }
}

#[test]
fn names_are_completed_from_the_server() {
    let server = logged_in();
    let ran = run(
        &server,
        &["metrics", "send", "shop.eu.latency=1", "shop.us=2"],
    );
    assert!(ran.status.success(), "{ran:?}");
    let offered = |words: &[&str]| -> Vec<String> {
        let ran = run(&server, &[&["__complete", "zsh"], words].concat());
        let text = String::from_utf8(ran.stdout).unwrap();
        text.lines()
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(offered(&["metrics", "get", "sh"]), ["shop."]);
    assert_eq!(
        offered(&["metrics", "get", "shop."]),
        ["shop.eu.", "shop.us"]
    );
    assert_eq!(
        offered(&["metrics", "delete", "shop.eu."]),
        ["shop.eu.latency"]
    );
    assert_eq!(offered(&["target", "-s", ""]), ["dev"]);
    assert_eq!(offered(&["target", "-o", "v"]), ["vigie"]);
    assert_eq!(offered(&["account", "space-users", "d"]), ["dev"]);
    assert_eq!(offered(&["target", "-c", ""]), [&*server.owner.account]);
    assert_eq!(
        offered(&["account", "user-remove", ""]),
        [&*server.owner.user]
    );
    assert!(!offered(&["iam", "api-key-delete", ""]).is_empty());
}

/// A program that uses IBM's clients logs nobody in.
#[test]
fn a_program_without_a_good_token_is_shown_where_it_gets_one() {
    let server = Server::start();
    let token = server.token();
    let (head, _) = token.rsplit_once('.').unwrap();
    let without = server.request("GET", "/v1/apikeys").send();
    let forged = server.request("GET", "/v1/apikeys");
    let forged = forged.bearer(&format!("{head}.AAAA")).send();
    for reply in [without, forged] {
        let text = reply.text();
        assert_eq!(reply.status, 401, "{text}");
        assert!(text.contains("`IAMAuthenticator`"), "{text}");
    }
}
