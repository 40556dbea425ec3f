//! Senders, and refused samples.

use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn senders_and_rejects_are_listed() {
    let mut terminal = Terminal::logged_in();
    terminal.run("vigie metrics senders");
    terminal.run("vigie metrics senders --silent");
    terminal.run("vigie metrics rejects");
    let mut store = terminal.server.store.lock().unwrap();
    for name in ["192.0.2.7", "192.0.2.9"] {
        let samples = BTreeMap::from([(0, json!(1))]);
        store.samples.insert(name.to_owned(), samples);
    }
    drop(store);
    terminal.run("vigie metrics senders");
    terminal.run("vigie metrics senders --silent --output json");
    terminal.run("vigie metrics rejects --scope org");
    terminal.run("vigie metrics rejects --output json");
    assert_snapshot!(terminal.transcript());
}
