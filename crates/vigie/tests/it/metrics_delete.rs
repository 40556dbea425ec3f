//! Deleting: first how many, then the question, then the deed.

use crate::person::Person;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;

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
    terminal.set("TZ", "Europe/Paris");
    for times in [
        "shop.us --from 2026-11-26T04:20 --until 2026-11-26T04:40",
        "shop.eu.errors --until 2026-11-26T04:40:00.250",
        "shop.eu.latency --from 2026-11-26",
    ] {
        let delete = "vigie metrics delete";
        terminal.run(&format!("{delete} {times} --dry-run"));
        terminal.run(&format!("{delete} {times} --yes"));
    }
    let asked = terminal.server.requests("DELETE", "/v1/metrics/list");
    let times = [
        "shop.us&from=2026-11-26T03:20:00Z&until=2026-11-26T03:40:00Z",
        "shop.eu.errors&until=2026-11-26T03:40:00.25Z",
        "shop.eu.latency&from=2026-11-25T23:00:00Z",
    ];
    for (at, time) in times.into_iter().enumerate() {
        let expected = format!("query={time}&tz=Europe/Paris");
        // The dry run, and counted again before it is done.
        let counted = format!("{expected}&dry_run=true");
        let asked: Vec<&str> = asked[3 * at..3 * at + 3]
            .iter()
            .map(|asked| asked.query.as_str())
            .collect();
        assert_eq!(asked, [&counted, &counted, &expected]);
    }
    assert_snapshot!(terminal.transcript());
}

/// An unreadable argument costs no request.
#[test]
fn a_time_that_is_none_deletes_nothing() {
    let mut terminal = filled();
    terminal.run("vigie metrics delete shop.us --from -1h --until -5h --yes");
    terminal.run("vigie metrics delete shop.us --from -1h --until -1h --yes");
    terminal.run("vigie metrics delete shop.us --until _ --yes");
    terminal.run("vigie metrics delete shop.us --until soon --yes");
    terminal.run("vigie metrics delete shop.us --until -1d --tz Mars/Olympus --yes");
    assert!(
        terminal
            .server
            .requests("DELETE", "/v1/metrics/list")
            .is_empty()
    );
    assert_snapshot!(terminal.transcript());
}

#[test]
fn someone_at_the_terminal_is_asked() {
    let terminal = filled();
    let mut person = Person::at(&terminal, "vigie metrics delete shop.eu");
    person.answer("Go on? [y/N]> ", "n");
    let (screen, code) = person.leave();
    assert_eq!(code, 0);
    assert!(screen.contains("2 metrics of space `dev` at"), "{screen}");
    assert!(screen.contains("Nothing was deleted."), "{screen}");
    assert_eq!(terminal.server.store.lock().unwrap().len(), 3);
    let mut person = Person::at(&terminal, "vigie metrics delete shop.eu");
    person.answer("will be deleted for good. Go on? [y/N]> ", "y");
    assert_eq!(person.leave().1, 0);
    assert_eq!(terminal.server.store.lock().unwrap().len(), 1);
}

/// One pattern has one meaning for people too: what lies below is said before it goes, and a dry run shows which.
#[test]
fn regression_7_what_lies_below_is_said_before_it_goes() {
    let mut terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for host in 0..30 {
        store.samples.insert(
            format!("load.h{host:02}.cpu"),
            BTreeMap::from([(0, json!(1))]),
        );
    }
    drop(store);
    terminal.run("vigie metrics delete load.* --dry-run");
    terminal.run("vigie metrics delete load.h01.* --dry-run");
    terminal.run("vigie metrics delete load.h0* --from 2018-03-01 --dry-run");
    terminal.run("vigie metrics delete load.h01 --dry-run --output json");
    terminal.run("vigie metrics delete load.*");
    terminal.run("vigie metrics delete load.h0* --yes");
    terminal.run("vigie metrics delete load.**.cpu");
    assert_snapshot!(terminal.transcript());
    let mut person = Person::at(&terminal, "vigie metrics delete load.h1*");
    person.answer("will be deleted for good. Go on? [y/N]> ", "n");
    let (screen, _) = person.leave();
    let asked = "`load.h1*` and everything below: 10 metrics of space `dev` at";
    assert!(screen.contains(asked), "{screen}");
    assert!(screen.contains("Nothing was deleted."), "{screen}");
}
