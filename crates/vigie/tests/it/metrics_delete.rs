//! Deleting: first how many, then the question, then the deed.

use crate::terminal::Terminal;
use insta::assert_snapshot;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Stdio;

fn filled() -> Terminal {
    let terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for name in ["shop.eu.errors", "shop.eu.latency", "shop.us.errors"] {
        store
            .samples
            .insert(name.to_owned(), BTreeMap::from([(0, json!(1))]));
    }
    drop(store);
    terminal
}

#[test]
fn nothing_goes_without_a_yes() {
    let mut terminal = filled();
    terminal.run("vigie metrics delete shop.eu --dry-run");
    terminal.run("vigie metrics delete shop.eu");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 3);
    terminal.run("vigie metrics delete shop.eu --yes");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 1);
    terminal.run("vigie metrics delete shop.eu --yes");
    terminal.run("vigie metrics delete shop.us --yes --output json");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_time_leaves_the_metrics() {
    let mut terminal = filled();
    terminal.run("vigie metrics delete shop.us --from -7d --until -1d --dry-run");
    assert_snapshot!(terminal.transcript());
    let asked = terminal.server.asked("DELETE", "/v1/metrics/list");
    assert_eq!(
        asked[0].query,
        "query=shop.us&from=-7d&until=-1d&dry_run=true"
    );
}

/// Runs a line with someone at the terminal who types `answer`; returns what the terminal showed.
fn answered(terminal: &Terminal, line: &str, answer: &str) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut master = File::from(master);
    let mut child = terminal
        .command(line)
        .stdin(slave.try_clone().unwrap())
        .stderr(slave)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    master.write_all(answer.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let mut shown = vec![0; 4096];
    let length = master.read(&mut shown).unwrap();
    String::from_utf8_lossy(&shown[..length]).into_owned()
}

#[test]
fn someone_at_the_terminal_is_asked() {
    let terminal = filled();
    let shown = answered(&terminal, "vigie metrics delete shop.eu", "n\n");
    assert!(shown.contains("2 metrics of space `dev` at"), "{shown}");
    assert!(
        shown.contains("will be deleted for good. Go on? [y/N]>"),
        "{shown}"
    );
    assert_eq!(terminal.server.store.lock().unwrap().len(), 3);
    answered(&terminal, "vigie metrics delete shop.eu", "y\n");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 1);
}
