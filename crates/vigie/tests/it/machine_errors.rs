//! Failures for programs: with `--output json` one line of JSON on standard error, whatever went wrong, and nothing on
//! standard output. Under the names of the original they stay text.

use crate::hostile::COMMANDS;
use crate::terminal::{Finished, Terminal};
use serde_json::{Value, json};

const TRANSACTION: &str = "7d9c1c1e-2f0b-4a57-8f57-5c9d1c2b3a4d";
const KEYS: [&str; 5] = ["code", "message", "hint", "transaction_id", "status"];

/// The error of a failed run; every line of standard error is JSON, and the error is the last.
fn error(line: &str, ran: &Finished) -> Value {
    let lines: Vec<Value> = ran
        .stderr
        .lines()
        .map(|text| {
            let value = serde_json::from_str(text);
            assert!(value.is_ok(), "`{line}`: {value:?}: {ran:?}");
            value.unwrap()
        })
        .collect();
    let (last, before) = lines.split_last().unwrap();
    assert!(
        before
            .iter()
            .all(|line| line["note"].is_string() || line["warning"].is_string()),
        "`{line}`: {ran:?}"
    );
    let error = last["error"].as_object().unwrap();
    let mut keys: Vec<&str> = error.keys().map(String::as_str).collect();
    let mut expected = KEYS.to_vec();
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected, "`{line}`: {ran:?}");
    assert_eq!(last.as_object().unwrap().len(), 1, "`{line}`: {ran:?}");
    assert!(!error["code"].as_str().unwrap().is_empty(), "{line}");
    assert!(!error["message"].as_str().unwrap().is_empty(), "{line}");
    last["error"].clone()
}

fn desk() -> Terminal {
    let terminal = Terminal::logged_in();
    terminal
        .server
        .configure(|behavior| behavior.transaction = Some(TRANSACTION));
    terminal
}

/// The command line of the table of commands, without the parts that are for a hostile server.
fn typed(terminal: &Terminal, line: &str) -> String {
    line.replace('~', "")
        .replace("ADDRESS", &terminal.server.address.to_string())
}

#[test]
fn every_command_that_a_server_refuses_says_so_in_one_line() {
    let mut failed = 0;
    for (status, code) in [(403, 4), (404, 5), (500, 1)] {
        let mut terminal = desk();
        terminal
            .server
            .configure(|behavior| behavior.refuse = Some(status));
        for line in COMMANDS {
            let line = format!("vigie {} --output json", typed(&terminal, line));
            let ran = terminal.run(&line);
            if ran.code == 0 {
                continue;
            }
            failed += 1;
            let error = error(&line, &ran);
            // What was done in part has a result: the receipt.
            assert!(
                ran.stdout.is_empty() || ran.code == 7 || line.contains("metrics send"),
                "`{line}`: {ran:?}"
            );
            if error["status"] == status {
                assert_eq!(ran.code, code, "`{line}`: {ran:?}");
                assert_eq!(error["transaction_id"], TRANSACTION, "`{line}`: {ran:?}");
            }
        }
    }
    assert!(failed > 100, "{failed}");
}

#[test]
fn a_wrong_command_line_is_told_in_one_line_by_every_command() {
    let reference = include_str!("../../../../docs/reference/cli.md");
    let commands = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## `vigie ")?.strip_suffix('`'));
    let mut terminal = Terminal::new();
    for command in commands.filter(|command| *command != "plugin") {
        for form in ["--output json", "--output=JSON"] {
            let line = format!("vigie {command} {form} --no-such-flag");
            let ran = terminal.run(&line);
            let error = error(&line, &ran);
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line}: {ran:?}");
            assert_eq!(error["status"], Value::Null);
            assert_eq!(error["transaction_id"], Value::Null);
            assert_eq!(ran.stderr.lines().count(), 1, "{line}: {ran:?}");
        }
    }
}

