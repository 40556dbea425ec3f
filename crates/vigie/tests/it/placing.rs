//! Where metrics land: nothing is stored or deleted in a place that nobody has named.

use crate::fixture::{ACCOUNT, KEY, ORG, SPACE};
use crate::person::Person;
use crate::terminal::{Finished, Terminal};

const PROD: &str = "5a1c0e1e-0d2b-4f55-9d5a-2f1d8c3b7e61";

/// Logged in without a word about organization and space, nobody at the terminal.
fn logged_in(orgs: usize, spaces: usize) -> (Terminal, Finished) {
    let mut terminal = Terminal::new();
    terminal.server.configure(|behavior| {
        behavior.orgs = orgs;
        behavior.spaces = spaces;
    });
    let address = terminal.server.address;
    let ran = terminal.run(&format!("vigie login -a {address} --apikey {KEY}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    (terminal, ran)
}

fn targeted(terminal: &Terminal) -> [String; 2] {
    let cf = terminal.file(".cf/config.json");
    ["OrganizationFields", "SpaceFields"]
        .map(|place| cf[place]["GUID"].as_str().unwrap_or_default().to_owned())
}

fn sends(terminal: &Terminal) -> usize {
    terminal.server.requests("POST", "/v1/metrics").len()
        + terminal.server.requests("DELETE", "/v1/metrics/list").len()
}

#[test]
fn of_several_spaces_none_is_taken_and_it_is_said() {
    let (_, ran) = logged_in(1, 2);
    assert!(ran.stderr.contains("no space is targeted"), "{ran:?}");
    assert!(ran.stderr.contains("`dev`, `prod`"), "{ran:?}");
    assert!(ran.stderr.contains("`vigie target -s SPACE`"), "{ran:?}");
    let (terminal, ran) = logged_in(2, 2);
    assert!(
        ran.stderr.contains("no organization is targeted"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("`field-org`, `other-org`"), "{ran:?}");
    assert!(
        ran.stderr.contains("`vigie target -o ORG -s SPACE`"),
        "{ran:?}"
    );
    assert_eq!(targeted(&terminal), ["", ""]);
}

/// Whichever of how many organizations it is in.
#[test]
fn the_only_space_there_is_needs_no_question() {
    for orgs in [1, 2] {
        let (terminal, ran) = logged_in(orgs, 1);
        assert_eq!(ran.stderr, "");
        assert_eq!(targeted(&terminal), [ORG, SPACE]);
        let line = format!(
            "vigie login -a {} --apikey {KEY} -r us-south",
            terminal.server.address
        );
        let (screen, code) = Person::at(&terminal, &line).leave();
        assert_eq!(code, 0, "{screen}");
        assert_eq!(targeted(&terminal), [ORG, SPACE]);
    }
}

#[test]
fn at_a_terminal_organization_and_space_are_asked_for() {
    let (terminal, _) = logged_in(2, 2);
    let line = format!(
        "vigie login -a {} --apikey {KEY} -r us-south",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.wait_for("Enter a number or a name> ");
    person.press("1\n");
    person.answer("Enter a number or a name> ", "2");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("Select an organization (or press Enter to skip):\n1. field-org\n"),
        "{screen}"
    );
    assert!(
        screen.contains("Select a space (or press Enter to skip):\n1. dev\n2. prod\n"),
        "{screen}"
    );
    assert_eq!(targeted(&terminal), [ORG, PROD]);
    // What is named is not asked for, and what is skipped stays open.
    let mut person = Person::at(&terminal, &format!("{line} -o field-org"));
    person.answer("Enter a number or a name> ", "");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(targeted(&terminal), [ORG, ""]);
}

#[test]
fn nothing_is_sent_or_deleted_without_a_space() {
    for (orgs, spaces) in [(1, 2), (2, 2)] {
        let (mut terminal, _) = logged_in(orgs, spaces);
        for line in [
            "vigie metrics send a=1",
            "vigie metrics delete a --yes",
            "vigie metrics delete a --dry-run",
            "vigie agent --once --host h",
        ] {
            let ran = terminal.run(line);
            assert_eq!(ran.code, 2, "{line}: {ran:?}");
            assert_eq!(ran.stdout, "", "{line}");
            let stderr = &ran.stderr;
            assert!(stderr.contains("no space is targeted"), "{line}: {stderr}");
            assert!(stderr.contains("-s SPACE`"), "{line}: {stderr}");
            assert!(stderr.contains("`--scope org`"), "{line}: {stderr}");
            assert!(stderr.contains("`--scope account`"), "{line}: {stderr}");
        }
        assert_eq!(sends(&terminal), 0);
        // What a script is handed for its own requests is said.
        let ran = terminal.run("vigie iam token --env");
        assert!(ran.stderr.contains("no space is targeted"), "{ran:?}");
        // Looking does no harm, and what is only checked goes nowhere.
        for line in [
            "vigie metrics list",
            "vigie metrics get a",
            "vigie metrics send a=1 --dry-run",
            "vigie agent --once --host h --print",
        ] {
            assert_eq!(terminal.run(line).code, 0, "{line}");
        }
    }
}

#[test]
fn a_scope_that_is_named_is_taken() {
    let (mut terminal, _) = logged_in(1, 2);
    for (scope, id) in [
        ("org", format!("o-{ORG}")),
        ("account", format!("a-{ACCOUNT}")),
        (&*format!("s-{PROD}"), format!("s-{PROD}")),
    ] {
        for line in ["metrics send a=1", "agent --once --host h"] {
            let ran = terminal.run(&format!("vigie {line} --scope {scope}"));
            assert_eq!(ran.code, 0, "{ran:?}");
            let asked = terminal.server.requests("POST", "/v1/metrics");
            assert_eq!(asked.last().unwrap().header("x-auth-scope-id"), id);
        }
    }
    let ran = terminal.run("vigie metrics send a=1 --scope space");
    assert_eq!(ran.code, 2, "{ran:?}");
}

/// Ready for an agent that has a key and no login.
fn with_a_key(spaces: usize) -> Terminal {
    let mut terminal = Terminal::new();
    terminal
        .server
        .configure(|behavior| behavior.spaces = spaces);
    let address = terminal.server.address.to_string();
    terminal.set("VIGIE_API", &address);
    terminal.set("VIGIE_API_KEY", KEY);
    terminal
}

#[test]
fn an_agent_with_a_key_takes_the_only_space_of_the_key() {
    let mut terminal = with_a_key(1);
    let ran = terminal.run("vigie agent --once --host h");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("space `dev`"), "{ran:?}");
    let asked = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(asked[0].header("x-auth-scope-id"), format!("s-{SPACE}"));
}

#[test]
fn an_agent_with_a_key_to_several_spaces_or_none_is_told_to_name_one() {
    for spaces in [0, 2] {
        let mut terminal = with_a_key(spaces);
        let ran = terminal.run("vigie agent --once --host h");
        assert_eq!(ran.code, 2, "{ran:?}");
        for flag in ["`--scope s-GUID`", "`--scope account`"] {
            assert!(ran.stderr.contains(flag), "{ran:?}");
        }
        if spaces == 2 {
            assert!(ran.stderr.contains(PROD) && ran.stderr.contains("prod"));
        }
        assert_eq!(sends(&terminal), 0);
        let ran = terminal.run("vigie agent --once --host h --scope account");
        assert_eq!(ran.code, 0, "{ran:?}");
        let asked = terminal.server.requests("POST", "/v1/metrics");
        assert_eq!(asked[0].header("x-auth-scope-id"), "");
    }
}

/// An agent that starts while the server is away goes on with the space that it had, and loses nothing.
#[test]
fn an_agent_with_a_key_remembers_its_space_while_the_server_is_away() {
    let mut terminal = with_a_key(1);
    let line = "vigie agent --once --host h --buffer buffer";
    // The first time there is nothing to remember.
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(503));
    let ran = terminal.run(line);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("`--scope s-GUID`"), "{ran:?}");
    terminal.server.configure(|behavior| behavior.refuse = None);
    assert_eq!(terminal.run(line).code, 0);
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(503));
    let ran = terminal.run(line);
    assert!(ran.stderr.contains("samples wait in"), "{ran:?}");
    let asked = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(
        asked.last().unwrap().header("x-auth-scope-id"),
        format!("s-{SPACE}")
    );
}

