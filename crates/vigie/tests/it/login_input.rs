//! Input of a login without flags: by a person who is asked, by a script that writes lines, and by the command lines
//! that old scripts have.

use crate::fixture::KEY;
use crate::person::Person;
use crate::terminal::{Finished, Terminal};
use insta::assert_snapshot;
use std::io::Write as _;
use std::process::Stdio;

/// Runs a line with this on standard input, as a pipe or as a file.
fn run_with(terminal: &Terminal, line: &str, input: &str, is_file: bool) -> Finished {
    let mut command = terminal.command(line);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let path = terminal.path("input");
    std::fs::write(&path, input).unwrap();
    let child = if is_file {
        command.stdin(std::fs::File::open(&path).unwrap()).spawn()
    } else {
        command.stdin(Stdio::piped()).spawn()
    };
    let mut child = child.unwrap();
    if let Some(mut pipe) = child.stdin.take() {
        // A program that reads no further is no failure of the test.
        drop(pipe.write_all(input.as_bytes()));
    }
    let output = child.wait_with_output().unwrap();
    Finished {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

fn grants(terminal: &Terminal) -> Vec<String> {
    let asked = terminal.server.requests("POST", "/identity/token");
    asked.into_iter().map(|asked| asked.body).collect()
}

#[test]
fn user_and_password_come_from_lines_of_standard_input() {
    for is_file in [false, true] {
        for (flags, input) in [
            ("", "ada@example.org\ns3cret\n"),
            // Answers to questions that the original asks as well.
            ("", "ada@example.org\r\ns3cret\r\nno\nno\n"),
            ("", "  ada@example.org \ns3cret"),
            ("-u ada@example.org", "s3cret\n"),
            ("-u apikey", "vgk_good\n"),
            ("--sso", "abcdefghij\n"),
            ("-u passcode", "abcdefghij\n"),
        ] {
            let terminal = Terminal::new();
            let address = terminal.server.address;
            let line = format!("ibmcloud login -a {address} -r us-south {flags}");
            let ran = run_with(&terminal, &line, input, is_file);
            assert_eq!(ran.code, 0, "{flags} {input:?}: {ran:?}");
            assert!(ran.stderr.contains("from standard input"), "{ran:?}");
            for secret in ["s3cret", "vgk_good", "abcdefghij"] {
                assert!(!format!("{ran:?}").contains(secret), "{ran:?}");
            }
        }
    }
}

/// It was missing, though user and password came from standard input.
#[test]
fn a_new_password_is_the_next_line() {
    let terminal = Terminal::new();
    let address = terminal.server.address;
    let login = format!("vigie login -a {address} --no-account --no-region");
    let code = "vgc-0123-4567-89ab-cdef-ghjk";
    let lines = format!("ada@example.org\n{code}\ns3cret\n");
    let ran = run_with(&terminal, &login, &lines, false);
    assert_eq!(ran.code, 0, "{ran:?}");
    let set = terminal.server.requests("POST", "/v2/users/redeem");
    assert_eq!(set[0].json()["new_password"], "s3cret");
    let change = "vigie account password";
    let ran = run_with(&terminal, change, "old\nbetter-one\n", true);
    assert_eq!(ran.code, 0, "{ran:?}");
    let path = "/v2/users/self/password";
    let changed = terminal.server.requests("PUT", path)[0].json();
    assert_eq!(changed["current_password"], "old");
    assert_eq!(changed["new_password"], "better-one");
    for (line, input) in [
        (login.as_str(), format!("ada@example.org\n{code}\n")),
        (change, "old\n".to_owned()),
    ] {
        let ran = run_with(&terminal, line, &input, false);
        assert_eq!(ran.code, 2, "{ran:?}");
        let expected = "the new password is missing";
        assert!(ran.stderr.contains(expected), "{ran:?}");
        let flag = "`--new-password @FILE`";
        assert!(ran.stderr.contains(flag), "{ran:?}");
    }
    assert_eq!(terminal.server.requests("PUT", path).len(), 1);
}

#[test]
fn a_wrong_line_is_one_try_and_a_missing_one_names_the_flags() {
    let terminal = Terminal::new();
    let line = format!("vigie login -a {}", terminal.server.address);
    let lines = "ada@example.org\nwrong\nada@example.org\ns3cret\n";
    let ran = run_with(&terminal, &line, lines, false);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(grants(&terminal).len(), 1);
    for (input, what) in [
        ("", "the user is missing"),
        ("\n", "the user on standard input is empty"),
        ("ada@example.org\n", "the password is missing"),
        (
            "ada@example.org\n\n",
            "the password on standard input is empty",
        ),
    ] {
        let ran = run_with(&terminal, &line, input, false);
        assert_eq!(ran.code, 2, "{input:?}: {ran:?}");
        assert!(ran.stderr.contains(what), "{input:?}: {ran:?}");
        assert!(ran.stderr.contains("-p @FILE`"), "{input:?}: {ran:?}");
    }
    let long = format!("ada@example.org\n{}\n", "x".repeat(70_000));
    let ran = run_with(&terminal, &line, &long, false);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("longer than 64 KiB"), "{ran:?}");
    assert_eq!(grants(&terminal).len(), 1);
}

/// A line is an answer where a secret is wanted, and nowhere else.
#[test]
fn a_line_is_no_consent() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| behavior.accounts = 2);
    let address = terminal.server.address;
    let line = format!("vigie login -a {address}");
    let ran = run_with(&terminal, &line, "ada@example.org\ns3cret\n1\n", false);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("several accounts"), "{ran:?}");
    let ran = run_with(
        &terminal,
        "vigie account org-delete field-org",
        "y\n",
        false,
    );
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        terminal.run("vigie login").code,
        2,
        "nothing is written there"
    );
}

