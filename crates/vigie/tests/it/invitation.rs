//! Invitations: told at the login, listed, answered; a one-time code becomes a password.

use crate::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn answering_invitations() {
    let mut terminal = Terminal::new();
    terminal.server.turn(|knobs| knobs.invitations = 2);
    let address = terminal.server.address;
    terminal.run(&format!(
        "vigie login -a {address} -u ada@example.org -p s3cret --no-region"
    ));
    for line in [
        "vigie account invitations",
        "vigie account invitations --output json",
        "vigie account accept fedcba9876543210fedcba9876543210",
        "vigie account accept IBMid-1 --code vgc-0123-4567-89ab-cdef-ghjk --output json",
        "vigie account accept nowhere",
        "vigie account decline fedcba9876543210fedcba9876543211",
        "vigie login -u ada@example.org -p s3cret --no-region --accept",
        "vigie login -u ada@example.org -p s3cret --no-region --accept -c fedcba9876543210fedcba9876543211",
    ] {
        terminal.run(line);
    }
    terminal.server.turn(|knobs| knobs.invitations = 0);
    terminal.run("vigie account invitations");
    assert_snapshot!(terminal.transcript());
    let asked = terminal
        .server
        .asked("POST", "/v2/users/self/invitations/IBMid-1/accept");
    assert!(asked[0].body.contains("vgc-0123"), "{asked:?}");
}

#[test]
fn a_one_time_code_is_typed_as_the_password() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    let code = "vgc-0123-4567-89ab-cdef-ghjk";
    let login = format!("vigie login -a {address} -u ada@example.org --no-region");
    terminal.run(&format!("{login} -p {code}"));
    terminal.run(&format!("{login} -p {code} --new-password s3cret"));
    terminal.run(&format!(
        "{login} -p vgc-9999-9999-9999-9999-9999 --new-password s3cret"
    ));
    assert_snapshot!(terminal.transcript());
    let asked = terminal.server.asked("POST", "/v2/users/redeem");
    assert_eq!(asked[0].json()["new_password"], "s3cret");
}
