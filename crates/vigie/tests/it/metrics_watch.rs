//! `metrics get --watch`: what comes is written once, a drawing is made anew, and whoever ends it is not told off.

use crate::person::Person;
use crate::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn keep(terminal: &Terminal, name: &str, at_s: i64, value: i64) {
    let mut store = terminal.server.store.lock().unwrap();
    let series = store.samples.entry(name.to_owned()).or_default();
    series.insert(at_s * 1000, json!(value));
}

pub(crate) fn started(
    terminal: &Terminal,
    line: &str,
) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = terminal
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines.map(Result::unwrap))
}

pub(crate) fn interrupted(child: Child) -> (Option<i32>, String) {
    let pid = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), errors)
}

#[test]
fn samples_are_written_as_they_come_each_once() {
    let terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let line = "vigie metrics get w.* --from 2018-01-01 --format csv --watch=1";
    let (child, mut lines) = started(&terminal, line);
    assert_eq!(lines.next().unwrap(), "name,timestamp,value");
    assert_eq!(lines.next().unwrap(), "w.a,1519862400,1");
    keep(&terminal, "w.b", 1_519_862_430, 7);
    keep(&terminal, "w.a", 1_519_862_460, 2);
    assert_eq!(lines.next().unwrap(), "w.b,1519862430,7");
    assert_eq!(lines.next().unwrap(), "w.a,1519862460,2");
    // The token is renewed on the way.
    terminal.server.store.lock().unwrap().serial_min = 2;
    keep(&terminal, "w.a", 1_519_862_520, 3);
    assert_eq!(lines.next().unwrap(), "w.a,1519862520,3");
    // The value of a slot that was not over.
    keep(&terminal, "w.a", 1_519_862_520, 4);
    keep(&terminal, "w.a", 1_519_862_580, 5);
    assert_eq!(lines.next().unwrap(), "w.a,1519862520,4");
    assert_eq!(lines.next().unwrap(), "w.a,1519862580,5");
    let (code, errors) = interrupted(child);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(lines.next(), None);
}

#[test]
fn a_server_that_is_away_is_said_once_and_waited_for() {
    let terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let line = "vigie metrics get w.* --from 2018-01-01 --output json --watch=1";
    let (child, mut lines) = started(&terminal, line);
    let first = r#"{"name":"w.a","timestamp":1519862400,"value":1}"#;
    assert_eq!(lines.next().unwrap(), first);
    let busy = crate::store::busy;
    (terminal.server.store.lock().unwrap().instead).extend([busy(), busy()]);
    keep(&terminal, "w.a", 1_519_862_460, 2);
    assert!(lines.next().unwrap().contains("1519862460"));
    let (code, errors) = interrupted(child);
    assert_eq!(code, Some(0));
    assert_eq!(
        errors.matches("trying again every 1 s").count(),
        1,
        "{errors}"
    );
}

#[test]
fn a_chart_is_drawn_anew_at_a_terminal_and_nowhere_else() {
    let mut terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let line = "vigie metrics get w.a --from 2018-01-01 --format chart --watch=1";
    let mut person = Person::at(&terminal, line);
    person.wait_for_text("\u{1b}[H\u{1b}[2JEvery 1 s, ");
    person.wait_for_text("Ctrl-C ends it");
    person.wait_for_text("last 1");
    keep(&terminal, "w.a", 1_519_862_460, 2);
    person.wait_for_text("last 2");
    person.interrupt();
    let (_, code) = person.leave();
    assert_eq!(code, 0);
    let ran = terminal.run("vigie metrics get w.a --format chart --watch");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("only be redrawn at a terminal"));
    let ran = terminal.run("vigie metrics get w.a --watch=0");
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = terminal.run("vigie metrics get w.a --watch --until now");
    assert_eq!(ran.code, 2, "{ran:?}");
}

/// Waits for the end of a program that nobody has told to end.
pub(crate) fn ended(mut child: Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        let is_late = begun.elapsed() > Duration::from_secs(300);
        if is_late {
            child.kill().unwrap();
        }
        assert!(!is_late, "it goes on though nobody reads it");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// As `| head -1` is left.
#[test]
fn regression_7_it_ends_with_whoever_reads_it() {
    let terminal = Terminal::logged_in();
    keep(&terminal, "w.a", 1_519_862_400, 1);
    let line = "vigie metrics get w.* --from 2018-01-01 --format csv --watch=1h";
    let (child, mut lines) = started(&terminal, line);
    assert_eq!(lines.next().unwrap(), "name,timestamp,value");
    assert_eq!(lines.next().unwrap(), "w.a,1519862400,1");
    drop(lines);
    assert_eq!(ended(child), Some(0));
}

#[test]
fn regression_7_an_interval_is_not_taken_for_a_metric() {
    let mut terminal = Terminal::logged_in();
    for (words, written) in [
        ("w.a --watch 1", "`--watch=1`"),
        ("--watch 5s w.a", "`--watch=5s`"),
        ("w.a --watch 1min", "`--watch=1min`"),
    ] {
        let (mut child, mut lines) = started(&terminal, &format!("vigie metrics get {words}"));
        let mut stderr = child.stderr.take().unwrap();
        assert_eq!(ended(child), Some(2), "{words}");
        let errors = std::io::read_to_string(&mut stderr).unwrap();
        assert!(errors.contains(written), "{errors}");
        assert_eq!(lines.next(), None);
    }
    for wrong in ["1x", "soon", "0", "2d"] {
        let ran = terminal.run(&format!("vigie metrics get w.a --watch={wrong}"));
        assert_eq!(ran.code, 2, "{ran:?}");
        for form in ["`90s`", "`5m`", "`1h30m`"] {
            assert!(ran.stderr.contains(form), "{form}: {ran:?}");
        }
    }
    assert!(terminal.server.requests("GET", "/v1/metrics").is_empty());
    // With an interval that is joined, a metric may be called so.
    keep(&terminal, "1", 1_519_862_400, 7);
    let line = "vigie metrics get 1 --from 2018-01-01 --format csv --watch=1min";
    let (child, mut lines) = started(&terminal, line);
    assert_eq!(lines.nth(1).unwrap(), "1,1519862400,7");
    assert_eq!(interrupted(child).0, Some(0));
}
