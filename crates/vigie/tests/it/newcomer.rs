//! A member whom nobody has given a role yet, and the one word for yes.

use crate::fixture::SPACE;
use crate::terminal::Terminal;
use serde_json::Value;

/// Each hint led to the next command, and the last back to the first.
#[test]
fn regression_7_a_member_without_a_role_is_told_who_gives_one() {
    let mut terminal = Terminal::new();
    terminal.server.configure(|behavior| behavior.orgs = 0);
    let address = terminal.server.address;
    let login = terminal.run(&format!("vigie login -a {address} --apikey vgk_good"));
    assert_eq!(login.code, 0, "{login:?}");
    let expected = "you have no role in an organization yet";
    let gives = "`vigie account space-role-set ada@example.org ORG SPACE SpaceDeveloper`";
    let orgs = terminal.run("vigie account orgs");
    assert_eq!(orgs.code, 0, "{orgs:?}");
    let login_again = "or log in again with `vigie login`";
    for part in [expected, gives, login_again] {
        assert!(orgs.stderr.contains(part), "{orgs:?}");
        let spaces = terminal.run("vigie account spaces");
        assert!(spaces.stderr.contains(part), "{spaces:?}");
    }
    assert!(login.stderr.contains(expected), "{login:?}");
    // The list for programs stays a list.
    let orgs = terminal.run("vigie account orgs --output json");
    assert_eq!(orgs.stdout.trim(), "[]", "{orgs:?}");
    // Given a role after the login, the only organization is taken, as a login does.
    terminal.server.configure(|behavior| behavior.orgs = 1);
    let spaces = terminal.run("vigie account spaces --guid");
    assert_eq!(spaces.code, 0, "{spaces:?}");
    assert!(spaces.stdout.contains(SPACE), "{spaces:?}");
    terminal.server.configure(|behavior| behavior.orgs = 2);
    let spaces = terminal.run("vigie account spaces");
    assert_eq!(spaces.code, 2, "{spaces:?}");
    assert!(spaces.stderr.contains("`-o ORG`"), "{spaces:?}");
}

#[test]
fn regression_7_yes_is_said_in_one_way_and_its_lack_has_one_code() {
    let mut terminal = Terminal::logged_in();
    assert_eq!(terminal.run("vigie metrics send a.b=1").code, 0);
    for line in [
        "account space-delete dev",
        "account org-delete field-org",
        "account user-remove bo@example.org",
        "iam api-key-delete ci",
        "metrics delete a.b",
    ] {
        let ran = terminal.run(&format!("vigie {line}"));
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(ran.stderr.contains("`--yes`"), "{line}: {ran:?}");
        let ran = terminal.run(&format!("vigie {line} --output json"));
        let report: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(report["error"]["code"], "confirmation_missing", "{line}");
        let help = terminal.run(&format!("vigie {line} --help")).stdout;
        assert!(help.contains("--yes"), "{line}: {help}");
    }
    let help = terminal.run("vigie --help").stdout;
    assert!(help.contains("confirmation_missing"), "{help}");
    // Under the names of the original, its own flag.
    let ran = terminal.run("bx iam api-key-delete ci");
    assert!(ran.stderr.contains("`-f`"), "{ran:?}");
}

#[test]
fn regression_7_the_codes_fit_a_narrow_terminal() {
    let mut terminal = Terminal::new();
    let help = terminal.run("vigie --help").stdout;
    let codes = help.split_once("else one of:").unwrap().1;
    let rows = codes.lines().filter(|line| line.starts_with("  "));
    let rows: Vec<&str> = rows.collect();
    assert!(!rows.is_empty(), "{codes}");
    for pair in rows.chunks(2) {
        let [code, meaning] = pair else {
            panic!("{pair:?}");
        };
        assert!(!code.trim().contains(' '), "{pair:?}");
        assert!(meaning.starts_with("      "), "{pair:?}");
        assert!(meaning.len() <= 60, "{pair:?}");
    }
}

/// Each of these named a command that failed.
#[test]
fn a_member_without_a_role_is_sent_to_no_command_that_fails() {
    let mut terminal = Terminal::new();
    terminal.server.configure(|behavior| behavior.orgs = 0);
    let address = terminal.server.address;
    let login = terminal.run(&format!("vigie login -a {address} --apikey vgk_good"));
    assert_eq!(login.code, 0, "{login:?}");
    assert!(login.stdout.contains("no role"), "{login:?}");
    let gives = "`vigie account space-role-set ada@example.org ORG SPACE SpaceDeveloper`";
    for (line, code) in [
        ("target -s dev", 5),
        ("metrics send a.b=1", 2),
        ("metrics list --scope space", 2),
        ("agent --once", 2),
        ("iam token --env", 0),
    ] {
        let ran = terminal.run(&format!("vigie {line}"));
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.stderr.contains(gives), "{line}: {ran:?}");
        assert!(!ran.stderr.contains("vigie target"), "{line}: {ran:?}");
    }
    assert!(!login.stdout.contains("vigie target"), "{login:?}");
    // With a role, there is something to target.
    terminal.server.configure(|behavior| behavior.orgs = 1);
    let ran = terminal.run("vigie metrics send a.b=1");
    assert!(
        ran.stderr.contains("`vigie target -o ORG -s SPACE`"),
        "{ran:?}"
    );
}
