//! Logging in by every way, and what is told when it fails.

use crate::fixture::{KEY, SPACE};
use crate::terminal::{Terminal, mode};
use insta::assert_snapshot;
use serde_json::json;

#[test]
fn with_a_key_to_a_space() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} --apikey {KEY} -r us-south -o field-org -s dev"
    ));
    terminal.run("vigie status");
    terminal.run("vigie target --output JSON");
    terminal.run("vigie logout");
    terminal.run("vigie target");
    terminal.run("vigie iam oauth-tokens");
    let mut text = terminal.transcript();
    // The moment differs; that it is told does not.
    if let Some(at) = text.find("good until") {
        let end = at + text[at..].find('\n').unwrap();
        text.replace_range(at..end, "good until <instant>, for <time>");
    }
    assert_snapshot!(text);
    assert_eq!(
        terminal.server.requests("POST", "/identity/revoke").len(),
        1
    );
}

#[test]
fn with_a_password_a_passcode_and_the_older_ways() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} -u ada@example.org -p s3cret --no-region"
    ));
    terminal.run("vigie login -u passcode -p abcdefghij -r eu-de -g default");
    terminal.run(&format!("ibmcloud login -u apikey -p {KEY} --no-account"));
    terminal.run("vigie login --sso -p abcdefghij -o field-org");
    assert_snapshot!(terminal.transcript());
}

/// It failed at once, where commands that change something wait for their turn. A key that was looked at and is wrong it sent again,
/// which counted once more.
#[test]
fn a_login_waits_once_for_a_place() {
    let busy = (
        "BXNIM0602E",
        "too many logins wait for each other (`logins_waiting_per_account` = 100)",
    );
    let guess = ("BXNIM0415E", "Provided API key could not be found");
    for (refused, refusal, asks_s, code, grants) in [
        (1, busy, 0, 0, 2),
        (2, busy, 0, 1, 2),
        (1, busy, 600, 1, 1),
        (1, guess, 0, 1, 1),
    ] {
        let mut terminal = Terminal::new();
        terminal
            .server
            .configure(|behavior| behavior.retry_after_s = Some(asks_s));
        let (error_code, text) = refusal;
        let answer = || {
            let body = json!({"errorCode": error_code, "errorMessage": text, "context": {}});
            (429, body)
        };
        let mut store = terminal.server.store.lock().unwrap();
        store.logins_instead = (0..refused).map(|_| answer()).collect();
        drop(store);
        let address = terminal.server.address;
        let ran = terminal.run(&format!(
            "vigie login -a {address} --apikey {KEY} --no-account --no-region"
        ));
        assert_eq!(ran.code, code, "{text} {refused} {asks_s}: {ran:?}");
        let asked = terminal.server.requests("POST", "/identity/token").len();
        assert_eq!(asked, grants, "{text} {refused} {asks_s}: {ran:?}");
        let is_told = ran.stderr.contains("= 100); trying again in 0 s");
        assert_eq!(is_told, grants == 2, "{ran:?}");
    }
}

#[test]
fn with_the_key_of_the_environment_in_every_file_form() {
    for (name, content) in [
        ("bare", "vgk_good\n"),
        (
            "old.json",
            r#"{"name":"ci","createdAt":"x","apiKey":"vgk_good"}"#,
        ),
        (
            "new.json",
            "{\n\t\"id\": \"ApiKey-1\",\n\t\"apikey\": \"vgk_good\"\n}",
        ),
    ] {
        for variable in ["VIGIE_API_KEY", "IBMCLOUD_API_KEY", "BLUEMIX_API_KEY"] {
            let mut terminal = Terminal::new();
            let address = terminal.server.address.to_string();
            terminal.set("VIGIE_API", &address);
            terminal.set(variable, &format!("@{name}"));
            std::fs::write(terminal.path(name), content).unwrap();
            let ran = terminal.run("vigie login");
            assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
            assert!(ran.stderr.contains(variable));
        }
    }
}

/// Scripts that set the key alone were told to log in, and not that the login takes it.
#[test]
fn regression_7_a_key_in_the_environment_is_said_to_be_no_login() {
    let mut terminal = Terminal::new();
    let command_lines = ["status", "metrics list", "metrics send a=1", "iam token"];
    for line in command_lines {
        let ran = terminal.run(&format!("vigie {line}"));
        assert_eq!(ran.code, 3, "{line}: {ran:?}");
        let hint = "hint: log in with `vigie login`\n";
        assert!(ran.stderr.contains(hint), "{line}: {ran:?}");
    }
    terminal.set("IBMCLOUD_API_KEY", "vgk_good");
    for line in command_lines {
        let ran = terminal.run(&format!("vigie {line}"));
        assert_eq!(ran.code, 3, "{line}: {ran:?}");
        let hint = "`vigie login` takes the API key of `IBMCLOUD_API_KEY`";
        assert!(ran.stderr.contains(hint), "{line}: {ran:?}");
        assert!(!ran.stderr.contains("vgk_good"), "{line}: {ran:?}");
    }
}

