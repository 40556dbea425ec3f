//! A token that must be renewed in the middle of a command: each command goes on with its successor.

use crate::fixture::jwt_of_age;
use crate::hostile::COMMANDS;
use crate::terminal::Terminal;

/// A token that the server takes, issued so long ago and good for so long.
fn token(age_s: i64, left_s: i64) -> String {
    format!("{}1", jwt_of_age(age_s, left_s))
}

/// Runs every command at a login with this token, made anew for each.
fn check_every_command(is: &str, token: &str, is_refused: bool) {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.refused_token = is_refused.then(|| token.to_owned());
    });
    let files = ["config.json", ".cf/config.json"].map(|name| (name, terminal.file(name)));
    let mut ran = 0;
    for line in COMMANDS {
        let line = line.replace('~', "");
        if line.starts_with("log") || line.contains("ADDRESS") {
            continue;
        }
        for (name, content) in &files {
            // A command may have removed it.
            std::fs::create_dir_all(terminal.path(".vigie/.cf")).unwrap();
            let path = terminal.path(".vigie").join(name);
            std::fs::write(path, content.to_string()).unwrap();
        }
        terminal.edit("config.json", |config| {
            config["IAMToken"] = format!("Bearer {token}").into();
            config["LastSessionUpdateTime"] = 0.into();
        });
        let done = terminal.run(&format!("vigie {line}"));
        let is_known = [0, 1, 2, 3, 4, 5, 6, 7].contains(&done.code);
        assert!(is_known, "`{line}` with a token that {is}: {done:?}");
        assert!(!done.stderr.contains("panicked"), "`{line}`: {done:?}");
        assert!(!done.stderr.contains("signature"), "`{line}`: {done:?}");
        ran += 1;
    }
    assert!(ran > 100, "{ran}");
}

/// Whoever named an organization got a panic: the program held its configuration while the login in it was renewed.
#[test]
fn of_one_that_has_expired() {
    check_every_command("has expired", &token(3700, -100), false);
}

#[test]
fn of_one_in_the_second_half_of_its_life() {
    check_every_command("is old", &token(3000, 600), false);
}

/// The key that signed it is retired. Only the commands of metrics went on.
#[test]
fn of_one_that_is_refused_before_its_time() {
    check_every_command("is refused", &token(60, 3540), true);
}

#[test]
fn a_request_is_repeated_once_and_a_change_is_made_once() {
    let mut terminal = Terminal::logged_in();
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(401));
    let refused = terminal.run("vigie account space-create new");
    assert_eq!(refused.code, 3, "{refused:?}");
    let tries = terminal.server.requests("GET", "/v2/organizations").len();
    assert!(tries <= 2, "{tries}");

    let mut terminal = Terminal::logged_in();
    let held = terminal.run("vigie iam token").stdout.trim_end().to_owned();
    terminal
        .server
        .configure(|behavior| behavior.refused_token = Some(held));
    let made = terminal.run("vigie account org-create new");
    assert_eq!(made.code, 0, "{made:?}");
    let tries = terminal.server.requests("POST", "/v2/organizations");
    assert!(tries.len() <= 2, "{tries:?}");
}
