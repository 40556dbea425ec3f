//! Prompts at a terminal, and the effect of the answers.

use crate::person::{Person, without_port};
use crate::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn a_login_asks_for_what_is_missing_and_hides_the_password() {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    terminal.server.configure(|behavior| behavior.accounts = 2);
    let line = format!("vigie login -a {}", terminal.server.address);
    let mut person = Person::at(&terminal, &line);
    person.answer("\nEmail> ", "ada@example.org");
    person.answer("\nPassword> ", "wrong");
    person.answer("\nEmail> ", "ada@example.org");
    person.answer("\nPassword> ", "s3cret");
    person.answer("\nEnter a number or a name> ", "3");
    person.answer("\nEnter a number or a name> ", "2");
    person.answer("\nEnter a number or a name> ", "1");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("s3cret"), "{screen}");
    assert_snapshot!(without_port(&terminal, &screen));
    assert_eq!(terminal.file("config.json")["Region"], "eu-de");
}

#[test]
fn three_wrong_passwords_are_enough() {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    let line = format!(
        "ibmcloud login -a {} -u ada@example.org",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    for _ in 0..3 {
        person.answer("Password> ", "wrong");
    }
    let (screen, code) = person.leave();
    assert_eq!(code, 1, "{screen}");
    assert_eq!(screen.matches("Credentials were rejected.").count(), 3);
    assert_snapshot!(without_port(&terminal, &screen));
}

/// A choice offered by number is also taken by its name.
#[test]
fn a_region_is_chosen_by_its_name() {
    let terminal = Terminal::new();
    let line = format!(
        "vigie login -a {} --apikey vgk_good",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("Enter a number or a name> ", "eu");
    person.answer("Enter a number or a name> ", "eu-de");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("not a name in the list"), "{screen}");
    assert_eq!(terminal.file("config.json")["Region"], "eu-de");
}

#[test]
fn a_region_may_be_skipped_and_chosen_later() {
    let mut terminal = Terminal::new();
    let line = format!(
        "vigie login -a {} --apikey vgk_good",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("Enter a number or a name> ", "");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("Select a region (or press Enter to skip):"),
        "{screen}"
    );
    assert_eq!(terminal.file("config.json")["Region"], "");
    assert_eq!(terminal.run("vigie target -r us-south").code, 0);
    assert_eq!(terminal.file("config.json")["Region"], "us-south");
}

#[test]
fn a_one_time_code_is_asked_for_with_the_address_of_its_page() {
    let mut terminal = Terminal::new();
    terminal.set("NO_COLOR", "1");
    let line = format!(
        "vigie login -a {} --sso -r us-south",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("Open the URL in the default browser? [Y/n] > ", "n");
    person.answer("One Time Code > ", "abcdefghij");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("abcdefghij"), "{screen}");
    assert_snapshot!(without_port(&terminal, &screen));
    // With `manual`, no browser is offered.
    assert_eq!(terminal.run("vigie config --sso-otp manual").code, 0);
    let mut person = Person::at(&terminal, "vigie login --sso");
    person.answer("One Time Code > ", "abcdefghij");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("browser"), "{screen}");
}

#[test]
fn organization_and_space_are_chosen_from_lists() {
    let mut terminal = Terminal::logged_in();
    terminal.set("NO_COLOR", "1");
    let mut person = Person::at(&terminal, "vigie target --cf");
    person.answer("Enter a number or a name> ", "2");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert_snapshot!(without_port(&terminal, &screen));
}

#[test]
fn of_keys_with_the_same_name_one_is_chosen_and_a_deletion_confirmed() {
    let terminal = Terminal::logged_in();
    let mut person = Person::at(&terminal, "vigie iam api-key-delete twin");
    person.answer("Enter a number or a name> ", "2");
    person.answer("Really delete API key twin? [y/N]> ", "yes");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(
        terminal
            .server
            .requests("DELETE", "/v1/apikeys/ApiKey-3")
            .len(),
        1
    );
    let mut person = Person::at(&terminal, "vigie account org-delete field-org --recursive");
    person.answer(
        "Really delete org field-org with all its spaces and their metrics? [y/N]> ",
        "",
    );
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("Nothing was deleted."), "{screen}");
}

