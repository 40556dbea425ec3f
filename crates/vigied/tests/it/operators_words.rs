//! Output of the operator's commands: about deleted entities, about limits, and about their own arguments.

use crate::harness::{Server, VIGIED, init, make_folder_of_node};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn vigied(data: &Path, words: &[&str]) -> Output {
    Command::new(VIGIED)
        .args(words)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn run_ok(data: &Path, words: &[&str]) -> String {
    let output = vigied(data, words);
    assert!(
        output.status.success(),
        "{words:?}: {}",
        output_text(&output)
    );
    output_text(&output)
}

#[test]
fn regression_7_an_account_that_cannot_be_brought_back_is_listed_as_such() {
    let server = Server::start();
    let data = server.data();
    let data = data.as_path();
    run_ok(
        data,
        &["account", "create", "Delta", "--owner", "d@example.org"],
    );
    run_ok(data, &["account", "delete", "Delta", "--yes"]);
    let list = ["account", "list", "--deleted", "--output", "json"];
    let state = || {
        let rows: Value = serde_json::from_str(&run_ok(data, &list)).unwrap();
        rows[0]["state"].clone()
    };
    assert_eq!(state(), "waits");
    run_ok(data, &["deleted", "purge", "--all", "--yes"]);
    let after = state();
    assert!(after == "goes" || after == "gone", "{after}");
    assert!(run_ok(data, &["account", "list", "--deleted"]).contains("State"));
    let late = vigied(data, &["account", "restore", "Delta"]);
    let late = output_text(&late);
    let expected =
        "`Delta` was deleted, and its metrics are being removed: it cannot be brought back";
    assert!(late.contains(expected), "{late}");
    assert!(!late.contains("hint:"), "{late}");
    let again = run_ok(data, &["deleted", "purge", "--all"]);
    assert!(again.contains("Nothing waits: "), "{again}");
}

#[test]
fn regression_7_a_limit_of_an_account_takes_what_a_setting_takes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    run_ok(
        &data,
        &["account", "limit", "Vigie", "stored_bytes_per_account=1MiB"],
    );
    let limits = run_ok(&data, &["account", "limit", "Vigie"]);
    assert!(limits.contains("1MiB"), "{limits}");
    for (change, expected) in [
        ("stored_bytes_per_account=1XiB", "`16MiB`"),
        ("spaces_per_account=1MiB", "whole number"),
        (
            "stored_byte_per_account=1",
            "did you mean `stored_bytes_per_account`?",
        ),
        ("spaces_per_acount=1", "did you mean `spaces_per_account`?"),
        ("nothing_like_it=1", "`spaces_per_account`"),
    ] {
        let refused = vigied(&data, &["account", "limit", "Vigie", change]);
        assert!(!refused.status.success(), "{change}");
        assert!(
            output_text(&refused).contains(expected),
            "{change}: {}",
            output_text(&refused)
        );
    }
}

/// The parser's tip is half a sentence.
#[test]
fn regression_7_a_flag_in_the_wrong_place_is_told_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(VIGIED)
        .args(["account", "--output", "json", "list"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    let hint = error["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("`list --output`"), "{error}");
    assert!(!hint.contains("exists"), "{error}");
}

#[test]
fn regression_7_the_help_of_the_server_fits_a_narrow_terminal() {
    let output = Command::new(VIGIED).arg("--help").output().unwrap();
    let help = output_text(&output);
    let later = help.split_once("Getting started:").unwrap().1;
    let later = later.split_once("All of these").unwrap().0;
    for line in later.lines().filter(|line| !line.is_empty()) {
        assert!(line.len() <= 60, "{line}");
    }
}

#[test]
fn a_folder_with_the_key_of_another_node_gets_no_identity_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    init(&first);
    make_folder_of_node(&first, &second);
    let key = second.join("keys/encryption.key");
    let kept = std::fs::read(&key).unwrap();
    for words in [
        &["init", "--key-file", "none.json"][..],
        &["quickstart", "--once"],
    ] {
        let refused = vigied(&second, words);
        assert_eq!(refused.status.code(), Some(1), "{words:?}");
        let said = output_text(&refused);
        assert!(said.contains(key.to_str().unwrap()), "{said}");
        assert!(said.contains("set `database`"), "{said}");
    }
    assert_eq!(std::fs::read(&key).unwrap(), kept);
    assert!(!second.join("iam.db").exists());
    // In a folder with both the identity is already there.
    let again = output_text(&vigied(&first, &["init"]));
    assert!(!again.contains("encryption.key"), "{again}");
}

#[test]
fn what_is_read_is_read_where_the_server_on_the_folder_has_it() {
    let server = Server::start();
    // A database that is for another server, as the shell's variable may name it.
    let other = [
        "user",
        "list",
        "--database",
        "postgres://vigie@127.0.0.1:1/other",
    ];
    let listed = run_ok(&server.data(), &other);
    assert!(listed.contains(&server.owner.user), "{listed}");
}
