//! A login, and an agent, with an API key that was made for less than its user has (`reach`): it is for metrics alone, and
//! the server lists it nothing to target.

use crate::fixture::{ACCOUNT, SPACE};
use crate::terminal::Terminal;
use serde_json::{Value, json};

const OTHER: &str = "5a1c0e1e-0d2b-4f55-9d5a-2f1d8c3b7e61";

fn narrow(terminal: &Terminal, reach: Value) {
    terminal
        .server
        .configure(|behavior| behavior.reach = Some(reach));
}

fn login(terminal: &mut Terminal, more: &str) -> crate::terminal::Finished {
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} --apikey vgk_good {more}"
    ))
}

#[test]
fn regression_7_what_it_cannot_find_is_refused_before_anything_is_written() {
    let mut terminal = Terminal::new();
    narrow(
        &terminal,
        json!({"domain": format!("s-{SPACE}"), "only": "send"}),
    );
    for flags in [
        "-o field-org",
        "-o field-org -s dev",
        "-s dev",
        "-c field",
        "--accept",
    ] {
        let ran = login(&mut terminal, flags);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(&format!("s-{SPACE}")), "{ran:?}");
        assert!(ran.stderr.contains("without"), "{ran:?}");
        assert!(!terminal.path(".vigie/config.json").exists(), "{flags}");
        assert!(!terminal.path(".vigie/.cf/config.json").exists(), "{flags}");
    }
    // A login that is there stays as it is.
    let mut terminal = Terminal::logged_in();
    let before = (
        terminal.file("config.json"),
        terminal.file(".cf/config.json"),
    );
    narrow(&terminal, json!({"domain": format!("s-{OTHER}")}));
    assert_eq!(login(&mut terminal, "-o field-org -s dev").code, 2);
    let after = (
        terminal.file("config.json"),
        terminal.file(".cf/config.json"),
    );
    assert_eq!(before, after);
}

#[test]
fn regression_7_its_space_is_known_without_being_named() {
    let mut terminal = Terminal::new();
    narrow(
        &terminal,
        json!({"domain": format!("s-{SPACE}"), "only": "send"}),
    );
    let ran = login(&mut terminal, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.stdout.contains(&format!("s-{SPACE} (send only)")),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("target -o"), "{ran:?}");
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(sent[0].header("x-auth-scope-id"), format!("s-{SPACE}"));
    let ran = terminal.run("vigie iam token --json");
    let token: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(token["scope"], format!("s-{SPACE}"));
    let ran = terminal.run("vigie status --output json");
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["scope"], format!("s-{SPACE}"));
    assert_eq!(
        status["reach"],
        json!({"domain": format!("s-{SPACE}"), "only": "send"})
    );
    assert!(terminal.run("vigie status").stdout.contains("(send only)"));
    // Nothing was asked that is refused anyway.
    for path in ["/coe/v2/accounts", "/v2/organizations", "/v2/spaces"] {
        assert!(terminal.server.requests("GET", path).is_empty(), "{path}");
    }
    for wish in ["-s dev", "-o field-org", "-c field", "--cf"] {
        let ran = terminal.run(&format!("vigie target {wish}"));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(&format!("s-{SPACE}")), "{ran:?}");
    }
}

#[test]
fn regression_7_one_of_a_whole_account_is_told_what_to_name() {
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"only": "send"}));
    let ran = login(&mut terminal, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`--scope s-GUID`"), "{ran:?}");
    assert!(!ran.stderr.contains("vigie target"), "{ran:?}");
    let ran = terminal.run("vigie metrics send a.b=1 --scope account");
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(sent[0].header("x-auth-scope-id"), format!("a-{ACCOUNT}"));
}

