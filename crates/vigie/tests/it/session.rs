//! The session afterwards: its tokens, how they are renewed, and what shares the files.

use crate::fixture::jwt;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::process::Stdio;

fn expire(terminal: &Terminal) {
    terminal.edit("config.json", |config| {
        config["IAMToken"] = format!("Bearer {}", jwt(0, 5, "")).into();
    });
}

#[test]
fn tokens_in_every_form() {
    let mut terminal = Terminal::logged_in();
    terminal.run("vigie iam oauth-tokens");
    terminal.run("vigie iam oauth-tokens --output JSON");
    terminal.run("vigie iam token");
    terminal.run("vigie iam token --header");
    terminal.run("vigie iam token --curl");
    terminal.run("vigie iam token --env");
    terminal.run("vigie iam bearer-token");
    terminal.run("vigie cf oauth-token");
    terminal.run("bx iam oauth-tokens");
    assert_snapshot!(terminal.transcript());
    let json: serde_json::Value =
        serde_json::from_str(&terminal.run("vigie iam token --json").stdout).unwrap();
    assert_eq!(
        (json["user"].as_str(), json["scope"].as_str().map(str::len)),
        (Some("ada@example.org"), Some(38))
    );
}

/// `--header` and a token alone went on without the scope that was named, whatever it was.
#[test]
fn regression_7_a_scope_that_is_named_counts_in_every_form_or_is_refused() {
    let mut terminal = Terminal::logged_in();
    let scope = "s-5a1c0e1e-0d2b-4f55-9d5a-2f1d8c3b7e60";
    let ran = terminal.run(&format!("vigie iam token --header --scope {scope}"));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!((ran.code, lines.len()), (0, 2), "{ran:?}");
    assert!(lines[0].starts_with("X-Auth-User-Token: iam "), "{ran:?}");
    assert_eq!(lines[1], format!("X-Auth-Scope-Id: {scope}"));
    for form in ["--header", "--curl", "--env", "--json"] {
        for wrong in ["s-bad", "s-", "other"] {
            let ran = terminal.run(&format!("vigie iam token {form} --scope {wrong}"));
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (2, ""),
                "{form} {wrong}: {ran:?}"
            );
            assert!(
                ran.stderr.contains(&format!("`{wrong}` is no scope")),
                "{ran:?}"
            );
        }
    }
    let ran = terminal.run(&format!("vigie iam token --scope {scope}"));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("`--header`"), "{ran:?}");
    // A refusal of the server reaches the terminal, and the exit code of what was printed.
    let ran = terminal.run("vigie iam token --curl");
    assert!(
        ran.stdout.starts_with("curl -sS --fail-with-body "),
        "{ran:?}"
    );
}

#[test]
fn the_fourth_field_is_the_bare_token_as_scripts_expect() {
    let mut terminal = Terminal::logged_in();
    let line = terminal.run("vigie iam oauth-tokens").stdout;
    let fourth = line
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .nth(3)
        .unwrap()
        .to_owned();
    assert_eq!(terminal.run("vigie iam token").stdout.trim_end(), fourth);
}

#[test]
fn an_expired_token_is_renewed_and_kept_with_its_successor() {
    let mut terminal = Terminal::logged_in();
    let before = terminal.run("vigie iam token").stdout;
    assert_eq!(terminal.run("vigie iam token").stdout, before);
    expire(&terminal);
    let after = terminal.run("vigie iam token").stdout;
    assert_ne!(after, before);
    assert_eq!(terminal.file("config.json")["IAMRefreshToken"], "vgr_2");
    assert_eq!(terminal.run("vigie iam token --min-ttl 10m").stdout, after);
    let longer = terminal.run("vigie iam token --min-ttl 2h");
    assert_ne!(longer.stdout, after);
    assert!(
        longer.stderr.contains("gives no longer token"),
        "{longer:?}"
    );
}

/// With a clock two hours ahead it was "the server gives no longer token: it is good for 0 s".
#[test]
fn regression_7_a_clock_that_is_ahead_is_told_by_a_new_token_that_has_expired() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    terminal.server.configure(|behavior| behavior.ttl_s = 0);
    for line in ["vigie iam token", "vigie iam token --min-ttl 10m"] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stdout.starts_with("e30."), "{ran:?}");
        assert!(ran.stderr.contains("is the clock right?"), "{ran:?}");
        assert!(!ran.stderr.contains("no longer token"), "{ran:?}");
    }
}

