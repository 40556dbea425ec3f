//! `vigied … --output json`: every command that answers does so as one JSON value, too. What fails is in `machine_errors`.

use crate::harness::{Server, VIGIED};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Every command, in an order in which each can succeed on a folder whose server runs. `DIR` is that folder, `KID` its first
/// signing key, `OWNER` and `ACCOUNT` the first person and account.
const LINES: &[&str] = &[
    "account create Second --owner bea@example.org --data DIR",
    "account list --data DIR",
    "account limit Second --data DIR",
    "account addresses Second --data DIR",
    "account delete Second --yes --data DIR",
    "account list --deleted --data DIR",
    "deleted list --data DIR",
    "account restore Second --data DIR",
    "account delete Second --yes --data DIR",
    "deleted purge --all --yes --data DIR",
    "invitation list --data DIR",
    "user list --data DIR",
    "user confirm OWNER --data DIR",
    "user reset-password OWNER --data DIR",
    "user new-key OWNER --data DIR",
    "keys list --data DIR",
    "keys rotate --data DIR",
    "keys rotate --now --data DIR",
    "keys retire KID --data DIR",
    "keys retire-unreadable --data DIR",
    "sender-secret SENDER --data DIR",
    "operations token --data DIR",
    "backup DIR/../copy --data DIR",
    "audit --data DIR",
    "health --data DIR",
    "config check --data DIR",
    "routes",
    "init --data DIR/../other",
];

/// Commands that print no facts: servers, and texts whose form is given. A code needs an invitation: `accounts` makes one.
const EXCEPT: [&str; 6] = [
    "serve",
    "quickstart",
    "completion",
    "man",
    "config reference",
    "invitation code",
];

/// The commands that have no commands below them.
fn commands(above: &[&str]) -> Vec<String> {
    let output = Command::new(VIGIED)
        .args(above)
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return vec![above.join(" ")];
    };
    let list = list.split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then_some(name)
    });
    names
        .flat_map(|name| commands(&[above, &[name]].concat()))
        .collect()
}

fn answer(line: &str, put_in: &[(&str, &str)]) -> Value {
    let word = |word: &str| {
        let each = put_in.iter();
        each.fold(word.to_owned(), |word, (name, value)| {
            word.replace(name, value)
        })
    };
    let output = Command::new(VIGIED)
        .args(line.split(' ').map(word))
        .args(["--output", "json"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "`{line}`: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&output.stdout);
        panic!("`{line}`: {error}: {text}")
    })
}

/// Each time in it is one of RFC 3339, in UTC.
fn has_good_times(line: &str, value: &Value) {
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| has_good_times(line, row)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if let (true, Some(text)) = (key.ends_with("_at") || key == "at", value.as_str()) {
                    let is_read = text.parse::<jiff::Timestamp>().is_ok();
                    assert!(is_read && text.ends_with('Z'), "`{line}`: {key}: {text}");
                }
                has_good_times(line, value);
            }
        }
        _ => {}
    }
}

fn first_key(data: &Path) -> String {
    let data = data.display().to_string();
    let keys = answer("keys list --data DIR", &[("DIR", &data)]);
    keys[0]["kid"].as_str().unwrap().to_owned()
}

#[test]
fn every_command_that_answers_does_so_in_json() {
    let server = Server::start();
    let (data, kid) = (server.data(), first_key(&server.data()));
    let data = data.display().to_string();
    let (_, sender) = server.narrow_key();
    let put_in = [
        ("DIR", &*data),
        ("KID", &*kid),
        ("OWNER", &server.owner.user),
        ("SENDER", &sender),
    ];
    for line in LINES {
        let value = answer(line, &put_in);
        has_good_times(line, &value);
        let facts = match *line {
            "keys rotate --data DIR" => value["state"] == "announced" && value["kid"] != *kid,
            "keys rotate --now --data DIR" => value["state"] == "signs" && value["kid"] != *kid,
            "keys retire KID --data DIR" => value["state"] == "retired" && value["kid"] == *kid,
            "sender-secret SENDER --data DIR" => {
                value["secret"].as_str().unwrap().starts_with("vgs_") && value["key"] == *sender
            }
            "operations token --data DIR" => value["token"].as_str().unwrap().starts_with("vgo_"),
            "health --data DIR" => value["status"] == "ready" && value["store"] == "ok",
            _ => true,
        };
        assert!(facts, "`{line}`: {value}");
    }
    let all: BTreeSet<String> = commands(&[]).into_iter().collect();
    assert!(all.len() > 20, "{all:?}");
    let is_tried = |command: &&String| {
        let begins = format!("{command} ");
        let mut tried = LINES.iter().map(|line| format!("{line} "));
        tried.any(|line| line.starts_with(&begins)) || EXCEPT.contains(&command.as_str())
    };
    let missing: Vec<&String> = all.iter().filter(|line| !is_tried(line)).collect();
    assert!(missing.is_empty(), "not tried: {missing:?}");
}

#[test]
fn as_text_no_answer_has_two_empty_lines_in_a_row() {
    let server = Server::start();
    let (data, kid) = (server.data(), first_key(&server.data()));
    let data = data.display().to_string();
    let (_, sender) = server.narrow_key();
    for line in LINES {
        let words = line.split(' ').map(|word| {
            let word = word.replace("DIR", &data).replace("KID", &kid);
            let word = word.replace("SENDER", &sender);
            word.replace("OWNER", &server.owner.user)
        });
        let output = Command::new(VIGIED).args(words).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "`{line}`: {printed}");
        assert!(!printed.contains("\n\n\n"), "`{line}`: {printed}");
        assert!(
            printed.ends_with('\n') && !printed.ends_with("\n\n"),
            "`{line}`: {printed}"
        );
    }
}
