//! `metrics tail`: what arrives is written once, what was there is not, and whoever ends it is not told off.

use crate::metrics_watch::{ended, interrupted, keep, started};
use crate::terminal::Terminal;
use std::io::{BufRead as _, BufReader};

#[test]
fn what_arrives_is_written_once() {
    let terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let line = "vigie metrics tail w.* --interval 1s --format csv";
    let (mut child, mut lines) = started(&terminal, line);
    assert_eq!(lines.next().unwrap(), "name,timestamp,value");
    // It says what it does, and from then on writes.
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = errors.next().unwrap().unwrap();
    assert!(first.contains("read every 1 s"), "{first}");
    assert!(first.contains("times are of UTC"), "{first}");
    keep(&terminal, "w.b", 1_519_862_430, 7);
    assert_eq!(lines.next().unwrap(), "w.b,1519862430,7");
    // A value that has changed is written again.
    keep(&terminal, "w.a", 1_519_862_400, 5);
    assert_eq!(lines.next().unwrap(), "w.a,1519862400,5");
    let busy = crate::store::busy;
    (terminal.server.store.lock().unwrap().instead).extend([busy(), busy()]);
    keep(&terminal, "w.a", 1_519_862_460, 2);
    assert_eq!(lines.next().unwrap(), "w.a,1519862460,2");
    let warned = errors.next().unwrap().unwrap();
    assert!(warned.contains("trying again every 1 s"), "{warned}");
    let (code, _) = interrupted(child);
    assert_eq!(code, Some(0));
    assert_eq!(lines.next(), None);
    let asked = terminal.server.requests("GET", "/v1/metrics");
    assert!(asked[0].query.contains("from=-600s"), "{}", asked[0].query);
    assert!(
        asked
            .iter()
            .all(|request| request.query.contains("as=sent"))
    );
}

/// A slip in a pattern would be waited for without an end.
#[test]
fn where_nothing_came_of_late_that_is_said() {
    let terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let (mut child, mut lines) = started(&terminal, "vigie metrics tail v.* --interval 1s");
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(errors.next().unwrap().unwrap().contains("read every 1 s"));
    let note = errors.next().unwrap().unwrap();
    assert!(
        note.contains("nothing like that came in the last 10 min"),
        "{note}"
    );
    keep(&terminal, "v.a", 1_519_862_430, 7);
    assert!(lines.next().unwrap().contains("v.a"));
    let (code, _) = interrupted(child);
    assert_eq!(code, Some(0));
}

#[test]
fn it_ends_with_whoever_reads_it() {
    let terminal = Terminal::logged_in();
    let line = "vigie metrics tail w.* --interval 1h --format csv";
    let (child, mut lines) = started(&terminal, line);
    assert_eq!(lines.next().unwrap(), "name,timestamp,value");
    drop(lines);
    assert_eq!(ended(child), Some(0));
}

#[test]
fn what_cannot_be_watched_says_so() {
    let mut terminal = Terminal::logged_in();
    for words in [
        "w.a --interval 0s",
        "w.a --interval soon",
        "",
        "w.a --format csv --output json",
    ] {
        let ran = terminal.run(&format!("vigie metrics tail {words}"));
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
    }
    assert!(terminal.server.requests("GET", "/v1/metrics").is_empty());
    // A first reading that fails ends it.
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .push_back(crate::store::busy());
    assert_ne!(terminal.run("vigie metrics tail w.a").code, 0);
    insta::assert_snapshot!(terminal.transcript());
}