#[test]
fn of_many_processes_one_renews() {
    let terminal = Terminal::logged_in();
    expire(&terminal);
    let running: Vec<_> = (0..8)
        .map(|_| {
            terminal
                .command("vigie iam token")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let tokens: Vec<Vec<u8>> = running
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().stdout)
        .collect();
    assert!(
        tokens
            .iter()
            .all(|token| !token.is_empty() && *token == tokens[0])
    );
    let refreshes = terminal.server.requests("POST", "/identity/token").len() - 1;
    assert_eq!(refreshes, 1);
}

#[test]
fn a_refused_renewal_tells_status_code_and_text() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = Some("BXNIM0439E"));
    terminal.run("vigie iam oauth-tokens");
    terminal.run("vigie -q iam oauth-tokens");
    terminal.run("ibmcloud account orgs");
    terminal.edit("config.json", |config| {
        config["IAMRefreshToken"] = "not_supported".into();
    });
    terminal.run("vigie iam token");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn an_expired_uaa_token_is_renewed_at_the_uaa() {
    let mut terminal = Terminal::logged_in();
    terminal.edit(".cf/config.json", |cf| {
        cf["AccessToken"] = "bearer e30.e30.x".into();
    });
    let ran = terminal.run("vigie cf oauth-token");
    assert!(ran.stdout.starts_with("bearer e30."), "{ran:?}");
    assert_eq!(
        terminal.file(".cf/config.json")["RefreshToken"],
        "uaa-refresh-2"
    );
    assert_eq!(
        terminal.server.requests("POST", "/oauth/token")[0].header("authorization"),
        "Basic Y2Y6"
    );
}

#[test]
fn keys_of_another_tool_survive() {
    let mut terminal = Terminal::logged_in();
    terminal.edit("config.json", |config| {
        config["PluginRepos"] = serde_json::json!([{"Name": "x"}]);
    });
    terminal.run("vigie target -r eu-de");
    let config = terminal.file("config.json");
    assert_eq!(
        (
            config["PluginRepos"][0]["Name"].as_str(),
            config["Region"].as_str()
        ),
        (Some("x"), Some("eu-de"))
    );
}

#[test]
fn the_trace_hides_secrets() {
    let mut terminal = Terminal::logged_in();
    terminal.set("IBMCLOUD_TRACE", "trace.log");
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} -u ada@example.org -p s3cret"
    ));
    terminal.run("vigie iam api-key-create ci");
    let trace = std::fs::read_to_string(terminal.path("trace.log")).unwrap();
    assert!(trace.contains("POST http://") && trace.contains("Elapsed:"));
    for secret in ["s3cret", "e30.", "vgr_", "vgk_shown_once", "Yng6Yng="] {
        assert!(!trace.contains(secret), "{secret}");
    }
    assert_eq!(crate::terminal::mode(&terminal.path("trace.log")), 0o600);
}

#[test]
fn a_valid_token_costs_one_file_and_no_request() {
    let mut terminal = Terminal::logged_in();
    let asked = terminal.server.requests("POST", "/identity/token").len();
    std::fs::write(terminal.path(".vigie/.cf/config.json"), "{ damaged").unwrap();
    std::fs::set_permissions(
        terminal.path(".vigie/config.json.lock"),
        std::os::unix::fs::PermissionsExt::from_mode(0o000),
    )
    .unwrap();
    terminal.set("VIGIE_CA_FILE", "/nowhere.pem");
    let ran = terminal.run("vigie iam token");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        terminal.server.requests("POST", "/identity/token").len(),
        asked
    );
}

#[test]
fn what_is_meant_for_this_machine_goes_through_no_proxy() {
    let mut terminal = Terminal::new();
    terminal.set("http_proxy", "http://127.0.0.1:1");
    let address = terminal.server.address;
    assert_eq!(
        terminal
            .run(&format!("vigie login -a {address} --apikey vgk_good"))
            .code,
        0
    );
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let terminal = Terminal::logged_in();
    let mut child = terminal
        .command("vigie completion bash")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let left = child.wait_with_output().unwrap();
    assert_eq!(
        (left.status.code(), left.stderr.as_slice()),
        (Some(0), b"".as_slice())
    );
}

