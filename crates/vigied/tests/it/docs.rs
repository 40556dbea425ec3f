//! The documentation tells the truth: its commands run, and its generated pages are those of the code.

mod api;

use crate::harness::{VIGIED, vigie};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Compares a generated page with the committed one; `VIGIE_UPDATE=1` writes it.
fn page(name: &str, text: &str) {
    let file = docs().join("reference").join(name);
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, committed, "{name} is stale: VIGIE_UPDATE=1 writes it");
}

#[test]
fn the_settings_reference_is_that_of_the_program() {
    let output = Command::new(VIGIED)
        .args(["config", "reference"])
        .output()
        .unwrap();
    page("settings.md", &String::from_utf8(output.stdout).unwrap());
}

#[test]
fn the_error_reference_is_that_of_the_code() {
    let mut text = String::from(
        "# Error codes\n\nGenerated from the tables in `wire::code`.\n\n## Monitoring, and every interface\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    for code in wire::code::ALL {
        let status = code.kind.status();
        let _ = writeln!(text, "| `{}` | {status} | {} |", code.code, code.meaning);
    }
    for (title, field, words) in [
        ("Token service", "errorCode", wire::code::TOKEN_SERVICE),
        (
            "API keys, accounts, users",
            "errors[0].message_code",
            wire::code::IDENTITY,
        ),
        ("UAA", "error", wire::code::UAA),
    ] {
        let _ = write!(
            text,
            "\n## {title}\n\nIn `{field}`.\n\n| word | status | meaning |\n|---|---|---|\n"
        );
        for word in words {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} |",
                word.word, word.status, word.meaning
            );
        }
    }
    page("errors.md", &text);
}

#[test]
fn the_reference_of_the_interfaces_is_that_of_the_documents() {
    page("api.md", &api::page());
}

/// Every code of the token service that the sources speak is in the reference, and the reference has no other word.
#[test]
fn the_words_of_identity_are_those_of_the_sources() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for folder in ["iam/src", "vigied/src", "wire/src/problem.rs"] {
        read(&crates.join(folder), &mut sources);
    }
    let begins = sources.match_indices("\"BXNIM").map(|(at, _)| at + 1);
    let spoken: BTreeSet<&str> = begins.map(|at| &sources[at..at + 10]).collect();
    let words = wire::code::TOKEN_SERVICE.iter().map(|word| word.word);
    let listed: BTreeSet<&str> = words
        .clone()
        .filter(|word| word.starts_with("BXNIM"))
        .collect();
    assert_eq!(spoken, listed);
    let others = wire::code::IDENTITY.iter().chain(wire::code::UAA);
    for word in words.chain(others.map(|word| word.word)) {
        assert!(
            sources.contains(&format!("\"{word}\"")),
            "nothing says `{word}`"
        );
    }
}

fn read(path: &Path, into: &mut String) {
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            read(&entry.unwrap().path(), into);
        }
    } else {
        into.push_str(&std::fs::read_to_string(path).unwrap());
    }
}

/// The guide's blocks as one shell script; Python blocks run inside it.
fn script(guide: &str, address: &str) -> String {
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n");
    let mut fence = "";
    for line in guide.lines() {
        match (fence, line) {
            ("", "```sh") => fence = "sh",
            ("", "```python") => {
                fence = "python";
                script.push_str("export TOKEN SPACE\npython3 - <<'END'\n");
            }
            ("python", "```") => {
                fence = "";
                script.push_str("END\n");
            }
            (_, "```") => fence = "",
            ("", _) => {}
            _ => {
                script.push_str(&line.replace("127.0.0.1:8080", address));
                script.push('\n');
            }
        }
    }
    script
}

/// Runs every block of a guide in one shell, after `before`; what it showed.
fn walked(guide: &str, before: &str) -> String {
    let guide = std::fs::read_to_string(docs().join("guides").join(guide)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let programs = vigie().parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .arg("-c")
        .arg(script(&format!("{before}{guide}"), &port.to_string()))
        .current_dir(folder.path())
        .env("PATH", format!("{programs}:{path}"))
        .env("IBMCLOUD_CONFIG_HOME", folder.path().join("cli"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}");
    shown
}

#[test]
fn every_command_of_the_guide_runs() {
    let shown = walked("central-path.md", "");
    for expected in [
        "IAM token:  Bearer ",
        "\"stored\":2",
        "shop.eu.latency-ms",
        "python.answer",
    ] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
}

#[test]
fn every_command_of_the_guide_to_old_scripts_runs() {
    let central = std::fs::read_to_string(docs().join("guides/central-path.md")).unwrap();
    let (server, _) = central.split_once("## Log in").unwrap();
    let shown = walked("old-scripts.md", server);
    assert_eq!(shown.matches("\"stored\":1").count(), 2, "{shown}");
    for expected in [
        "\"iam_token\": \"Bearer ",
        "The key was saved to nightly.json",
        "Logging out...\nOK\n",
    ] {
        assert!(shown.contains(expected), "no `{expected}` in\n{shown}");
    }
}
