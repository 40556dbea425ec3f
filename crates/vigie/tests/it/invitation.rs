//! Invitations: told at the login, listed, answered; a one-time code becomes a password.

use crate::person::Person;
use crate::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn answering_invitations() {
    let mut terminal = Terminal::new();
    terminal
        .server
        .configure(|behavior| behavior.invitations = 2);
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
    terminal
        .server
        .configure(|behavior| behavior.invitations = 0);
    terminal.run("vigie account invitations");
    assert_snapshot!(terminal.transcript());
    let asked = terminal
        .server
        .requests("POST", "/v2/users/self/invitations/IBMid-1/accept");
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
    let asked = terminal.server.requests("POST", "/v2/users/redeem");
    assert_eq!(asked[0].json()["new_password"], "s3cret");
}

#[test]
fn a_one_time_code_is_known_however_it_is_typed() {
    for code in [
        "vgc0123456789abcdefghjk",
        "VGC0123-4567-89AB-CDEF-GHJK",
        "vgc 0123 4567 89ab cdef ghjk",
    ] {
        let mut terminal = Terminal::new();
        terminal.set("NO_COLOR", "1");
        let address = terminal.server.address;
        let login = format!(
            "vigie login -a {address} -u ada@example.org --no-region --new-password s3cret"
        );
        let mut person = Person::at(&terminal, &login);
        person.answer("Password> ", code);
        let (screen, status) = person.leave();
        assert_eq!(status, 0, "{code}: {screen}");
        assert_eq!(
            terminal.server.requests("POST", "/v2/users/redeem").len(),
            1
        );
    }
}

/// Where two new passwords differ, they are asked for again, three times at most; the code is still good.
#[test]
fn new_passwords_that_differ_are_asked_for_again() {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    let login = format!(
        "vigie login -a {} -u ada@example.org --no-region -p vgc-0123-4567-89ab-cdef-ghjk",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &login);
    person.answer("New password> ", "s3cret");
    person.answer("New password again> ", "s3cert");
    person.answer("New password> ", "s3cret");
    person.answer("New password again> ", "s3cret");
    let (screen, status) = person.leave();
    assert_eq!(status, 0, "{screen}");
    assert!(screen.contains("are not the same"), "{screen}");
    for line in [login.as_str(), "vigie account password --current s3cret"] {
        let mut person = Person::at(&terminal, line);
        for _ in 0..3 {
            person.answer("New password> ", "s3cret");
            person.answer("New password again> ", "s3cert");
        }
        let (screen, status) = person.leave();
        assert_eq!(status, 2, "{screen}");
    }
    let asked = terminal.server.requests("POST", "/v2/users/redeem");
    let set = asked.iter().filter(|one| one.json()["new_password"] != "");
    assert_eq!(set.count(), 1);
}

/// The person chose a password, twice, for a code that was used up.
#[test]
fn regression_7_a_used_code_is_told_before_a_password_is_chosen() {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    let login = format!(
        "vigie login -a {} -u ada@example.org --no-region -p vgc-9999-9999-9999-9999-9999",
        terminal.server.address
    );
    let person = Person::at(&terminal, &login);
    let (screen, status) = person.leave();
    assert_eq!(status, 3, "{screen}");
    assert!(screen.contains("replaced by a newer one"), "{screen}");
    assert!(!screen.contains("New password"), "{screen}");
}

#[test]
fn an_account_one_is_invited_into_names_the_step_that_is_missing() {
    let mut terminal = Terminal::new();
    terminal
        .server
        .configure(|behavior| behavior.invitations = 1);
    let account = "fedcba9876543210fedcba9876543210";
    let login = format!(
        "vigie login -a {} -u ada@example.org -p s3cret --no-region -c {account}",
        terminal.server.address
    );
    let ran = terminal.run(&login);
    assert_eq!(ran.code, 5, "{ran:?}");
    for expected in ["`--accept`", &format!("`vigie account accept {account}`")] {
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
    }
    let ran = terminal.run(&format!("vigie target -c {account}"));
    assert!(ran.stderr.contains("account accept"), "{ran:?}");
    let ran = terminal.run("vigie target -c nowhere");
    assert!(!ran.stderr.contains("account accept"), "{ran:?}");
    assert!(ran.stderr.contains("`vigie account list`"), "{ran:?}");
}