#[test]
fn what_is_written_down_is_the_layout_of_the_original() {
    let terminal = Terminal::logged_in();
    let base = format!("http://{}", terminal.server.address);
    let config = terminal.file("config.json");
    assert_eq!(config["APIEndpoint"], base.as_str());
    assert_eq!(config["IAMEndpoint"], base.as_str());
    assert_eq!(config["Region"], "us-south");
    assert_eq!(config["Account"]["Name"], "Field Works");
    assert!(
        config["IAMToken"]
            .as_str()
            .unwrap()
            .starts_with("Bearer e30.")
    );
    assert_eq!(config["IAMRefreshToken"], "vgr_1");
    let cf = terminal.file(".cf/config.json");
    assert_eq!(cf["ConfigVersion"], 4);
    assert_eq!(cf["Target"], base.as_str());
    assert_eq!(cf["SpaceFields"]["GUID"], SPACE);
    assert!(
        cf["AccessToken"]
            .as_str()
            .unwrap()
            .starts_with("bearer e30.")
    );
    for name in [".vigie/config.json", ".vigie/.cf/config.json"] {
        assert_eq!(mode(&terminal.path(name)), 0o600);
    }
    assert_eq!(mode(&terminal.path(".vigie")), 0o700);
}

#[test]
fn the_only_organization_and_space_are_taken() {
    let mut terminal = Terminal::new();
    terminal.server.configure(|behavior| behavior.orgs = 1);
    let address = terminal.server.address;
    terminal.run(&format!("vigie login -a {address} --apikey {KEY}"));
    assert_eq!(
        terminal.file(".cf/config.json")["SpaceFields"]["GUID"],
        SPACE
    );
}

#[test]
fn of_several_accounts_one_is_chosen_and_the_token_bound_to_it() {
    let mut terminal = Terminal::new();
    terminal.server.configure(|behavior| behavior.accounts = 2);
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} -u ada@example.org -p s3cret"
    ));
    terminal.run(
        "vigie login -u ada@example.org -p s3cret -c 89abcdef0123456789abcdef01234567 -o field-org",
    );
    terminal.run("vigie target -c nobody");
    terminal.run("vigie target -c ada@example.org");
    terminal.run("vigie target -c 0123456789abcdef0123456789abcdef");
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = Some("BXNIM0141E"));
    terminal.run("vigie target -c 89abcdef0123456789abcdef01234567");
    assert_snapshot!(terminal.transcript());
    let asked = terminal.server.requests("POST", "/identity/token");
    let bound: Vec<bool> = asked
        .iter()
        .map(|asked| asked.body.contains("account=89abcdef"))
        .collect();
    assert_eq!(bound, [false, false, true, false, true]);
}

#[test]
fn failures_say_what_to_do() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    terminal.run("vigie login --apikey vgk_good");
    terminal.run("vigie login -a ftp://x --apikey vgk_good");
    terminal.run(&format!("vigie login -a {address}"));
    terminal.run(&format!("vigie login -a {address} -u ada@example.org"));
    terminal.run(&format!("vigie login -a {address} --sso"));
    terminal.run(&format!("vigie login -a {address} --apikey vgk_bad"));
    terminal.run(&format!(
        "vigie login -a {address} -u ada@example.org -p wrong"
    ));
    terminal.run(&format!("vigie login -a {address} --apikey @missing.json"));
    terminal.run(&format!("vigie login -a {address} --apikey {KEY} -r mars"));
    terminal.run(&format!(
        "vigie login -a {address} --apikey {KEY} -o nowhere"
    ));
    terminal.run(&format!(
        "vigie login -a {address} --apikey {KEY} -o field-org -s nowhere"
    ));
    terminal.run("vigie login -a 127.0.0.1:1 --apikey vgk_good");
    terminal.run(&format!("bx login -a {address} --apikey vgk_bad"));
    assert_snapshot!(terminal.transcript());
}

#[test]
fn an_empty_key_is_found_out_here() {
    let terminal = Terminal::new();
    let address = terminal.server.address;
    for arguments in [
        vec!["login", "--apikey", ""],
        vec!["login", "--apikey", "@"],
    ] {
        let ran = terminal.run_words("vigie", &arguments, &[("VIGIE_API", &address.to_string())]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("`--apikey`"), "{ran:?}");
    }
    assert!(
        terminal
            .server
            .requests("POST", "/identity/token")
            .is_empty()
    );
}
