//! `vigied deleted purge` cannot be undone, so it asks for confirmation, and reports only what it did.

use crate::audit::entries;
use crate::harness::{Server, VIGIED};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A server with a space that was deleted; its domain.
fn with_a_deleted_space() -> (Server, String) {
    let server = Server::start();
    let (space, token) = (server.owner.space.clone(), server.token());
    let path = format!("/v2/spaces/{space}");
    let gone = server.request("DELETE", &path).bearer(&token).send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    (server, format!("s-{space}"))
}

fn purge(data: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(VIGIED);
    command
        .args(["deleted", "purge"])
        .args(words)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    command.output().unwrap()
}

/// The same at a terminal, where somebody types; what is shown there.
fn purge_at_terminal(data: &Path, words: &str, typed: &str) -> (Option<i32>, String) {
    let line = format!("{VIGIED} deleted purge {words} --data {}", data.display());
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &line])
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keyboard = script.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    drop(keyboard);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), stdout)
}

/// When the metrics of each that was deleted go.
fn waiting(data: &Path) -> Vec<String> {
    let mut command = Command::new(VIGIED);
    let output = command
        .args(["deleted", "list", "--output", "json", "--data"])
        .arg(data)
        .output()
        .unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["removed_at"].as_str().unwrap().to_owned())
        .collect()
}

fn advanced(data: &Path) -> usize {
    let found = entries(data, &[]);
    let matching = found
        .iter()
        .filter(|row| row["event"] == "removal_advanced");
    matching.count()
}

#[test]
fn without_a_terminal_nothing_goes_that_nobody_has_said_yes_to() {
    let (server, domain) = with_a_deleted_space();
    let data = server.data();
    let before = waiting(&data);
    for (words, what, code) in [
        (vec![], "DOMAIN", "missing_argument"),
        (vec![], "--all", "missing_argument"),
        (vec![domain.as_str()], "`--yes`", "confirmation_missing"),
        (vec!["--all"], "`--yes`", "confirmation_missing"),
        // It says what would go, and from where.
        (vec![domain.as_str()], &domain, "confirmation_missing"),
        (vec!["dev"], &domain, "confirmation_missing"),
        (vec!["--all"], "account `Vigie`", "confirmation_missing"),
        (vec!["--all"], "0 series", "confirmation_missing"),
    ] {
        let refused = purge(&data, &words);
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{words:?}: {errors}");
        assert!(errors.contains(what), "{words:?}: {errors}");
        let refused = purge(&data, &[&words[..], &["--output", "json"]].concat());
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
        let report: Value = serde_json::from_slice(&refused.stderr).unwrap();
        assert_eq!(report["error"]["code"], code, "{words:?}: {report}");
    }
    assert_eq!(waiting(&data), before);
    assert_eq!(advanced(&data), 0);
}

#[test]
fn at_a_terminal_it_asks_and_nothing_is_no() {
    let (server, domain) = with_a_deleted_space();
    let data = server.data();
    let before = waiting(&data);
    for no in ["\n", "n\n", "nothing\n"] {
        let (code, screen) = purge_at_terminal(&data, "--all", no);
        assert_eq!(code, Some(0), "{screen}");
        assert!(
            screen.contains("[y/N]") && screen.contains(&domain),
            "{screen}"
        );
        assert!(screen.contains("Nothing was changed."), "{screen}");
    }
    assert_eq!(waiting(&data), before);
    let wrong = "s-00000000-0000-4000-8000-000000000000";
    let (code, screen) = purge_at_terminal(&data, wrong, "y\n");
    assert_eq!(code, Some(1), "{screen}");
    assert!(
        !screen.contains("[y/N]"),
        "of nothing it does not ask: {screen}"
    );
    let (code, screen) = purge_at_terminal(&data, &domain, "y\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("go now"), "{screen}");
    assert_ne!(waiting(&data), before);
    assert_eq!(advanced(&data), 1);
}

#[test]
fn what_goes_already_is_entered_once() {
    let (server, domain) = with_a_deleted_space();
    let data = server.data();
    let asked = |words: &[&str]| {
        let output = purge(&data, &[words, &["--yes", "--output", "json"]].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(asked(&[&domain]), json!({"domains": [domain]}));
    for words in [&[domain.as_str()][..], &["--all"]] {
        assert_eq!(asked(words), json!({"domains": []}));
    }
    assert_eq!(advanced(&data), 1);
    let output = purge(&data, &[&domain, "-y"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = format!("Nothing waits: the metrics of `{domain}` are gone");
    assert!(printed.contains(&expected), "{printed}");
}

#[test]
fn what_is_due_is_neither_called_waiting_nor_asked_about() {
    let (server, _) = with_a_deleted_space();
    let data = server.data();
    let states = |data: &Path| {
        let output = Command::new(VIGIED)
            .args(["deleted", "list", "--output", "json", "--data"])
            .arg(data)
            .output()
            .unwrap();
        let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&data), ["waits"]);
    let gone = purge(&data, &["dev", "--yes"]);
    assert!(gone.status.success(), "{gone:?}");
    // Nothing was ever stored in it; the row itself goes when nothing of it can be on the disk.
    let left = states(&data);
    assert!(!left.iter().any(|state| state == "waits"), "{left:?}");
    let again = purge(&data, &["--all"]);
    assert!(again.status.success(), "{again:?}");
}

#[test]
fn an_account_is_deleted_by_who_says_yes_alone() {
    let (server, _) = with_a_deleted_space();
    let data = server.data();
    let vigied = |words: &[&str]| {
        let mut command = Command::new(VIGIED);
        command.args(words).arg("--data").arg(&data);
        command.stdin(Stdio::null()).output().unwrap()
    };
    let made = vigied(&["account", "create", "Beta", "--owner", "bea@example.org"]);
    assert!(made.status.success(), "{made:?}");
    let stdout = String::from_utf8(made.stdout).unwrap();
    assert!(stdout.contains(&server.serving.url()), "{stdout}");
    let refused = vigied(&["account", "delete", "Beta"]);
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{errors}");
    for expected in ["`Beta`", "1 member", "0 series", "`--yes`"] {
        assert!(errors.contains(expected), "no `{expected}`: {errors}");
    }
    let kept = vigied(&["account", "list"]);
    assert!(String::from_utf8(kept.stdout).unwrap().contains("Beta"));
    let gone = vigied(&["account", "delete", "Beta", "-y"]);
    assert!(gone.status.success(), "{gone:?}");
    let none = vigied(&["account", "restore", "beta"]);
    let errors = String::from_utf8(none.stderr).unwrap();
    assert!(errors.contains("no deleted account `beta`"), "{errors}");
    // By the name that `restore` takes.
    let purged = vigied(&["deleted", "purge", "Beta", "--yes"]);
    assert!(purged.status.success(), "{purged:?}");
}
