//! Reading: the same samples in every form.

use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;

/// Two series of a quarter of an hour, one with a silence in it.
fn filled() -> Terminal {
    let terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for minute in 0..15_i64 {
        let at = (1_519_862_400 + minute * 60) * 1000;
        let latency = 48.5 + (minute * 7 % 11) as f64;
        store
            .samples
            .entry("shop.eu.latency".to_owned())
            .or_default()
            .insert(at, json!(latency));
        if !(5..10).contains(&minute) {
            store
                .samples
                .entry("shop.us.errors".to_owned())
                .or_default()
                .insert(at, json!(minute * minute));
        }
    }
    drop(store);
    terminal
}

const RANGE: &str = "--from 20180301 --until 00:14_20180301";

#[test]
fn a_table_shows_every_sample() {
    let mut terminal = filled();
    terminal.run(&format!("vigie metrics get shop.us.* {RANGE}"));
    terminal.run(&format!(
        "vigie metrics get shop.us.* {RANGE} --tz Europe/Paris"
    ));
    assert_snapshot!(terminal.transcript());
}

/// A time is of the zone that `TZ` names, and is written as anything prints it; whatever could mean two things is told.
#[test]
fn times_are_written_as_they_are_shown() {
    let mut terminal = filled();
    terminal.set("TZ", ":Europe/Paris");
    let get = "vigie metrics get shop.us.errors";
    let ran = terminal.run(&format!(
        "{get} --from 2018-03-01T01:10 --until 2018-03-01T01:11:00+01:00"
    ));
    assert!(ran.stdout.contains("Time (Europe/Paris)"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("2018-03-01 01:10:00     100"),
        "{}",
        ran.stdout
    );
    let asked = terminal.server.requests("GET", "/v1/metrics");
    let query = &asked[0].query;
    for expected in [
        "from=2018-03-01T01:10&",
        "until=2018-03-01T01:11:00+01:00&",
        "tz=Europe/Paris",
    ] {
        assert!(query.contains(expected), "no `{expected}` in {query}");
    }
    let ran = terminal.run(&format!("{get} --from 10m"));
    assert!(
        ran.stderr.contains("`m` was read as minutes"),
        "{}",
        ran.stderr
    );
    terminal.set("TZ", "CET-1CEST");
    let ran = terminal.run(&format!("{get} --from 2018-03-01"));
    assert!(ran.stdout.contains("Time (UTC)"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("`TZ` is no name of a zone"),
        "{}",
        ran.stderr
    );
}

#[test]
fn sparklines_and_charts() {
    let mut terminal = filled();
    terminal.run(&format!(
        "vigie metrics get shop.*.* {RANGE} --format sparkline"
    ));
    terminal.run(&format!(
        "vigie metrics get shop.*.* {RANGE} --format chart --width 64 --height 11"
    ));
    terminal.run(&format!(
        "vigie metrics get shop.us.errors {RANGE} --format chart --width 64 --height 11 --ascii"
    ));
    terminal.set("LC_ALL", "C");
    terminal.run(&format!(
        "vigie metrics get shop.*.* {RANGE} --format sparkline"
    ));
    assert_snapshot!(terminal.transcript());
}

#[test]
fn json_is_the_servers_own() {
    let mut terminal = filled();
    let json = terminal
        .run(&format!(
            "vigie metrics get shop.us.errors {RANGE} --output json"
        ))
        .stdout;
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["datapoints"][2], json!([4, 1_519_862_520.0]));
    assert_eq!(
        terminal
            .run("vigie metrics get no.such --format json")
            .stdout,
        "[]\n"
    );
}

#[test]
fn csv_goes_out_and_in_again() {
    let mut terminal = filled();
    let csv = terminal
        .run(&format!("vigie metrics get shop.*.* {RANGE} --format csv"))
        .stdout;
    std::fs::write(terminal.path("all.csv"), csv).unwrap();
    let before = terminal.server.store.lock().unwrap().len();
    terminal.server.store.lock().unwrap().samples.clear();
    assert_eq!(terminal.run("vigie metrics send -f all.csv").code, 0);
    assert_eq!(terminal.server.store.lock().unwrap().len(), before);
}

#[test]
fn many_targets_take_several_requests_and_show_a_series_once() {
    let mut terminal = filled();
    let ran = terminal.run(&format!(
        "vigie metrics get a b c d shop.us.errors shop.us.* {RANGE} --max-points 10"
    ));
    assert_eq!(ran.stdout.matches("shop.us.errors").count(), 1);
    let asked = terminal.server.requests("GET", "/v1/metrics");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[1].query,
        "target=shop.us.*&from=20180301&until=00:14_20180301&maxDataPoints=10&tz=UTC&format=json"
    );
}