/// Where no space is targeted, what was looked into is named, and how to get to a space.
#[test]
fn an_empty_domain_is_named() {
    let (mut terminal, _) = logged_in(1, 2);
    assert_eq!(targeted(&terminal)[1], "");
    for line in ["list", "list no.such", "get a.b"] {
        let ran = terminal.run(&format!("vigie metrics {line}"));
        assert_eq!(
            ran.stdout,
            "No metrics found in organization `field-org`.\n"
        );
        let hint = "hint: no space is targeted; choose one with `vigie target -s SPACE`\n";
        assert_eq!(ran.stderr, hint, "{line}");
    }
    let ran = terminal.run("vigie metrics list --scope account");
    assert!(
        ran.stdout.starts_with("No metrics found in account `"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("no space is targeted"), "{ran:?}");
}

/// Both files, at the end: until then the login that was there is as it was.
#[test]
fn a_login_is_written_once() {
    let terminal = Terminal::new();
    terminal.server.configure(|behavior| {
        behavior.accounts = 2;
        behavior.orgs = 1;
        behavior.spaces = 2;
    });
    let files = [".vigie/config.json", ".vigie/.cf/config.json"];
    let line = format!(
        "vigie login -a {} -u ada@example.org -p s3cret -r us-south",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("Enter a number or a name> ", "2");
    person.wait_for("Enter a number or a name> ");
    for file in files {
        assert!(!terminal.path(file).exists(), "{file}");
    }
    person.press("1\n");
    let (_, code) = person.leave();
    assert_eq!(code, 0);
    assert_eq!(targeted(&terminal), [ORG, SPACE]);
    let config = terminal.file("config.json");
    assert_eq!(
        config["Account"]["GUID"], "89abcdef0123456789abcdef01234567",
        "{config}"
    );
}

/// A space that cannot be found loses nothing of what was typed before.
#[test]
fn a_login_whose_space_is_not_found_is_a_login() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    let ran = terminal.run(&format!(
        "vigie login -a {address} --apikey {KEY} -o field-org -s nowhere"
    ));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(terminal.run("vigie iam token").code, 0);
    assert_eq!(terminal.file("config.json")["Account"]["GUID"], ACCOUNT);
    assert_eq!(terminal.file("config.json")["Region"], "us-south");
}
