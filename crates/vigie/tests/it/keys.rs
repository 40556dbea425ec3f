//! API keys.

use crate::terminal::{Terminal, mode};
use insta::assert_snapshot;

#[test]
fn from_creation_to_deletion() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie iam api-keys",
        "vigie iam api-keys -n ci --output json",
        "vigie iam api-keys --uuid",
        "vigie iam api-key-create ci -d builds --lock",
        "vigie iam api-key-create ci --file key.json",
        "vigie iam api-key-update ci -n cd",
        "vigie iam api-key-update ci",
        "vigie iam api-key-lock ci",
        "vigie iam api-key-unlock ci",
        "vigie iam api-key-disable ci --output json",
        "vigie iam api-key-enable ci",
        "vigie iam api-key-delete ci",
        "vigie iam api-key-delete ci -f",
        "vigie iam api-key-delete twin -f",
        "vigie iam api-key-delete ApiKey-2 -f",
        "vigie iam api-key-delete nobody -f",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let update = &terminal.server.asked("PUT", "/v1/apikeys/ApiKey-1")[0];
    assert_eq!(update.header("if-match"), "1-aa");
}

#[test]
fn a_key_in_a_file_is_for_its_owner_and_logs_in_again() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie iam api-key-create ci --file key.json");
    assert!(!ran.stdout.contains("vgk_"));
    assert_eq!(mode(&terminal.path("key.json")), 0o600);
    let text = std::fs::read_to_string(terminal.path("key.json")).unwrap();
    assert!(
        text.contains("\n\t\"apikey\": \"vgk_shown_once\""),
        "{text}"
    );
    let address = terminal.server.address;
    terminal.run(&format!("vigie login -a {address} --apikey @key.json"));
    let sent = terminal.server.asked("POST", "/identity/token");
    assert!(sent.last().unwrap().body.contains("apikey=vgk_shown_once"));
}
