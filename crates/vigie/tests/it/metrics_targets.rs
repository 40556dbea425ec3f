//! Functions in targets: their reference, their answers, their mistakes, and pictures of them.

use crate::person::Person;
use crate::terminal::Terminal;
use crate::unwritable::run_limited;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

fn filled() -> Terminal {
    let terminal = Terminal::logged_in();
    let mut store = terminal.server.store.lock().unwrap();
    for name in ["shop.eu.latency", "shop.eu", "shop.us.errors"] {
        let samples = [(1_519_862_400_000, json!(1)), (1_519_862_460_000, json!(2))];
        store
            .samples
            .insert(name.to_owned(), samples.into_iter().collect());
    }
    drop(store);
    terminal
}

/// Nobody is logged in, and no server is asked.
#[test]
fn the_reference_of_functions_needs_no_server() {
    let mut terminal = Terminal::new();
    for line in [
        "vigie metrics functions movingAverage",
        "vigie metrics functions sum",
        "vigie metrics functions --group combine -q",
        "vigie metrics functions sumSerie",
        "vigie metrics functions --group combin",
        "vigie metrics functions constantLine --output json",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let all = terminal.run("vigie metrics functions");
    assert!(all.stdout.contains("\n  sumSeries "), "{all:?}");
    assert!(all.stdout.starts_with("Alias\n"), "{all:?}");
    let json = terminal.run("vigie metrics functions --output json").stdout;
    assert!(json.contains("\"default\": 1e9999"), "infinity is a number");
    assert!(json.contains("\"movingAverage\": {"));
    assert_eq!(terminal.run("vigie metrics functions sumSerie").code, 5);
    assert!(terminal.server.all_requests().is_empty());
}

#[test]
fn branches_and_metrics_are_found() {
    let mut terminal = filled();
    for line in [
        "vigie metrics find shop.*",
        "vigie metrics find shop.* --output json",
        "vigie metrics find nothing.*",
    ] {
        assert_eq!(terminal.run(line).code, 0, "{line}");
    }
    let ran = terminal
        .command("vigie metrics find")
        .arg("")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert_snapshot!(terminal.transcript());
}

#[test]
fn functions_are_asked_as_they_were_typed() {
    let mut terminal = filled();
    let ran = terminal.run(
        "vigie metrics get movingAverage(shop.eu.latency,'5min') shop.us.errors --max-data-points 9 --no-null-points --format csv",
    );
    assert!(
        ran.stdout
            .contains("\"movingAverage(shop.eu.latency,'5min')\",1519862400,1\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("\nshop.us.errors,1519862460,2\n"),
        "{ran:?}"
    );
    let asked = terminal.server.requests("GET", "/v1/metrics");
    for expected in [
        "target=movingAverage(shop.eu.latency,'5min')",
        "maxDataPoints=9",
        "noNullPoints=true",
    ] {
        assert!(asked[0].query.contains(expected), "{}", asked[0].query);
    }
    // What functions make has any name, also one that is there already.
    let ran = terminal.run("vigie metrics get alias(shop.eu.latency,'x') shop.eu --format json");
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows}");
}

#[test]
fn a_mistake_has_carets_under_it() {
    let mut terminal = filled();
    let refused = |number: usize, column: usize, length: usize| {
        let message = "`sumSerie(shop.*)`: there is no function `sumSerie` (column 7); did you mean `sumSeries`?";
        let position = json!({"number": number, "column": column, "length": length});
        let error = json!({"code": "BXNMSMT05E", "message": message, "field": "target", "position": position});
        (400, json!({"errors": [error]}))
    };
    let line = "vigie metrics get shop.eu scale(sumSerie(shop.*),2)";
    for (number, column, length) in [(2, 7, 8), (3, 1, 1), (2, 99, 1)] {
        let mut store = terminal.server.store.lock().unwrap();
        store.instead.push_back(refused(number, column, length));
        drop(store);
        assert_eq!(terminal.run(line).code, 1);
    }
    let mut store = terminal.server.store.lock().unwrap();
    store.instead.push_back(refused(2, 7, 8));
    drop(store);
    terminal.run(&format!("{line} --output json"));
    assert_snapshot!(terminal.transcript());
}

#[test]
fn samples_as_they_were_sent_are_asked_for() {
    let mut terminal = filled();
    let ran = terminal.run("vigie metrics get shop.eu --as-sent --format csv");
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = terminal.server.requests("GET", "/v1/metrics");
    assert!(asked[0].query.contains("as=sent"), "{}", asked[0].query);
    for words in [
        "scale(shop.eu,2) --as-sent",
        "shop.eu --as-sent --format svg",
        "shop.eu --theme light",
        "shop.eu --title Shop --format chart",
    ] {
        let ran = terminal.run(&format!("vigie metrics get {words}"));
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
    }
    let ran = terminal.run("vigie metrics get shop.eu --format svg --theme light --title Orders");
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = terminal.server.requests("POST", "/render");
    let form = wire::query::Query::parse(&asked[0].body).unwrap();
    assert_eq!(form.one("template").unwrap(), Some("light"));
    assert_eq!(form.one("title").unwrap(), Some("Orders"));
    // However many series there are, each line has a name.
    assert_eq!(form.one("hideLegend").unwrap(), Some("false"));
    assert_eq!(terminal.server.requests("GET", "/v1/metrics").len(), 1);
}

#[test]
fn pictures_go_to_files_and_pipes() {
    let mut terminal = filled();
    let file = terminal.path("a.png");
    let range = "--from 2018-03-01 --until 2018-03-02 --tz Europe/Paris";
    let line = format!("vigie metrics get sumSeries(shop.**) shop.eu {range} --format png");
    let ran = terminal.run(&format!(
        "{line} --width 800 --output-file {}",
        file.display()
    ));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.contains("a.png"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "PNG3");
    let asked = terminal.server.requests("POST", "/render");
    let form = wire::query::Query::parse(&asked[0].body).unwrap();
    let one = |key: &str| form.one(key).unwrap().unwrap().to_owned();
    assert_eq!(form.all("target"), ["sumSeries(shop.**)", "shop.eu"]);
    assert_eq!(
        (one("from"), one("until")),
        ("1519858800".into(), "1519945200".into())
    );
    assert_eq!(
        (one("width"), one("height"), one("tz")),
        ("800".into(), "400".into(), "Europe/Paris".into())
    );
    // By the server's clock, where a time is relative to it.
    terminal
        .server
        .configure(|behavior| behavior.ahead_s = Some(7200));
    let ran = terminal.run("vigie metrics get shop.eu --format svg");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "<svg/>3"), "{ran:?}");
    let asked = terminal.server.requests("POST", "/render");
    let form = wire::query::Query::parse(&asked[1].body).unwrap();
    let until: i64 = form.one("until").unwrap().unwrap().parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    assert!((until - now - 7200).abs() < 60, "{until} at {now}");
    let ran = terminal.run("vigie metrics get shop.eu --format raw");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "a.b,0,60,60|3"),
        "{ran:?}"
    );

    let file = terminal.path("a.csv");
    let csv = format!(
        "vigie metrics get shop.eu --format csv --output-file {}",
        file.display()
    );
    assert_eq!(terminal.run(&csv).stdout, "");
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("name,timestamp,value\nshop.eu,")
    );
    let mut person = Person::at(&terminal, "vigie metrics get shop.eu --format png");
    person.wait_for_text("--output-file FILE");
    assert_eq!(person.leave().1, 2);
}

