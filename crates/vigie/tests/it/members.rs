//! Roles, and the settings of a domain: commands for what the API has always had.

use crate::fixture::{ORG, SPACE};
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::{Value, json};

#[test]
fn users_are_listed_with_their_roles() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie account org-users field-org",
        "vigie account org-users field-org -a --output json",
        "vigie account space-users dev",
        "vigie account space-users field-org dev -q",
        "vigie account space-users dev -o field-org --output json",
        "vigie account space-users nowhere",
        "vigie account users --all-roles",
        "vigie account users --all-roles --output json",
        "vigie account roles",
        "vigie account roles --output json",
        "bx iam org-users field-org",
        "bx iam space-users field-org dev",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_space_gets_another_name() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie account space-rename dev main",
        "vigie target --output json",
        "vigie account space-rename nowhere main",
        "bx iam space-rename dev main -o field-org",
        "vigie account space-rename dev main --output json",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let asked = terminal
        .server
        .requests("PUT", &format!("/v2/spaces/{SPACE}"));
    assert_eq!(asked[0].json(), json!({"name": "main"}));
    assert_eq!(
        terminal.file(".cf/config.json")["SpaceFields"]["Name"],
        "main"
    );
}

/// As in the original, it is the server that looks whether the name is another one.
#[test]
fn a_space_and_an_organization_may_be_given_the_names_that_they_have() {
    let mut terminal = Terminal::logged_in();
    for (line, path) in [
        ("space-rename dev dev", format!("/v2/spaces/{SPACE}")),
        (
            "org-rename field-org field-org",
            format!("/v2/organizations/{ORG}"),
        ),
    ] {
        let ran = terminal.run(&format!("vigie account {line} -q"));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{line}: {ran:?}");
        assert_eq!(terminal.server.requests("PUT", &path).len(), 1, "{line}");
    }
}

#[test]
fn the_settings_of_a_domain() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie metrics settings",
        "vigie metrics settings --resolution 300",
        "vigie metrics settings --resolution none --scope org --output json",
        "vigie metrics settings --key-before-names on",
        "vigie metrics settings --key-before-names maybe",
        "vigie metrics settings --resolution 0",
        "vigie metrics settings --resolution often",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let sent = terminal.server.requests("PUT", "/v1/settings/domain");
    let bodies: Vec<Value> = sent
        .iter()
        .map(crate::fixture::RecordedRequest::json)
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"resolution_seconds": 300}),
            json!({"resolution_seconds": null}),
            json!({"key_before_names": true})
        ]
    );
    assert_eq!(sent[0].header("x-auth-scope-id"), format!("s-{SPACE}"));
    assert_eq!(sent[1].header("x-auth-scope-id"), format!("o-{ORG}"));
}

/// A change to how everyone reads must be told whose metrics it is for.
#[test]
fn settings_are_not_changed_where_nothing_is_targeted() {
    let mut terminal = Terminal::logged_in();
    terminal.edit(".cf/config.json", |cf| {
        cf["SpaceFields"] = json!({"GUID": "", "Name": ""});
    });
    let ran = terminal.run("vigie metrics settings --resolution 60");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        terminal
            .server
            .requests("PUT", "/v1/settings/domain")
            .is_empty()
    );
}

#[test]
fn a_key_ends_after_a_length_of_time() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie iam api-key-create ci --expires 90d");
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = terminal.server.requests("POST", "/v1/apikeys");
    let expiry = asked[0].json()["expires_at"].as_str().unwrap().to_owned();
    let at: jiff::Timestamp = expiry.parse().unwrap();
    let days = (at.as_second() - jiff::Timestamp::now().as_second()) / 3600;
    assert!((90 * 24 - 1..=90 * 24).contains(&days), "{expiry}");
    for wrong in ["90", "soon", "0x"] {
        let ran = terminal.run(&format!("vigie iam api-key-create ci --expires {wrong}"));
        assert_eq!(ran.code, 2, "{wrong}: {ran:?}");
    }
}

#[test]
fn a_region_that_is_not_there_is_named() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "account spaces",
        "account orgs",
        "account org field-org",
        "account org-create new-org",
    ] {
        let ran = terminal.run(&format!("vigie {line} --region nowhere"));
        assert_eq!(ran.code, 5, "{line}: {ran:?}");
        assert!(
            ran.stderr.contains("no region `nowhere`"),
            "{line}: {ran:?}"
        );
        assert!(ran.stderr.contains("`vigie regions`"), "{line}: {ran:?}");
    }
    let spaces = terminal.run("vigie account spaces --region us-south");
    assert_eq!(spaces.code, 0, "{spaces:?}");
}
