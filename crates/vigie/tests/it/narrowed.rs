//! A login, and an agent, with an API key that was made for less than its user has (`reach`): it is for metrics alone, and
//! the server lists it nothing to target.

use crate::fixture::{ACCOUNT, SPACE};
use crate::terminal::Terminal;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

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
        assert_eq!(ran.code, 4, "{ran:?}");
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
    assert_eq!(login(&mut terminal, "-o field-org -s dev").code, 4);
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
        assert_eq!(ran.code, 4, "{ran:?}");
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

/// The space of an earlier key's buffer was taken for one that belongs to no space.
#[test]
fn regression_7_an_agent_does_not_take_the_space_of_another_key() {
    let mut terminal = Terminal::new();
    crate::agent::host(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    let once = "vigie agent --once --proc proc --host h --buffer buffer";
    narrow(
        &terminal,
        json!({"domain": format!("s-{OTHER}"), "only": "send"}),
    );
    assert_eq!(terminal.run(once).code, 0);
    narrow(&terminal, json!({"only": "send"}));
    let ran = terminal.run(once);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`--scope s-GUID`"), "{ran:?}");
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 1);
    let ran = terminal.run(&format!("{once} --scope s-{SPACE}"));
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The hint named what was refused next.
#[test]
fn regression_7_a_key_of_one_domain_is_not_advised_of_another() {
    let mut terminal = Terminal::new();
    narrow(
        &terminal,
        json!({"domain": "o-11111111-0000-4000-8000-000000000001"}),
    );
    assert_eq!(login(&mut terminal, "").code, 0);
    for line in ["list", "send a.b=1", "get a.b"] {
        let ran = terminal.run(&format!("vigie metrics {line} --scope space"));
        assert_eq!(ran.code, 4, "{line}: {ran:?}");
        assert!(
            ran.stderr.contains("leave `--scope` out"),
            "{line}: {ran:?}"
        );
        assert!(!ran.stderr.contains("s-GUID"), "{line}: {ran:?}");
    }
    let ran = terminal.run("vigie target -s dev --output json");
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("\"forbidden\""), "{ran:?}");
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
                    .any(|prefix| line.starts_with(prefix))
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
    for scope in ["account", &format!("s-{OTHER}"), &format!("o-{OTHER}")] {
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

/// A script was given the account, to which the key sends only where that is named.
#[test]
fn a_script_gets_what_the_key_may_do() {
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"only": "send"}));
    assert_eq!(login(&mut terminal, "").code, 0);
    for form in ["--curl", "--env"] {
        let ran = terminal.run(&format!("vigie iam token {form}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains("`--scope s-GUID`"), "{ran:?}");
        assert!(!ran.stderr.contains("vigie target"), "{ran:?}");
    }
    let ran = terminal.run("vigie iam token --json");
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &output["scope"]), (0, &Value::Null), "{ran:?}");
    // What the hint says works here too.
    for (named, scope) in [
        (format!("s-{SPACE}"), format!("s-{SPACE}")),
        ("account".to_owned(), format!("a-{ACCOUNT}")),
    ] {
        let ran = terminal.run(&format!("vigie iam token --curl --scope {named}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stdout.contains(&scope), "{ran:?}");
        let ran = terminal.run(&format!("vigie iam token --json --scope {named}"));
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(json["scope"], scope);
    }
    let mut terminal = Terminal::new();
    narrow(
        &terminal,
        json!({"domain": format!("o-{OTHER}"), "only": "send"}),
    );
    assert_eq!(login(&mut terminal, "").code, 0);
    let ran = terminal.run("vigie iam token --curl");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("--data '[{\"name\""), "{ran:?}");
    assert!(ran.stdout.trim_end().ends_with("/v1/metrics'"), "{ran:?}");
    let ran = terminal.run(&format!("vigie iam token --env --scope s-{SPACE}"));
    assert_eq!(ran.code, 4, "{ran:?}");
    // One that may read lists.
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"domain": format!("o-{OTHER}")}));
    assert_eq!(login(&mut terminal, "").code, 0);
    let ran = terminal.run("vigie iam token --curl");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("/v1/metrics/list?query=*"), "{ran:?}");
}

