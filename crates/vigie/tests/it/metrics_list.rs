//! The tree of names.

use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;

fn filled() -> Terminal {
    let terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for name in [
        "shop",
        "shop.eu.errors",
        "shop.eu.latency",
        "shop.us.errors",
        "host.cpu-0.cpu-user",
        "host.load.shortterm",
    ] {
        store
            .samples
            .insert(name.to_owned(), BTreeMap::from([(0, json!(1))]));
    }
    drop(store);
    terminal
}

#[test]
fn the_tree_and_its_parts() {
    let mut terminal = filled();
    terminal.run("vigie metrics list");
    terminal.run("vigie metrics list --depth 1");
    terminal.run("vigie metrics list shop.* --ascii");
    terminal.run("vigie metrics ls --format plain");
    terminal.run("vigie metrics list shop --depth 2 --output json");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_level_takes_one_request() {
    let mut terminal = filled();
    terminal.run("vigie metrics list");
    let queries: Vec<String> = terminal
        .server
        .requests("GET", "/v1/metrics/list")
        .into_iter()
        .map(|asked| asked.query)
        .collect();
    assert_eq!(
        queries,
        [
            "query=*&format=nodes",
            "query=*.*&format=nodes",
            "query=*.*.*&format=nodes"
        ]
    );
}

#[test]
fn a_tree_too_long_to_read_ends_early_and_says_so() {
    let mut terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for at in 0..600 {
        store.samples.insert(
            format!("shop.item-{at:03}"),
            BTreeMap::from([(0, json!(1))]),
        );
    }
    drop(store);
    terminal.run("vigie metrics list");
    assert_snapshot!(terminal.transcript());
    assert_eq!(
        terminal
            .run("vigie metrics list --format plain")
            .stdout
            .lines()
            .count(),
        600
    );
    assert_eq!(
        terminal
            .run("vigie metrics list --depth 2")
            .stdout
            .lines()
            .count(),
        601
    );
}

#[test]
fn an_empty_tree_says_how_to_begin() {
    let mut terminal = Terminal::logged_in();
    terminal.run("vigie metrics list");
    terminal.run("vigie metrics list no.such");
    terminal.run("vigie metrics list --output json");
    assert_snapshot!(terminal.transcript());
}

/// `**` reaches every level at once, and a tag's dots make no levels.
#[test]
fn regression_7_a_tree_of_any_depth_and_of_tags() {
    let mut terminal = filled();
    let mut store = terminal.server.store.lock().unwrap();
    for name in [
        "cpu.load;host=web1",
        "cpu.load;host=web2.example.org",
        "eu.eu.errors",
    ] {
        let name = name.to_owned();
        store.samples.insert(name, BTreeMap::from([(0, json!(1))]));
    }
    drop(store);
    terminal.run("vigie metrics list");
    terminal.run("vigie metrics list shop.**");
    terminal.run("vigie metrics list **.eu");
    terminal.run("vigie metrics list **.eu --format plain");
    terminal.run("vigie metrics list cpu.load;host=* --format plain");
    terminal.run("vigie metrics list **.two --output json");
    assert_snapshot!(terminal.transcript());
    let asked = terminal.server.requests("GET", "/v1/metrics/list");
    let deepest = asked.iter().filter(|asked| asked.query.contains("shop"));
    assert_eq!(deepest.count(), 1, "all was in the first answer");
}

/// A note is whole lines: no line's end is shown as two characters.
#[test]
fn a_tree_that_is_cut_says_so_in_lines() {
    let mut terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for at in 0..60 {
        let name = format!("{}.item-{at:03}", if at % 2 == 0 { "even" } else { "odd" });
        store.samples.insert(name, BTreeMap::from([(0, json!(1))]));
    }
    drop(store);
    let ran = terminal.run("vigie metrics list");
    assert_eq!(
        ran.stderr,
        "2 branches; more below\nhint: see the rest with `--depth 2` or `--all`, or begin further down\n"
    );
    let ran = terminal.run("vigie metrics list --depth 1");
    assert_eq!(ran.stderr, "2 branches; more below\n");
}