#[test]
fn at_a_terminal_the_address_is_asked_for() {
    let terminal = Terminal::new();
    let address = terminal.server.address.to_string();
    let line = format!("vigie login --apikey {KEY} -r us-south -o field-org -s dev");
    let mut person = Person::at(&terminal, &line);
    person.answer("API endpoint> ", "ftp://x");
    person.answer("API endpoint> ", &address);
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("only `http` and `https` are supported"),
        "{screen}"
    );
    assert_eq!(
        terminal.file("config.json")["APIEndpoint"],
        format!("http://{address}")
    );
    // From then on it is known.
    assert_eq!(Person::at(&terminal, &line).leave().1, 0);
    let terminal = Terminal::new();
    let mut person = Person::at(&terminal, &line);
    for _ in 0..3 {
        person.answer("API endpoint> ", "");
    }
    let (screen, code) = person.leave();
    assert_eq!(code, 2, "{screen}");
}

#[test]
fn without_one_the_address_is_named() {
    let mut terminal = Terminal::new();
    let ran = terminal.run("vigie login --apikey vgk_good");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`vigie login -a https://SERVER`"));
}

#[test]
fn lines_of_old_scripts_are_taken_or_refused_clearly() {
    let mut terminal = Terminal::new();
    let address = terminal.server.address;
    for line in [
        "ibmcloud config --check-version=FALSE",
        "ibmcloud config --check-version false",
        "ibmcloud config --color FALSE",
        "ibmcloud plugin install cloud-monitoring -f -r Bluemix",
        "ibmcloud plugin list",
        "ibmcloud update -f",
        &format!("ibmcloud login -a {address} --apikey {KEY} -r us-south --no-iam -g Default"),
        &format!("ibmcloud login -a {address} --apikey {KEY} -r us-south -q"),
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    assert_eq!(
        terminal.file("config.json")["CheckCLIVersionDisabled"],
        true
    );
    assert_eq!(terminal.file("config.json")["ColorEnabled"], "false");
    let ran = terminal.run("ibmcloud plugin list --output json");
    assert_eq!(ran.stdout.trim(), "[]");
    // No invitation waits.
    let ran = terminal.run(&format!(
        "ibmcloud login -a {address} --apikey {KEY} --accept"
    ));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = terminal.run(&format!(
        "ibmcloud login -a {address} --apikey {KEY} -r mars"
    ));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("there is `eu-de`, `us-south`"),
        "{ran:?}"
    );
    let ran = terminal.run("ibmcloud config --check-version=never");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("neither `true` nor `false`"), "{ran:?}");
}

#[test]
fn what_there_is_nothing_to_do_for_says_so() {
    let mut terminal = Terminal::new();
    for line in [
        "ibmcloud plugin install cloud-monitoring -f",
        "vigie plugin list --output json",
        "bx update -f",
        "vigie update",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
}