/// `vigie login … | head -1` ended with 0 before the login was kept, and `vigie account space-create … | head -1` before
/// anything was made: what is only told of a change on its way is not what the change hangs on.
#[test]
fn a_reader_that_leaves_ends_no_change_half_way() {
    let mut terminal = Terminal::new();
    let login = format!(
        "vigie login -a {} --apikey vgk_good -o field-org -s dev",
        terminal.server.address
    );
    for line in [login.as_str(), "vigie account space-create prod"] {
        let mut child = terminal
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let left = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&left.stderr);
        assert_eq!((left.status.code(), &*errors), (Some(0), ""), "{line}");
    }
    let status = terminal.run("vigie status --output json");
    assert!(status.stdout.contains("\"dev\""), "{status:?}");
    assert_eq!(terminal.server.requests("POST", "/v2/spaces").len(), 1);
}

/// The account was deleted and restored: its sessions have ended, and their tokens look as good as before.
#[test]
fn regression_7_a_refused_renewal_is_remembered() {
    let mut terminal = Terminal::logged_in();
    terminal.server.store.lock().unwrap().serial_min = 100;
    // A limit by time ends nothing.
    terminal.server.configure(|behavior| {
        behavior.refresh_refused = Some("BXNIM0407E");
        behavior.refresh_status = 429;
    });
    let ran = terminal.run("vigie metrics list");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("try again"), "{ran:?}");
    assert_eq!(terminal.run("vigie iam token").code, 0);
    terminal
        .server
        .configure(|behavior| behavior.refresh_status = 400);
    let ran = terminal.run("vigie metrics list");
    assert_eq!(ran.code, 3, "{ran:?}");
    for line in ["vigie iam token", "vigie iam bearer-token"] {
        let ran = terminal.run(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
        assert!(ran.stderr.contains("BXNIM0407E"), "{ran:?}");
    }
    let status = terminal.run("vigie status");
    assert_eq!(status.code, 3, "{status:?}");
    assert!(
        status.stdout.contains("Renewal:")
            && status.stdout.contains("refused; log in again")
            && !status.stdout.contains("good until"),
        "{status:?}"
    );
    assert_eq!(terminal.run("vigie status --output json").code, 3);
    // The server may change its mind: a key was disabled for a minute.
    let ended = std::fs::read(terminal.path(".vigie/config.json")).unwrap();
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = None);
    assert_eq!(terminal.run("vigie iam token").code, 0);
    assert_eq!(terminal.run("vigie status").code, 0);
    // A login begins anew.
    std::fs::write(terminal.path(".vigie/config.json"), ended).unwrap();
    assert_eq!(terminal.run("vigie status").code, 3);
    let address = terminal.server.address;
    let ran = terminal.run(&format!("vigie login -a {address} --apikey vgk_good"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(terminal.run("vigie iam token").code, 0);
    let status = terminal.run("vigie status");
    assert_eq!(status.code, 0, "{status:?}");
    assert!(!status.stdout.contains("refused"), "{status:?}");
}

/// The server's text said it, and the hint once more.
#[test]
fn regression_7_to_log_in_again_is_advised_once() {
    let mut terminal = Terminal::logged_in();
    expire(&terminal);
    terminal.server.configure(|behavior| {
        behavior.refresh_refused = Some("BXNIM0407E");
        let text = "Provided refresh token is invalid: log in again";
        behavior.patches = vec![("/identity/token", "/errorMessage", text.into())];
    });
    let ran = terminal.run("vigie iam token");
    assert_eq!(ran.code, 3, "{ran:?}");
    let expected = "message: Provided refresh token is invalid\n";
    assert!(ran.stderr.contains(expected), "{ran:?}");
    assert_eq!(ran.stderr.matches("log in again").count(), 1, "{ran:?}");
    assert!(
        ran.stderr.contains("log in again with `vigie login`"),
        "{ran:?}"
    );
}

#[test]
fn regression_7_a_wait_is_told_in_seconds() {
    let mut terminal = Terminal::logged_in();
    terminal
        .server
        .configure(|behavior| behavior.retry_after_s = Some(7));
    let body = serde_json::json!({"errors": [{"code": "BXNMSSV09E", "message": "too much at once",
        "hint": "send again after `Retry-After` seconds"}]});
    let store = terminal.server.store.clone();
    store.lock().unwrap().instead.push_back((429, body));
    let ran = terminal.run("vigie metrics delete a.b --yes");
    assert!(
        ran.stderr.contains("hint: send again after 7 seconds"),
        "{ran:?}"
    );
}

#[test]
fn regression_7_a_login_with_a_key_lasts_while_both_are_good() {
    use base64::Engine as _;
    let mut terminal = Terminal::logged_in();
    let claims = r#"{"exp":4000000000,"email":"ada@example.org","iam_apikey_id":"ApiKey-1"}"#;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    terminal.edit("config.json", |config| {
        config["IAMToken"] = format!("Bearer e30.{claims}.sig1").into();
    });
    let status = terminal.run("vigie status");
    assert!(
        status
            .stdout
            .contains("while its session and the API key ApiKey-1 are good"),
        "{status:?}"
    );
    let expected = ", unless its session ends before\n";
    assert!(status.stdout.contains(expected), "{status:?}");
}