#[test]
fn every_failure_has_a_code_that_stays() {
    let mut terminal = desk();
    let code = |line: &str, terminal: &mut Terminal| {
        let ran = terminal.run(&format!("vigie {line} --output json"));
        assert_eq!(ran.stdout, "", "{line}: {ran:?}");
        error(line, &ran)["code"].as_str().unwrap().to_owned()
    };
    for (line, expected) in [
        ("lgin", "unknown_command"),
        ("account", "missing_command"),
        ("account space", "missing_argument"),
        ("regions --no-such-flag", "unknown_argument"),
        ("config --color perhaps", "invalid_value"),
        ("config --color true --list", "conflicting_arguments"),
        ("account org nowhere", "not_found"),
        ("account org-delete field-org", "confirmation_missing"),
        ("iam api-key-delete ApiKey-2 -f", "BXNIM0401E"),
        ("iam service-id nobody", "not_found"),
        (
            "iam service-api-key-delete first ci",
            "confirmation_missing",
        ),
        ("account org-delete field-org -f", "CF-AssociationNotEmpty"),
        ("metrics get a.b --scope x", "usage"),
        ("iam api-key-create x --file /nowhere/x", "file"),
        (
            "login -a 127.0.0.1:1 --apikey vgk_good",
            "connection_refused",
        ),
    ] {
        assert_eq!(code(line, &mut terminal), expected, "{line}");
    }
    terminal.run("vigie logout");
    for line in [
        "status",
        "iam token",
        "account orgs",
        "metrics list",
        "target -r eu-de",
    ] {
        assert_eq!(code(line, &mut terminal), "not_logged_in", "{line}");
    }
    let help = terminal.run("vigie --help").stdout;
    for expected in [
        "unknown_command",
        "not_logged_in",
        "connection_refused",
        "file",
    ] {
        assert!(help.contains(expected), "{expected}");
    }
}

#[test]
fn a_failure_has_its_hint_and_no_hint_is_null() {
    let mut terminal = desk();
    let ran = terminal.run("vigie account org nowhere --output json");
    let reported = error("org", &ran);
    assert_eq!(
        reported,
        json!({"code": "not_found", "message": "no organization `nowhere` was found",
            "hint": "list what you can see with `vigie account orgs`", "transaction_id": null, "status": null})
    );
    let ran = terminal.run("vigie iam api-key-delete twin -n --output json");
    assert_eq!(error("no flag", &ran)["code"], "unknown_argument");
    std::fs::write(terminal.path(".vigie/config.json"), "{").unwrap();
    let ran = terminal.run("vigie target --output json");
    assert!(error("damaged", &ran)["hint"].is_string(), "{ran:?}");
}

#[test]
fn an_old_name_fails_in_words_whatever_is_asked_for() {
    let mut terminal = desk();
    for line in [
        "ibmcloud account org nowhere --output json",
        "bx iam api-key-delete ApiKey-2 -f --output json",
        "bluemix regions --outptu json --output json",
    ] {
        let ran = terminal.run(line);
        assert!(ran.stderr.starts_with("FAILED\n"), "{line}: {ran:?}");
        assert!(!ran.stderr.contains("{\"error\""), "{line}: {ran:?}");
    }
}

#[test]
fn a_refusal_in_words_names_its_transaction_last() {
    let mut terminal = desk();
    for line in [
        "vigie iam api-key-delete ApiKey-2 -f",
        "vigie -q iam api-key-delete ApiKey-2 -f",
    ] {
        let ran = terminal.run(line);
        let last = ran.stderr.trim_end().lines().last().unwrap();
        assert_eq!(last, format!("Transaction-Id: {TRANSACTION}"), "{ran:?}");
    }
    let ran = terminal.run("vigie account org nowhere");
    assert!(!ran.stderr.contains("Transaction-Id"), "{ran:?}");
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = Some("BXNIM0439E"));
    terminal.edit("config.json", |config| {
        config["IAMToken"] = "Bearer e30.e30.x".into();
    });
    let ran = terminal.run("vigie iam token");
    assert!(ran.stderr.contains(TRANSACTION), "{ran:?}");
}