#[test]
fn regression_7_an_agent_sends_where_its_key_does() {
    let mut terminal = Terminal::new();
    crate::agent::host(&terminal);
    narrow(
        &terminal,
        json!({"domain": format!("s-{OTHER}"), "only": "send"}),
    );
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    let once = "vigie agent --once --proc proc --host h --buffer buffer";
    let ran = terminal.run(once);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(sent[0].header("x-auth-scope-id"), format!("s-{OTHER}"));
    assert!(terminal.server.requests("GET", "/v2/spaces").is_empty());
    // Also where a login of somebody else has targeted another space of the same server.
    terminal.server.configure(|behavior| behavior.reach = None);
    assert_eq!(login(&mut terminal, "-o field-org -s dev").code, 0);
    narrow(
        &terminal,
        json!({"domain": format!("s-{OTHER}"), "only": "send"}),
    );
    let ran = terminal.run(once);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = terminal.server.requests("POST", "/v1/metrics");
    let last = sent.last().unwrap();
    assert_eq!(last.header("x-auth-scope-id"), format!("s-{OTHER}"));
}

/// The CLI advised targeting an organization, which the server then refused; other commands showed the server's own refusal,
/// which says neither what the key may do nor how to go on.
#[test]
fn regression_7_what_manages_is_refused_for_what_the_key_is() {
    let space = format!("s-{SPACE}");
    for (reach, right) in [
        (
            json!({"domain": space}),
            format!("it may only work with the metrics of `{space}`"),
        ),
        (
            json!({"domain": space, "only": "send"}),
            format!("it may only send metrics to `{space}`"),
        ),
        (
            json!({"only": "send"}),
            "it may only send metrics".to_owned(),
        ),
    ] {
        let mut terminal = Terminal::new();
        narrow(&terminal, reach);
        assert_eq!(login(&mut terminal, "").code, 0);
        let before = terminal.server.all_requests().len();
        for line in crate::hostile::COMMANDS {
            let manages = line.starts_with("account ") || line.starts_with("iam a");
            if !manages
                && !["iam org", "iam space"]
                    .iter()
                    .any(|own| line.starts_with(own))
            {
                continue;
            }
            let line = line.replace('~', "");
            let ran = terminal.run(&format!("vigie {line}"));
            if line == "account roles" {
                assert_eq!(ran.code, 0, "{ran:?}");
                continue;
            }
            assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{line}: {ran:?}");
            for expected in [
                "this key is for metrics alone, and manages nothing",
                &right,
                "log in with a password or a key made without `--domain` and `--only`",
            ] {
                assert!(ran.stderr.contains(expected), "{line}: {ran:?}");
            }
        }
        assert_eq!(terminal.server.all_requests().len(), before);
    }
}

#[test]
fn regression_7_a_key_without_a_domain_is_said_to_need_one_to_send() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie iam api-key-create s --only send");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("`--scope s-GUID`"), "{ran:?}");
    assert!(ran.stderr.contains("`--domain`"), "{ran:?}");
    let ran = terminal.run("vigie iam api-key-create s --only send --domain space");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"only": "send"}));
    assert_eq!(login(&mut terminal, "").code, 0);
    let ran = terminal.run("vigie status");
    assert!(ran.stdout.contains("none for sending"), "{ran:?}");
    let ran = terminal.run("vigie status --output json");
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["scope"], Value::Null);
}

/// The server's refusal speaks of a header, which nobody who types a command has sent.
#[test]
fn regression_7_another_scope_is_refused_in_the_words_of_the_command_line() {
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"domain": format!("s-{SPACE}")}));
    assert_eq!(login(&mut terminal, "").code, 0);
    for scope in ["account", &format!("s-{OTHER}"), "o-1"] {
        for line in [
            "get a.b",
            "list",
            "send a.b=1",
            "delete a.b --yes",
            "settings",
        ] {
            let ran = terminal.run(&format!("vigie metrics {line} --scope {scope}"));
            assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{line}: {ran:?}");
            for expected in [
                &format!("for the metrics of `s-{SPACE}` alone"),
                "leave `--scope` out",
            ] {
                assert!(ran.stderr.contains(expected), "{line}: {ran:?}");
            }
        }
    }
    let sent = terminal.run(&format!("vigie metrics send a.b=1 --scope s-{SPACE}"));
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 1);
    assert!(terminal.server.requests("GET", "/v1/metrics").is_empty());
}
