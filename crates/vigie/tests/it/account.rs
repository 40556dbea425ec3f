//! Accounts, organizations, spaces, users and roles.

use crate::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn organizations_and_spaces() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie account list",
        "vigie account orgs",
        "vigie account orgs --guid",
        "vigie account orgs --output json",
        "vigie account org field-org",
        "vigie account org field-org --guid",
        "bx iam org field-org --guid",
        "vigie account org nowhere --guid",
        "vigie account org-create new-org",
        "vigie account org-rename field-org meadow-org",
        "vigie account org-delete field-org",
        "vigie account org-delete field-org -f",
        "vigie account org-delete field-org -f --recursive",
        "vigie account spaces",
        "vigie account spaces -o field-org",
        "vigie account space dev -o field-org",
        "bx iam space dev -o field-org --guid",
        "vigie account space-create prod -o field-org --output json",
        "vigie account space-delete dev -o field-org -f",
        "vigie account space-delete dev -o field-org",
        "vigie account deleted",
        "vigie account deleted --output json",
        "vigie account space-restore old-space",
        "vigie account space-restore old-space --output json",
        "vigie account space-restore twice",
        "vigie account space-restore twice -o field-org",
        "vigie account space-restore nowhere",
        "vigie account org-restore old-org --name new-org",
        "vigie account org-restore nowhere",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

/// Their session has ended at the server.
#[test]
fn who_removes_themselves_is_logged_out() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| behavior.accounts = 2);
    terminal.run("vigie account user-remove ada@example.org -f");
    terminal.run("vigie account users");
    assert_snapshot!(terminal.transcript());
    let config = terminal.file(".cf/config.json");
    assert_eq!(config["AccessToken"], "", "{config}");
    assert_eq!(config["RefreshToken"], "", "{config}");

    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| behavior.accounts = 2);
    let ran = terminal.run("vigie account user-remove ada@example.org -f --output json");
    let removed: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(removed["removed"], true);
    assert_eq!(terminal.file(".cf/config.json")["AccessToken"], "");
}

#[test]
fn a_role_for_somebody_unknown_says_how_they_become_known() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie account role-set cy@example.org Viewer",
        "vigie account space-role-set cy@example.org field-org dev SpaceAuditor",
        "vigie account role-unset cy@example.org Viewer",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

#[test]
fn users_and_roles() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie account users",
        "vigie account users --output json",
        "vigie account user-invite bo@example.org -o field-org -s dev --space-role SpaceDeveloper",
        "vigie account user-invite bo@example.org -o nowhere",
        "vigie account user-invite dora@example.org",
        "vigie account user-remove bo@example.org",
        "vigie account user-remove Bo@Example.org -f",
        "vigie account user-remove bo@example.org --force --output json",
        "vigie account user-remove ada@example.org -f",
        "vigie account user-remove nobody@example.org -f",
        "vigie account role-set bo@example.org Viewer",
        "vigie account org-role-set bo@example.org field-org OrgManager",
        "vigie account org-role-unset bo@example.org field-org orgmanager --output json",
        "vigie account space-role-set bo@example.org field-org dev SpaceAuditor",
        "bx iam space-role-unset bo@example.org field-org dev SpaceAuditor",
        "vigie account space-role-set bo@example.org field-org dev King",
        "vigie account password --current old --new-password better-one",
        "vigie account password --current wrong --new better-one",
        "vigie account password",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let taken = terminal.server.requests(
        "DELETE",
        &format!("/v2/spaces/{}/auditors", crate::fixture::SPACE),
    );
    assert_eq!(taken[0].body, r#"{"username":"bo@example.org"}"#);
}

#[test]
fn targets() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| behavior.spaces = 2);
    for line in [
        "vigie target",
        "vigie target -r eu-de",
        "vigie target -s dev",
        "vigie target -o field-org -s dev",
        "vigie target --cf",
        "vigie target --unset-region",
        "vigie account spaces",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

#[test]
fn the_older_names_of_the_same() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "bx iam accounts",
        "bluemix iam accounts --output json",
        "bx iam account-users",
        "bx iam account-user-invite bo@example.org",
        "bx iam orgs",
        "bx iam orgs --guid",
        "bx iam org-create new-org",
        "bx iam org-rename field-org meadow-org",
        "bx iam org-delete other-org -f",
        "bx iam spaces -o field-org --guid",
        "bx iam spaces -o field-org -q",
        "bx iam space-create prod -o field-org",
        "bx iam space-delete dev -o field-org -f",
        "bx iam org-role-set bo@example.org field-org OrgAuditor",
        "bx iam org-role-unset bo@example.org field-org OrgAuditor",
        "bx iam space-role-set bo@example.org field-org dev SpaceManager",
        "ibmcloud account space-role-unset bo@example.org field-org dev SpaceManager",
        "ibmcloud account role-unset bo@example.org Viewer",
        "bx iam org nowhere --guid",
        "bx iam org-role-set bo@example.org nowhere OrgUser",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}