#[test]
fn nothing_found_says_where_to_look() {
    let mut terminal = filled();
    terminal.run("vigie metrics get no.such.metric");
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .push_back((200, json!([{"target": "a.b", "datapoints": []}])));
    terminal.run("vigie metrics get a.b");
    terminal.run("vigie metrics get a.b --from whenever");
    terminal.run("vigie metrics get a.b --tz Mars/Olympus");
    terminal.run("vigie metrics get");
    terminal.server.store.lock().unwrap().instead.push_back((
        400,
        json!({"errors": [{"code": "BXNMSMT12E", "message": "the query has more series than `series_per_query`", "field": "target"}]}),
    ));
    terminal.run("vigie metrics get sum(a)");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_server_that_is_away_has_an_exit_code_of_its_own() {
    let mut terminal = filled();
    // Not of 127.0.0.1: there the next test takes the port as soon as it is free.
    let nowhere = std::net::TcpListener::bind("127.83.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    terminal.edit("config.json", |config| {
        config["APIEndpoint"] = format!("http://{nowhere}").into();
        config["MetricsEndpoint"] = format!("http://{nowhere}").into();
    });
    let ran = terminal.run("vigie metrics get a.b");
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("takes no connections"),
        "{}",
        ran.stderr
    );
}

/// A branch has no samples: what would read those below it is said, instead of nothing.
#[test]
fn regression_7_a_branch_says_what_lies_below() {
    let mut terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for name in [
        "load.h00.cpu",
        "load.h01.cpu",
        "disk.a.used",
        "disk.b.free",
        "one.two.three.four",
        "plain",
    ] {
        let name = name.to_owned();
        store.samples.entry(name).or_default().insert(0, json!(1));
    }
    drop(store);
    for target in [
        "load",
        "load.*",
        "disk",
        "one",
        "{load,disk}",
        "nothing",
        "nothing load",
        "plain load",
        "load --format csv",
        "load --format json",
    ] {
        terminal.run(&format!("vigie metrics get {target} --from 19700101"));
    }
    assert_snapshot!(terminal.transcript());
}

/// A backwards range is a slip, and an absent end is told.
#[test]
fn ends_that_make_no_range_say_why() {
    let mut terminal = filled();
    for times in [
        "--from -1h --until -5h",
        "--from +1h",
        "--from now",
        "--from -1h --until -60min",
    ] {
        let ran = terminal.run(&format!("vigie metrics get shop.us.errors {times}"));
        assert_eq!(ran.code, 2, "{times}: {ran:?}");
    }
    assert!(terminal.server.requests("GET", "/v1/metrics").is_empty());
    let ran = terminal.run("vigie metrics get shop.us.errors --until -1d");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn of_several_targets_each_that_reads_nothing_is_named() {
    let mut terminal = filled();
    let targets = "shop.us.errors shop.none shop.gone.*";
    for format in ["sparkline", "csv"] {
        let ran = terminal.run(&format!(
            "vigie metrics get {targets} {RANGE} --format {format}"
        ));
        assert_eq!(
            ran.stderr,
            "no metric matches `shop.none`\nno metric matches `shop.gone.*`\n"
        );
    }
    let ran = terminal.run("vigie metrics get shop.none --format csv");
    assert_eq!(ran.stdout, "name,timestamp,value\n");
    assert!(ran.stderr.starts_with("No metrics found in "), "{ran:?}");
}

#[test]
fn a_result_has_one_form() {
    let mut terminal = filled();
    for line in ["get shop.us.errors --format csv", "list --format plain"] {
        let ran = terminal.run(&format!("vigie metrics {line} --output json"));
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        assert!(ran.stderr.contains("two forms of one result"), "{ran:?}");
    }
    let ran = terminal.run("vigie metrics list --format json --output json");
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Under rules about steps a day has 1440 points of a sample that was sent once: people see the sample, programs all points.
#[test]
fn regression_7_empty_points_are_one_line_for_people_and_whole_for_programs() {
    let mut terminal = Terminal::logged_in();
    let day = |value: serde_json::Value| {
        let points: Vec<_> = (0..1440_i64)
            .map(|minute| {
                let value = if minute == 1000 {
                    value.clone()
                } else {
                    json!(null)
                };
                json!([value, 1_519_862_400 + minute * 60])
            })
            .collect();
        (200, json!([{"target": "a.b", "datapoints": points}]))
    };
    let answer = |terminal: &Terminal, value| {
        let mut store = terminal.server.store.lock().unwrap();
        store.instead.push_back(day(value));
    };
    answer(&terminal, json!(21.5));
    let ran = terminal.run("vigie metrics get a.b --from 20180301");
    assert_eq!(
        ran.stdout,
        "a.b\n\
         Time (UTC)            Value\n\
         … 1000 empty points       -\n\
         2018-03-01 16:40:00    21.5\n\
         … 439 empty points        -\n"
    );
    answer(&terminal, json!(21.5));
    let ran = terminal.run("vigie metrics get a.b --from 20180301 --output json");
    assert_eq!(ran.stdout.matches("null").count(), 1439, "{ran:?}");

    // Nothing but empty points is nothing that was read.
    for format in ["table", "sparkline", "chart"] {
        answer(&terminal, json!(null));
        let ran = terminal.run(&format!("vigie metrics get a.b --format {format}"));
        assert_eq!(ran.stdout, "No samples found in this time.\n", "{format}");
        assert!(ran.stderr.contains("hint: ask for a longer one"), "{ran:?}");
    }
    answer(&terminal, json!(null));
    let ran = terminal.run("vigie metrics get a.b --format csv");
    assert_eq!(ran.stdout, "name,timestamp,value\n");
    assert!(ran.stderr.contains("No samples found"), "{ran:?}");
}
