//! A login is renewed in the second half of its token's life, so that its use counts where unused sessions are ended.

use crate::fixture::jwt_of_age;
use crate::terminal::Terminal;
use std::fs::File;

/// Puts a token in the file that was issued and stored so long ago, and returns it as it is printed.
fn age(terminal: &Terminal, age_s: i64, left_s: i64) -> String {
    let token = jwt_of_age(age_s, left_s);
    terminal.edit("config.json", |config| {
        let stored_at = config["LastSessionUpdateTime"].as_i64().unwrap();
        config["LastSessionUpdateTime"] = (stored_at - age_s).into();
        config["IAMToken"] = format!("Bearer {token}").into();
    });
    format!("{token}\n")
}

fn renewals(terminal: &Terminal) -> usize {
    terminal.server.requests("POST", "/identity/token").len() - 1
}

#[test]
fn a_token_is_renewed_once_half_of_its_life_is_over() {
    let mut terminal = Terminal::logged_in();
    let held = age(&terminal, 300, 600);
    assert_eq!(terminal.run("vigie iam token").stdout, held);
    assert_eq!(renewals(&terminal), 0);
    let held = age(&terminal, 500, 400);
    let ran = terminal.run("vigie iam token");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_ne!(ran.stdout, held);
    assert_eq!(terminal.file("config.json")["IAMRefreshToken"], "vgr_2");
    // Its successor is in the first half of its life.
    assert_eq!(terminal.run("vigie iam token").stdout, ran.stdout);
    assert_eq!(renewals(&terminal), 1);
}

#[test]
fn a_good_token_serves_where_none_is_given_for_it_yet() {
    let mut terminal = Terminal::logged_in();
    let held = age(&terminal, 500, 400);
    for status in [429, 503] {
        terminal.server.configure(|behavior| {
            behavior.refresh_refused = Some("BXNIM0439E");
            behavior.refresh_status = status;
        });
        let ran = terminal.run("vigie iam token");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert_eq!(ran.stdout, held, "{status}");
    }
    assert_eq!(renewals(&terminal), 2);
    // One command asks once, however many requests it makes.
    let ran = terminal.run("vigie account orgs");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(renewals(&terminal), 3);
}

#[test]
fn a_session_that_the_server_calls_ended_has_ended() {
    let mut terminal = Terminal::logged_in();
    age(&terminal, 500, 400);
    terminal
        .server
        .configure(|behavior| behavior.refresh_refused = Some("BXNIM0439E"));
    let ran = terminal.run("vigie iam token");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(ran.stderr.contains("BXNIM0439E"), "{ran:?}");
    assert_eq!(terminal.run("vigie status").code, 3);
}

#[test]
fn nobody_waits_for_another_process_that_renews() {
    let mut terminal = Terminal::logged_in();
    let held = age(&terminal, 500, 400);
    let lock = File::create(terminal.path(".vigie/config.json.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(terminal.run("vigie iam token").stdout, held);
    assert_eq!(renewals(&terminal), 0);
    drop(lock);
    assert_ne!(terminal.run("vigie iam token").stdout, held);
}

#[test]
fn a_login_without_a_refresh_token_is_left_as_it_is() {
    let mut terminal = Terminal::logged_in();
    let held = age(&terminal, 500, 400);
    terminal.edit("config.json", |config| {
        config["IAMRefreshToken"] = "not_supported".into();
    });
    let ran = terminal.run("vigie iam token");
    assert_eq!((ran.stdout, ran.stderr), (held, String::new()));
    assert_eq!(renewals(&terminal), 0);
}