/// The last good result is worth more than the beginning of another, and one of nothing is told.
#[test]
fn a_result_takes_the_place_of_a_file_when_it_is_whole() {
    let mut terminal = filled();
    fs::write(terminal.path("good"), "kept").unwrap();
    let bounds = "--from 2018-03-01 --until 2018-03-02";
    for form in ["csv", "json"] {
        let line = format!("vigie metrics get shop.eu {bounds} --format {form} --output-file good");
        let ran = run_limited(&terminal, 0, &line);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("cannot write"), "{ran:?}");
        assert_eq!(fs::read(terminal.path("good")).unwrap(), b"kept", "{form}");
        assert!(!terminal.path("good.part").exists(), "{form}");
    }
    let line = format!("vigie metrics get typo {bounds} --format csv --output-file none");
    let ran = terminal.run(&line);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("No metrics found"), "{ran:?}");
}

#[test]
fn what_a_format_has_no_use_for_is_refused() {
    let mut terminal = filled();
    for (words, expected) in [
        ("--format png --max-points 3", "`--max-points`"),
        ("--format raw --no-null-points", "`--no-null-points`"),
        ("--format svg --watch", "`--watch`"),
        ("--format csv --output-file x --watch", "--watch"),
        ("--format table --output-file x", "`--output-file`"),
        ("--format png --output json", "two forms"),
    ] {
        let ran = terminal.run(&format!("vigie metrics get shop.eu {words}"));
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{words}: {ran:?}");
    }
    assert!(!terminal.path("x").exists());
    // A page of a proxy is no picture, and no file is begun.
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .push_back((200, json!({"a": 1})));
    let file = terminal.path("x.png");
    let ran = terminal.run(&format!(
        "vigie metrics get a --format png --output-file {}",
        file.display()
    ));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("`application/json`, not `image/png`"),
        "{ran:?}"
    );
    assert!(!file.exists());
    let ran = terminal.run("vigie metrics get shop.eu --format svg --output-file /nowhere/x.svg");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.contains("cannot write `/nowhere/x.svg`"),
        "{ran:?}"
    );
}

