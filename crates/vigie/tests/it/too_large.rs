//! A server that takes smaller bodies than the ones sent: what can be sent in parts is, and what cannot is said, and fails.

use crate::terminal::Terminal;
use serde_json::{Value, json};

fn too_large() -> (u16, Value) {
    (
        413,
        json!({"errors": [{"code": "BXNMSSV05E", "message": "the body is larger than body_bytes"}]}),
    )
}

fn refused_at_first(requests: usize) -> Terminal {
    let terminal = Terminal::logged_in();
    crate::agent::host(&terminal);
    let answers = std::iter::repeat_with(too_large).take(requests);
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .extend(answers);
    terminal
}

#[test]
fn regression_7_a_reading_that_is_too_large_is_sent_in_parts() {
    let mut whole = refused_at_first(0);
    assert_eq!(whole.run("vigie agent --once --proc proc --host h").code, 0);
    let all = whole.server.store.lock().unwrap().len();
    let mut terminal = refused_at_first(3);
    let ran = terminal.run("vigie agent --once --proc proc --host h");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.stderr.contains("rejected"), "{ran:?}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), all);
}

#[test]
fn regression_7_a_reading_that_is_rejected_is_a_failure() {
    for how in ["--once", "--readings 1"] {
        let mut terminal = refused_at_first(100_000);
        let ran = terminal.run(&format!("vigie agent {how} --proc proc --host h"));
        assert_eq!(ran.code, 1, "{how}: {ran:?}");
        assert!(ran.stderr.contains("rejected"), "{how}: {ran:?}");
        // Some stored, some not.
        let mut terminal = refused_at_first(0);
        let items = terminal.run("vigie agent --once --print --proc proc --host h");
        let items = items.stdout.lines().count();
        assert!(items > 2, "{items}");
        // The first part is halved down to one sample, which is given up.
        let halvings = (items as f64).log2().ceil() as usize + 1;
        terminal
            .server
            .store
            .lock()
            .unwrap()
            .instead
            .extend(std::iter::repeat_with(too_large).take(halvings));
        let ran = terminal.run(&format!("vigie agent {how} --proc proc --host h"));
        assert_eq!(ran.code, 7, "{how}: {ran:?}");
        let stored = terminal.server.store.lock().unwrap().len();
        assert!(stored > 0 && stored < items, "{how}: {stored} of {items}");
    }
}

#[test]
fn regression_7_a_batch_that_is_too_large_is_sent_in_parts() {
    let mut terminal = refused_at_first(3);
    let lines: String = (0..50)
        .map(|at| format!("a.s{at} 1 1519862400\n"))
        .collect();
    std::fs::write(terminal.path("lines"), lines).unwrap();
    let ran = terminal.run("vigie metrics send --file lines");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 50);
    // One sample alone cannot be made smaller.
    let mut terminal = refused_at_first(100_000);
    let ran = terminal.run("vigie metrics send a.b=1 a.c=2");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("larger than body_bytes"), "{ran:?}");
}
