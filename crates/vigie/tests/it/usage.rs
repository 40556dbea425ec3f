//! The command line itself: its words, its names, and the settings.

use crate::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn settings_and_addresses() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    terminal.run("vigie api");
    terminal.run(&format!("vigie api {address}"));
    terminal.run("vigie api metrics.example.org --skip-ssl-validation");
    terminal.run("vigie api http://metrics.example.org --output json");
    terminal.run("vigie api --unset");
    terminal.run("vigie regions");
    terminal.run(&format!("vigie api {address} -q"));
    terminal.run("vigie regions");
    for line in [
        "vigie config --http-timeout 5",
        "vigie config --color false",
        "vigie config --locale fr_fr",
        "vigie config --locale xx",
        "vigie config --sso-otp manual",
        "vigie config --trace maybe --color true",
        "vigie config --list",
        "vigie config",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

#[test]
fn names_and_wrong_words() {
    let mut terminal = Terminal::new();
    for line in [
        "vigie version",
        "ibmcloud --version",
        "bx v --output json",
        "vigie",
        "bx iam",
        "ibmcloud",
        "bx lgin",
        "ibmcloud login --help",
        "bx help account org",
        "ibmcloud iam oauth-tokens --outptu json",
        "vigie lgin",
        "vigie sent a=1",
        "vigie spaces",
        "vigie account orgz",
        "vigie xyzzy",
        "vigie help cf",
        "vigie iam token --header --curl",
        "ibmcloud account space",
        "vigie status",
        "bx account orgs",
        "vigie completion tcsh",
        "vigie man --into nowhere",
        "vigie regions --output yaml",
        "ibmcloud -q regions --outptu json",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

#[test]
fn completions_for_three_shells() {
    let mut terminal = Terminal::new();
    for (shell, sign) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef ibmcloud"),
        ("fish", "complete -c ibmcloud"),
    ] {
        let ran = terminal.run(&format!("ibmcloud completion {shell}"));
        assert!(
            ran.stdout.contains(sign) && ran.stdout.contains("ibmcloud __complete"),
            "{shell}"
        );
    }
}

#[test]
fn a_damaged_configuration_is_told_with_its_place() {
    let mut terminal = Terminal::new();
    std::fs::create_dir(terminal.path(".vigie")).unwrap();
    std::fs::write(terminal.path(".vigie/config.json"), "{\n \"Region\": }").unwrap();
    terminal.run("vigie target");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn regression_7_a_mistyped_variable_is_told() {
    let mut terminal = Terminal::new();
    terminal.set("VIGIE_API_KYE", "s3cret");
    let ran = terminal.run("vigie version");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .contains("`VIGIE_API_KYE` is not read; did you mean `VIGIE_API_KEY`?"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("s3cret"), "{ran:?}");
    assert_eq!(terminal.run("vigie -q version").stderr, "");
}

/// That a flag which does not exist could be a value is the advice that nobody has a use for.
#[test]
fn regression_7_an_unknown_flag_is_not_advised_as_a_value() {
    let mut terminal = Terminal::new();
    for line in [
        "vigie metrics send --x",
        "vigie metrics get a --froom -1h",
        "vigie account space dev --x",
        "vigie iam api-key-create --x",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("unexpected argument"), "{ran:?}");
        assert!(!ran.stderr.contains("as a value"), "{ran:?}");
    }
    let ran = terminal.run("vigie metrics get a --froom -1h");
    assert!(ran.stderr.contains("'--from'"), "{ran:?}");
}

#[test]
fn regression_7_one_way_to_say_yes() {
    let mut terminal = Terminal::logged_in();
    for command in [
        "metrics delete none.such",
        "account space-delete dev",
        "account org-delete field-org --recursive",
        "account user-remove bo@example.org",
        "iam api-key-delete ci",
    ] {
        for yes in ["-y", "--yes", "-f", "--force"] {
            let ran = terminal.run(&format!("vigie {command} {yes}"));
            assert_eq!(ran.code, 0, "{command} {yes}: {ran:?}");
        }
    }
}

#[test]
fn regression_7_help_has_no_line_of_one_word() {
    let mut terminal = Terminal::new();
    let help = terminal.run("vigie --help").stdout;
    assert!(!help.lines().any(|line| line.trim() == "is"), "{help}");
}
