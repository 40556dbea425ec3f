//! `vigied … --output json`: errors are one line of JSON, the last on standard error, with the same exit code as text.

use crate::harness::{Server, VIGIED};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Every command with `--output`, in a call that cannot succeed, and the code of its error. `DIR` is a data folder whose
/// account is `Vigie`.
const FAILING: &[(&str, &str)] = &[
    (
        "account create Vigie --owner bea@example.org --data DIR",
        "conflict",
    ),
    ("account limit nobody --data DIR", "not_found"),
    ("account addresses nobody --data DIR", "not_found"),
    ("account delete nobody --data DIR", "not_found"),
    ("account delete Vigie --yes --data DIR", "conflict"),
    ("account restore nobody --data DIR", "not_found"),
    ("account list --data NONE", "failed"),
    ("audit --account nobody --data DIR", "not_found"),
    ("backup DIR/inside --data DIR", "failed"),
    ("config check --config NONE --data DIR", "failed"),
    ("deleted list --data NONE", "failed"),
    (
        "deleted purge s-00000000-0000-4000-8000-000000000000 --yes --data DIR",
        "not_found",
    ),
    ("health --data NONE", "failed"),
    ("invitation code nobody@example.org --data DIR", "not_found"),
    ("invitation list --data NONE", "failed"),
    ("keys list --data NONE", "failed"),
    ("keys rotate --data NONE", "failed"),
    ("keys retire nosuch --data DIR", "not_found"),
    ("keys retire-unreadable --data NONE", "failed"),
    (
        "sender-secret ApiKey-00000000-0000-4000-8000-000000000000 --data DIR",
        "not_found",
    ),
    ("operations token --data NONE", "failed"),
    ("user list --data NONE", "failed"),
    ("user confirm nobody@example.org --data DIR", "not_found"),
    (
        "user reset-password nobody@example.org --data DIR",
        "not_found",
    ),
    ("user new-key nobody@example.org --data DIR", "not_found"),
    (
        "user new-key owner@vigie.local --account nonsense --data DIR",
        "not_found",
    ),
];

/// Errors that depend on the folder: with a running server, or with an account.
const INIT: &str = "init --data DIR";

/// Command lines that cannot be parsed.
const WRONG: &[(&str, &str)] = &[
    ("nonsense", "unknown_command"),
    ("account nonsense", "unknown_command"),
    ("account list --nonsense", "unknown_argument"),
    ("account delete", "missing_argument"),
    ("account create x", "missing_argument"),
    ("account limit x spaces_per_account=many", "invalid_value"),
    ("account limit x no_such_limit=7", "invalid_value"),
    ("account addresses x somewhere", "invalid_value"),
    ("audit --since yesterdayish", "invalid_value"),
    ("config check --set limits.body_byte=1", "invalid_value"),
    ("routes too many", "unknown_argument"),
];

/// The line of the error, and the exit code.
fn fails(line: &str, data: &Path) -> (Value, i32) {
    let none = data.with_file_name("none");
    let words = line
        .split(' ')
        .map(|word| word.replace("DIR", &data.display().to_string()))
        .map(|word| word.replace("NONE", &none.display().to_string()));
    let output = Command::new(VIGIED)
        .args(words)
        .args(["--output", "json"])
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "`{line}`: {:?}", output.stdout);
    let last = errors.lines().last().unwrap_or_default();
    let value: Value =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("`{line}`: {error}: {errors}"));
    (value["error"].clone(), output.status.code().unwrap())
}

fn is_whole(line: &str, error: &Value, code: &str) {
    let keys: Vec<&String> = error.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "hint", "message"], "`{line}`: {error}");
    assert_eq!(error["code"], code, "`{line}`: {error}");
    let message = error["message"].as_str().unwrap();
    assert!(!message.is_empty(), "`{line}`: {error}");
    assert!(
        !message.contains("hint:") && !message.contains('\n'),
        "{error}"
    );
    // None where the message itself says it all.
    assert!(
        error["hint"].is_string() || error["hint"].is_null(),
        "`{line}`: {error}"
    );
}

#[test]
fn what_fails_is_one_line_for_programs_whether_the_server_runs_or_not() {
    let server = Server::start();
    let data = server.data();
    for (line, code) in FAILING.iter().chain([&(INIT, "locked")]) {
        let (error, exit) = fails(line, &data);
        is_whole(line, &error, code);
        assert_eq!(exit, 1, "`{line}`");
    }
    let Server {
        serving, folder, ..
    } = server;
    assert!(serving.stop().success());
    for (line, code) in FAILING.iter().chain([&(INIT, "failed")]) {
        let (error, exit) = fails(line, &data);
        is_whole(line, &error, code);
        assert_eq!(exit, 1, "`{line}`");
    }
    drop(folder);
}

#[test]
fn what_cannot_be_read_is_one_line_for_programs_and_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for (line, code) in WRONG {
        let (error, exit) = fails(line, &folder.path().join("data"));
        is_whole(line, &error, code);
        assert_eq!(exit, 2, "`{line}`");
    }
}

/// The table above has every command with `--output`.
#[test]
fn every_command_with_an_output_is_tried() {
    let reference = Command::new(VIGIED)
        .args(["completion", "bash"])
        .output()
        .unwrap();
    let script = String::from_utf8(reference.stdout).unwrap();
    // Each command is a case of its own, followed by the flags it takes.
    let mut command = String::new();
    let mut having = Vec::new();
    for line in script.lines().map(str::trim) {
        if let Some(name) = line
            .strip_suffix(')')
            .filter(|name| name.starts_with("vigied__"))
        {
            command = name
                .trim_start_matches("vigied__")
                .replace("subcmd__", "")
                .replace("__", " ");
        } else if line.starts_with("opts=")
            && line.contains("--output")
            && !line.contains("help list")
        {
            having.push(command.clone());
        }
    }
    assert!(having.len() > 10, "{having:?}");
    for command in having {
        // The one cannot fail but by its usage, which is tried; the other is tried beside the table.
        if ["routes", "init"].contains(&command.as_str()) {
            continue;
        }
        // The script has blanks for hyphens.
        let begins = format!("{command} ");
        let is_tried = |line: &&(&str, &str)| line.0.replace('-', " ").starts_with(&begins);
        assert!(
            FAILING.iter().any(|line| is_tried(&line)),
            "`{command}` is not tried"
        );
    }
}

#[test]
fn as_text_a_name_that_is_taken_says_what_shows_those_there_are() {
    let server = Server::start();
    let output = Command::new(VIGIED)
        .args([
            "account",
            "create",
            "Vigie",
            "--owner",
            "bea@example.org",
            "--data",
        ])
        .arg(server.data())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.starts_with("error: an account `Vigie` exists\nhint: "),
        "{errors}"
    );
    assert!(errors.contains("`vigied account list`"), "{errors}");
}
