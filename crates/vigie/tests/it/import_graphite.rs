//! `import graphite` from servers of another kind, and what is said of those that are none; `crates/vigied/tests/it/old_data` tries
//! it with a real server.

use crate::fixture::{RecordedRequest, serve_elsewhere};
use crate::terminal::Terminal;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server's answer: a status, a kind of content, a text.
type Answer = (u16, &'static str, String);

const BETWEEN: &str = "--from 1519862400 --until 1519862460";

fn found(value: &serde_json::Value) -> Answer {
    (200, "application/json", value.to_string())
}

fn missing() -> Answer {
    (404, "text/plain", "no such page".to_owned())
}

/// A server with these series in its tree, of which one cannot be read.
fn tree(asked: &RecordedRequest) -> Answer {
    let nodes = ["bad", "first", "second"].map(|name| json!({"id": name, "leaf": 1}));
    match asked.path.as_str() {
        "/metrics/find" => found(&json!(nodes)),
        "/render" if asked.body.contains("target=bad") => {
            let page = "<html><title>Server Error (500)</title><body>stack</body></html>";
            (500, "text/html", page.to_owned())
        }
        "/render" => {
            let points = [[17, 1_519_862_400], [18, 1_519_862_460]];
            let row = |name: &str| json!({"target": name, "datapoints": points});
            found(&json!(["first", "second"].map(row)))
        }
        _ => missing(),
    }
}

#[test]
fn what_is_no_such_server_is_told_in_words() {
    let mut terminal = Terminal::logged_in();
    let answers: [(Answer, i32, &str); 4] = [
        (
            (
                200,
                "text/html",
                "<html><title>Sign in</title><body>x".to_owned(),
            ),
            1,
            "answered 200 with a web page (Sign in)",
        ),
        (
            (
                404,
                "application/json",
                r#"{"errors":[{"code":"X","message":"no such route","hint":"h"}]}"#.to_owned(),
            ),
            5,
            "answered 404: no such route",
        ),
        (
            (
                400,
                "text/html",
                "<!DOCTYPE html><title>Bad\nrequest</title>".to_owned(),
            ),
            1,
            "answered 400: Bad\\nrequest",
        ),
        (
            (200, "application/json", "{\"targets\":[]}".to_owned()),
            1,
            "answered 200 with something else than expected",
        ),
    ];
    for (answer, code, expected) in answers {
        let address = serve_elsewhere(move |_| answer.clone());
        let ran = terminal.run(&format!("vigie import graphite http://{address}"));
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{ran:?}");
        for raw in ["<html", "<title", "\"message\"", "vigie api"] {
            assert!(!ran.stderr.contains(raw), "{ran:?}");
        }
        assert!(!ran.stdout.contains("OK"), "{ran:?}");
    }
    // Nothing listens there.
    let ran = terminal.run("vigie import graphite http://127.0.0.1:1");
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.stderr.contains("is this its port?"), "{ran:?}");
    assert!(!ran.stderr.contains("vigied"), "{ran:?}");
}

#[test]
fn a_pattern_that_fits_nothing_is_no_import() {
    let mut terminal = Terminal::logged_in();
    let address = serve_elsewhere(|asked| match asked.path.as_str() {
        "/metrics/find" => found(&json!([])),
        _ => missing(),
    });
    for flags in ["", " --dry-run"] {
        let line = format!("vigie import graphite http://{address} --match typo.*{flags}");
        let ran = terminal.run(&line);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.stdout.contains("OK"), "{ran:?}");
        assert!(
            ran.stderr.contains("no series that matches `typo.*`"),
            "{ran:?}"
        );
    }
}

#[test]
fn a_series_that_cannot_be_read_costs_no_other() {
    let mut terminal = Terminal::logged_in();
    let address = serve_elsewhere(tree);
    let ran = terminal.run(&format!("vigie import graphite http://{address} {BETWEEN}"));
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stdout.contains("2 imported, 1 not read"), "{ran:?}");
    assert!(
        ran.stdout.contains("answered 500: Server Error (500)"),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("stack"), "{ran:?}");
    // It knows no tags, which is said.
    assert!(
        ran.stderr.contains("series with tags are left out"),
        "{ran:?}"
    );
    let store = terminal.server.store.lock().unwrap();
    for name in ["first", "second"] {
        assert_eq!(store.samples[name][&1_519_862_460_000], json!(18), "{name}");
    }
}

#[test]
fn a_server_that_can_read_nothing_is_not_asked_for_everything() {
    let mut terminal = Terminal::logged_in();
    let renders = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&renders);
    let address = serve_elsewhere(move |asked| match asked.path.as_str() {
        "/metrics/find" => {
            let node = |number: u32| json!({"id": format!("n{number}"), "leaf": 1});
            found(&json!((0..5000).map(node).collect::<Vec<_>>()))
        }
        "/render" => {
            counted.fetch_add(1, Ordering::Relaxed);
            (500, "text/plain", "no database".to_owned())
        }
        _ => missing(),
    });
    let ran = terminal.run(&format!("vigie import graphite http://{address} {BETWEEN}"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("answered 500: no database"), "{ran:?}");
    assert!(!ran.stdout.contains("OK"), "{ran:?}");
    assert!(renders.load(Ordering::Relaxed) < 300);
}

#[test]
fn series_with_tags_are_asked_for_by_their_tags() {
    let mut terminal = Terminal::logged_in();
    let address = serve_elsewhere(|asked| match (asked.path.as_str(), asked.query.as_str()) {
        ("/metrics/find", _) => found(&json!([])),
        ("/tags/name", _) => {
            let values = ["disk.used", "load"].map(|name| json!({"value": name, "count": 1}));
            found(&json!({"tag": "name", "values": values}))
        }
        ("/tags/findSeries", "expr=name=disk.used") => found(&json!(["disk.used;host=a"])),
        ("/render", _) if asked.body.contains("seriesByTag") => {
            let points = json!([[17, 1_519_862_400], [null, 1_519_862_460]]);
            // Another series has the same tags, and more.
            let rows = ["disk.used;host=a", "disk.used;host=a;mount=data"]
                .map(|name| json!({"target": name, "tags": {"host": "a"}, "datapoints": points}));
            found(&json!(rows))
        }
        _ => missing(),
    });
    let line = format!("vigie import graphite http://{address} --match disk {BETWEEN}");
    let ran = terminal.run(&line);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("1 imported"), "{ran:?}");
    let store = terminal.server.store.lock().unwrap();
    let names: Vec<_> = store.samples.keys().collect();
    assert_eq!(names, ["disk.used;host=a"]);
    drop(store);
    // Left out, there is nothing.
    let ran = terminal.run(&format!("{line} --untagged"));
    assert_eq!(ran.code, 1, "{ran:?}");
}