#[test]
fn a_new_password_is_typed_twice() {
    let terminal = Terminal::logged_in();
    let mut person = Person::at(&terminal, "vigie account password");
    person.answer("Current password> ", "old");
    for _ in 0..3 {
        person.answer("New password> ", "better-one");
        person.answer("New password again> ", "bitter-one");
    }
    let (screen, code) = person.leave();
    assert_eq!(code, 2, "{screen}");
    assert!(
        screen.contains("the two new passwords are not the same"),
        "{screen}"
    );
    let mut person = Person::at(&terminal, "vigie account password");
    person.answer("Current password> ", "old");
    person.answer("New password> ", "better-one");
    person.answer("New password again> ", "better-one");
    assert_eq!(person.leave().1, 0);
}

#[test]
fn ctrl_c_at_a_password_leaves_the_terminal_as_it_was() {
    let terminal = Terminal::new();
    let line = format!(
        "vigie login -a {} -u ada@example.org",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("Password> ", "half\u{15}wrong");
    person.wait_for("Password> ");
    assert!(!person.sees_keys());
    person.press("half\u{3}");
    let (screen, code) = person.leave();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.ends_with("interrupted\n\n"), "{screen}");
    assert!(!screen.contains("half"), "{screen}");
}

#[test]
fn colour_is_for_terminals_and_can_be_turned_off() {
    let line = "vigie account orgs";
    let coloured = |variable: Option<(&str, &str)>| {
        let mut terminal = Terminal::logged_in();
        if let Some((name, value)) = variable {
            terminal.set(name, value);
        }
        let (screen, code) = Person::at(&terminal, line).leave();
        assert_eq!(code, 0, "{screen}");
        assert!(!terminal.run(line).stdout.contains('\u{1b}'));
        screen.contains("\u{1b}[32;1mOK\u{1b}[0m") && screen.contains("\u{1b}[1mName\u{1b}[0m")
    };
    assert!(coloured(None));
    assert!(coloured(Some(("IBMCLOUD_COLOR", "true"))));
    for name in ["NO_COLOR", "VIGIE_COLOR", "IBMCLOUD_COLOR", "BLUEMIX_COLOR"] {
        assert!(!coloured(Some((name, "false"))), "{name}");
    }
    let mut terminal = Terminal::logged_in();
    assert_eq!(terminal.run("vigie config --color false").code, 0);
    let (screen, _) = Person::at(&terminal, line).leave();
    assert!(!screen.contains('\u{1b}'), "{screen}");
}

#[test]
fn a_long_sending_shows_how_far_it_is_and_ends_with_a_receipt() {
    let mut terminal = Terminal::logged_in();
    terminal.set("NO_COLOR", "1");
    let lines: String = (0..40)
        .map(|at| format!("a.b {at} {}\n", 1_519_862_400 + at * 60))
        .collect();
    std::fs::write(terminal.path("lines"), lines).unwrap();
    // Two waits are longer than what needs no progress.
    let busy = |terminal: &Terminal| {
        terminal
            .server
            .store
            .lock()
            .unwrap()
            .instead
            .extend([crate::store::busy(), crate::store::busy()]);
    };
    busy(&terminal);
    let line = "vigie metrics send --file lines --batch 1";
    let (screen, code) = Person::at(&terminal, line).leave();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("%  ") && screen.contains(" samples sent"),
        "{screen}"
    );
    assert!(screen.contains("Stored:     40"), "{screen}");
    busy(&terminal);
    let ran = terminal.run(line);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.contains("Stored:     40"), "{}", ran.stdout);
    busy(&terminal);
    let (screen, _) = Person::at(&terminal, &format!("{line} --quiet")).leave();
    assert!(!screen.contains("samples sent"), "{screen}");
}

#[test]
fn drawings_fit_the_terminal() {
    let terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for minute in 0..200_i64 {
        store
            .samples
            .entry("shop.eu-central-1.orders.latency-ms".to_owned())
            .or_default()
            .insert(
                (1_519_862_400 + minute * 60) * 1000,
                serde_json::json!(minute * 1000),
            );
    }
    drop(store);
    for format in ["sparkline", "chart"] {
        for columns in [40_u16, 60, 100, 160] {
            let line = format!(
                "vigie metrics get shop.*.*.* --from 20180301 --until 20180302 --format {format}"
            );
            let (screen, code) = Person::at_width(&terminal, &line, columns).leave();
            assert_eq!(code, 0, "{screen}");
            let widest = screen
                .lines()
                .map(|line| line.chars().count())
                .max()
                .unwrap();
            // The figures under a chart's title stay in one line.
            let allowed = usize::from(columns).max(60);
            assert!(widest <= allowed, "{format} {columns}:\n{screen}");
            assert!(
                format == "chart" || widest <= usize::from(columns),
                "{screen}"
            );
        }
    }
}