/// Nobody saw when the hours of a dynamic rule end, which begin with the login and not with its last renewal.
#[test]
fn the_status_says_when_the_login_was_and_until_when_dynamic_rules_count() {
    use base64::Engine as _;
    let mut terminal = Terminal::logged_in();
    for (claims, row, began, end) in [
        (
            r#"{"iam_id":"IBMid-1","auth_time":4000000000"#,
            "at 2096-10-02T07:06:40Z; dynamic rules of access groups count until 2096-10-03T07:06:40Z at the latest\n",
            json!("2096-10-02T07:06:40Z"),
            json!("2096-10-03T07:06:40Z"),
        ),
        (
            r#"{"iam_id":"IBMid-1","iam_apikey_id":"ApiKey-1","auth_time":1700000000"#,
            "at 2023-11-14T22:13:20Z with the API key ApiKey-1; dynamic rules of access groups give nothing any more: log in again\n",
            json!("2023-11-14T22:13:20Z"),
            json!("2023-11-15T22:13:20Z"),
        ),
        // Such rules let in no service IDs and no trusted profiles.
        (
            r#"{"iam_id":"iam-ServiceId-1","iam_apikey_id":"ApiKey-1","auth_time":4000000000"#,
            "at 2096-10-02T07:06:40Z with the API key ApiKey-1\n",
            json!("2096-10-02T07:06:40Z"),
            Value::Null,
        ),
    ] {
        let claims = format!(r#"{claims},"exp":4100000000}}"#);
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        terminal.edit("config.json", |config| {
            config["IAMToken"] = format!("Bearer e30.{claims}.sig1").into();
        });
        let ran = terminal.run("vigie status");
        assert!(ran.stdout.contains("Logged in:"), "{ran:?}");
        assert!(ran.stdout.contains(row), "{row}: {ran:?}");
        let ran = terminal.run("vigie status --output json");
        let status: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(status["logged_in_at"], began, "{status}");
        assert_eq!(status["dynamic_rules_end_by"], end, "{status}");
    }
}

/// They printed plain text, though standard output holds only JSON then.
#[test]
fn regression_7_a_text_for_a_shell_is_not_printed_as_json() {
    let mut terminal = Terminal::logged_in();
    for form in ["--header", "--curl", "--env"] {
        let ran = terminal.run(&format!("vigie iam token {form} --output json"));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(form), "{}", ran.stderr);
    }
    for line in [
        "vigie account space dev -o field-org --guid",
        "vigie account org field-org --guid",
    ] {
        let plain = terminal.run(line);
        assert_eq!(plain.code, 0, "{line}: {}", plain.stderr);
        let ran = terminal.run(&format!("{line} --output json"));
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(json.as_str(), Some(plain.stdout.trim()), "{line}");
    }
}