#[test]
fn its_account_is_not_shown_as_a_name() {
    let mut terminal = Terminal::new();
    narrow(&terminal, json!({"only": "send"}));
    assert_eq!(login(&mut terminal, "").code, 0);
    let status = terminal.run("vigie status").stdout;
    assert!(status.contains("of the key"), "{status}");
    assert!(!status.contains(ACCOUNT), "{status}");
    let target = terminal.run("vigie target").stdout;
    assert!(
        target.contains(&format!("of the key ({ACCOUNT})")),
        "{target}"
    );
    // Programs get the id.
    let ran = terminal.run("vigie status --output json");
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["account"]["guid"], ACCOUNT);
}

/// While the server is away the space of a buffer is that of the key that filled it, and of no other.
#[test]
fn a_buffer_is_of_the_key_that_filled_it() {
    let mut terminal = Terminal::new();
    crate::agent::host(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    let once = "vigie agent --once --proc proc --host h --buffer buffer";
    assert_eq!(terminal.run(once).code, 0);
    let sent = |terminal: &Terminal| terminal.server.requests("POST", "/v1/metrics").len();
    assert_eq!(sent(&terminal), 1);
    // The server is away: the same key goes on, and what it sees waits.
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(503));
    let ran = terminal.run(once);
    assert_eq!(ran.code, 6, "{ran:?}");
    let begun = format!("agent: `h` once to `s-{SPACE}`");
    assert!(ran.stderr.contains(&begun), "{ran:?}");
    let sent_before = sent(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_other");
    let ran = terminal.run(once);
    assert_ne!(ran.code, 0, "{ran:?}");
    for part in [
        "was not filled with this key",
        &format!("`--scope s-{SPACE}`"),
    ] {
        assert!(ran.stderr.contains(part), "{ran:?}");
    }
    assert!(!ran.stderr.contains("agent: `"), "it began: {ran:?}");
    assert_eq!(sent(&terminal), sent_before);
    // Of which key it is, and not the key.
    let folder = std::fs::read_dir(terminal.path("buffer")).unwrap().next();
    let folder = folder.unwrap().unwrap().path().join(format!("s-{SPACE}"));
    let note = std::fs::read_to_string(folder.join("key.sha256")).unwrap();
    assert_eq!(note.trim().len(), 64, "{note}");
    let mode = std::fs::metadata(folder.join("key.sha256")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

/// Samples that waited for the space of a login were refused when the server came back, and stayed in the buffer for ever.
#[test]
fn while_the_server_is_away_a_key_goes_on_with_its_own_domain_and_not_with_the_target() {
    let mut terminal = Terminal::logged_in();
    crate::agent::host(&terminal);
    narrow(
        &terminal,
        json!({"domain": format!("s-{OTHER}"), "only": "send"}),
    );
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let once = "vigie agent --once --proc proc --host h --buffer buffer";
    assert_eq!(terminal.run(once).code, 0);
    let sent = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(sent[0].header("x-auth-scope-id"), format!("s-{OTHER}"));
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(503));
    let ran = terminal.run(once);
    let begun = format!("agent: `h` once to `s-{OTHER}`");
    assert!(ran.stderr.contains(&begun), "{ran:?}");
}

/// It was asked for a space that it could not list, though there was one only.
#[test]
fn a_key_without_a_domain_sends_to_the_only_space_of_its_account() {
    const ONLY: &str = "s-5a1c0e1e-0d2b-4f55-9d5a-2f1d8c3b7e61";
    let mut terminal = Terminal::new();
    crate::agent::host(&terminal);
    narrow(&terminal, json!({"only": "send"}));
    terminal
        .server
        .configure(|behavior| behavior.only_space = Some(ONLY));
    let ran = login(&mut terminal, "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains(ONLY), "{ran:?}");
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = terminal.run("vigie status --output json");
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["scope"], ONLY);
    // An agent without a login, too.
    let mut agent = Terminal::new();
    crate::agent::host(&agent);
    let address = terminal.server.address.to_string();
    agent.set("VIGIE_API_KEY", "vgk_good");
    agent.set("VIGIE_API", &address);
    let ran = agent.run("vigie agent --once --proc proc --host h --buffer buffer");
    assert_eq!(ran.code, 0, "{ran:?}");
    let sent = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(sent.len(), 2);
    for asked in &sent {
        assert_eq!(asked.header("x-auth-scope-id"), ONLY);
    }
    // Where none is to be targeted, none is.
    assert_eq!(login(&mut terminal, "--no-region").code, 0);
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!ran.stderr.contains("several"), "{ran:?}");
}