#[test]
fn a_chart_has_colours_at_a_terminal_alone() {
    let mut terminal = filled();
    let line =
        "vigie metrics get shop.eu.latency --from 2018-01-01 --format chart --width 60 --height 8";
    let plain = terminal.run(line);
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
    let mut person = Person::at(&terminal, line);
    person.wait_for_text("\u{1b}[1mshop.eu.latency\u{1b}[0m");
    person.wait_for_text("\u{1b}[36m");
    assert_eq!(person.leave().1, 0);
}

/// The server refused them, in words of its interface and with exit code 1.
#[test]
fn regression_7_what_is_no_pattern_is_refused_before_anything_is_asked() {
    let terminal = Terminal::logged_in();
    for words in [
        ["metrics", "get", ""],
        ["metrics", "tail", " "],
        ["metrics", "find", ""],
        ["metrics", "delete", ""],
        ["export", "", "--gzip"],
    ] {
        let ran = terminal.run_words("vigie", &words, &[]);
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        assert!(
            ran.stderr.contains("the pattern is empty\nhint: "),
            "{ran:?}"
        );
        assert!(!ran.stderr.contains("query="), "{ran:?}");
    }
    for command in [
        &["metrics", "find"][..],
        &["metrics", "delete"],
        &["metrics", "list"],
        &["export"],
    ] {
        let words = [command, &["sumSeries(*)"]].concat();
        let ran = terminal.run_words("vigie", &words, &[]);
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        for part in [
            "`sumSeries(*)` calls a function",
            "`vigie metrics get 'sumSeries(*)'`",
        ] {
            assert!(ran.stderr.contains(part), "{words:?}: {ran:?}");
        }
    }
    for (method, path) in [
        ("GET", "/v1/metrics"),
        ("GET", "/v1/metrics/list"),
        ("DELETE", "/v1/metrics/list"),
        ("GET", "/metrics/find"),
    ] {
        assert!(terminal.server.requests(method, path).is_empty(), "{path}");
    }
}
