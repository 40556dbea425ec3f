//! Each exit code that the help lists, made to happen; and the one code that old scripts know.

use crate::terminal::Terminal;
use serde_json::json;

/// Runs every line under our own name and under an old one.
fn codes(terminal: &mut Terminal, words: &str) -> (i32, i32) {
    let ours = terminal.run(&format!("vigie {words}"));
    let old = terminal.run(&format!("ibmcloud {words}"));
    assert!(!ours.stderr.contains("panicked"), "{}", ours.stderr);
    (ours.code, old.code)
}

#[test]
fn every_code_of_the_table_happens() {
    let mut terminal = Terminal::logged_in();
    assert_eq!(codes(&mut terminal, "target"), (0, 0));
    assert_eq!(
        codes(&mut terminal, "iam api-key-delete ApiKey-2 -f"),
        (1, 1)
    );
    assert_eq!(codes(&mut terminal, "iam oauth-token"), (2, 2));
    assert_eq!(codes(&mut terminal, "account org nowhere"), (5, 1));
    let refuse = |terminal: &Terminal| {
        terminal.server.store.lock().unwrap().instead.push_back((
            403,
            json!({"errors": [{"code": "BXNMSRI14E", "message": "you may not write here"}]}),
        ));
    };
    refuse(&terminal);
    refuse(&terminal);
    assert_eq!(codes(&mut terminal, "metrics send a.b=1"), (4, 1));
    std::fs::write(
        terminal.path("mixed"),
        "a.ok 1 1519862400\na..b 1 1519862400\n",
    )
    .unwrap();
    assert_eq!(codes(&mut terminal, "metrics send -f mixed"), (7, 1));
    assert_eq!(
        codes(&mut terminal, "login -a 127.0.0.1:1 --apikey vgk_good"),
        (6, 1)
    );
    assert_eq!(terminal.run("vigie logout").code, 0);
    assert_eq!(codes(&mut terminal, "iam oauth-tokens"), (3, 1));
    // Out of nothing one can be logged out again.
    assert_eq!(codes(&mut terminal, "logout"), (0, 0));
}

#[test]
fn the_table_is_told_by_the_help() {
    let mut terminal = Terminal::new();
    let help = terminal.run("vigie --help").stdout;
    for code in 0..=7 {
        assert!(help.contains(&format!("\n  {code}  ")), "{code}:\n{help}");
    }
}
