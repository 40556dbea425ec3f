//! Rules about steps and aggregation: shown, edited in place, imported.

use crate::fixture::SPACE;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::{Value, json};

const SCHEMAS: &str = "# ours\n[shop]\npattern = ^shop\\.\nretentions = 10s:6h,1m:30d\n\n[rest]\npattern = .*\nretentions = 60s:1y\n";
const AGGREGATION: &str = "[orders]\npattern = \\.orders$\naggregationMethod = sum\n";

fn desk() -> Terminal {
    let terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.settings =
            json!({"resolution_seconds": null, "schemas": SCHEMAS, "aggregation": AGGREGATION});
    });
    terminal
}

/// Once there are rules about steps, no name is read as it was sent, whatever the resolution is.
#[test]
fn the_settings_say_what_rules_about_steps_change() {
    let mut terminal = desk();
    let mut show = |schemas: Value, seconds: Value| {
        terminal.server.configure(|behavior| {
            behavior.settings = json!({
                "resolution_seconds": seconds, "schemas": schemas, "aggregation": AGGREGATION
            });
        });
        let ran = terminal.run("vigie metrics settings");
        assert_eq!(ran.code, 0, "{ran:?}");
        let lines = ran.stdout.lines().skip_while(|line| *line != "OK");
        let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>();
        words.join(" ")
    };
    assert_eq!(
        show(json!(SCHEMAS), Value::Null),
        "OK Resolution: 60 s where no rule matches Keys before names: refused Schemas: 2 rules Aggregation: 1 rule"
    );
    assert_eq!(
        show(json!(SCHEMAS), json!(300)),
        "OK Resolution: 300 s where no rule matches Keys before names: refused Schemas: 2 rules Aggregation: 1 rule"
    );
    for none in [Value::Null, json!("# none\n")] {
        let printed = show(none, Value::Null);
        assert!(
            printed.starts_with("OK Resolution: as sent Keys"),
            "{printed}"
        );
    }
}

/// The bodies of the changes that were sent.
fn sent(terminal: &Terminal) -> Vec<Value> {
    let sent = terminal.server.requests("PUT", "/v1/settings/domain");
    assert!(
        sent.iter()
            .all(|request| request.header("x-auth-scope-id") == format!("s-{SPACE}"))
    );
    sent.iter()
        .map(crate::fixture::RecordedRequest::json)
        .collect()
}

#[test]
fn rules_are_shown_and_edited_where_they_stand() {
    let mut terminal = desk();
    for line in [
        "vigie metrics schemas get",
        "vigie metrics schemas get --file schemas",
        "vigie metrics schemas set shop --retentions 5s:1h",
        "vigie metrics schemas set orders --pattern orders --x-files-factor 0 --dry-run",
        "vigie metrics schemas set web --pattern ^web --retentions 1s:1h --method max --before rest",
        "vigie metrics schemas set web --pattern ^web --retentions 1s:1h --before rest",
        "vigie metrics schemas unset shop",
        "vigie metrics schemas unset --all --output json",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let web = "[web]\npattern = ^web\nretentions = 1s:1h\n\n[rest]";
    assert_eq!(
        sent(&terminal),
        [
            json!({"schemas": SCHEMAS.replace("10s:6h,1m:30d", "5s:1h")}),
            json!({"aggregation": "[orders]\npattern = orders\naggregationMethod = sum\nxFilesFactor = 0\n"}),
            json!({
                "schemas": SCHEMAS.replace("[rest]", web),
                "aggregation": format!("{AGGREGATION}\n[web]\npattern = ^web\naggregationMethod = max\n"),
            }),
            json!({"schemas": SCHEMAS.replace("[rest]", web)}),
            json!({"schemas": "# ours\n[rest]\npattern = .*\nretentions = 60s:1y\n"}),
            json!({"schemas": null, "aggregation": null}),
        ]
    );
    let asked = terminal.server.requests("PUT", "/v1/settings/domain");
    let queries: Vec<&str> = asked.iter().map(|request| request.query.as_str()).collect();
    assert_eq!(queries, ["", "dry_run=true", "", "", "", ""]);
}

#[test]
fn a_new_rule_stands_before_one_that_fits_every_name() {
    let mut terminal = desk();
    let ran = terminal.run("vigie metrics schemas set web --pattern ^web --retentions 1s:1h");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("`web` stands in front of `rest`"),
        "{ran:?}"
    );
    let web = "[web]\npattern = ^web\nretentions = 1s:1h\n\n[rest]";
    // One that fits every name itself comes last.
    let ran = terminal.run("vigie metrics schemas set all --pattern . --retentions 1s:1h");
    assert!(!ran.stderr.contains("in front of"), "{ran:?}");
    assert_eq!(
        sent(&terminal),
        [
            json!({"schemas": SCHEMAS.replace("[rest]", web)}),
            json!({"schemas": format!("{SCHEMAS}\n[all]\npattern = .\nretentions = 1s:1h\n")}),
        ]
    );
}

#[test]
fn rules_that_never_count_are_told_of() {
    let mut terminal = desk();
    let dead = "[d]\npattern = .*\nretentions = 60s:1y\n[fast]\npattern = ^f\nretentions = 1s:1h\n";
    std::fs::write(terminal.path("dead.conf"), dead).unwrap();
    let ran = terminal.run("vigie metrics schemas import dead.conf");
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "`d` comes before `fast` and matches every name";
    assert!(ran.stderr.contains(expected), "{ran:?}");
    let ran = terminal.run("vigie metrics schemas unset");
    assert!(ran.code == 2 && ran.stderr.contains("--all"), "{ran:?}");
}

#[test]
fn files_of_carbon_are_imported_and_what_changes_is_told() {
    let mut terminal = desk();
    let moved = "[rest]\npattern = .*\nretentions = 60s:1y\n[shop]\npattern = ^shop\\.\nretentions = 10s:6h,1m:30d\n[new]\npattern = n\nretentions = 1s:1d\n";
    std::fs::write(terminal.path("storage-schemas.conf"), moved).unwrap();
    std::fs::write(terminal.path("storage-aggregation.conf"), "").unwrap();
    for line in [
        "vigie metrics schemas import storage-schemas.conf --dry-run",
        "vigie metrics schemas import storage-schemas.conf --aggregation storage-aggregation.conf --output json",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    assert_snapshot!(terminal.transcript());
    assert_eq!(
        sent(&terminal),
        [
            json!({"schemas": moved}),
            json!({"schemas": moved, "aggregation": null}),
        ]
    );
}

#[test]
fn a_wrong_command_sends_nothing() {
    let mut terminal = desk();
    std::fs::write(terminal.path("long.conf"), "#".repeat(70_000)).unwrap();
    std::fs::write(terminal.path("bytes.conf"), b"[a]\xff").unwrap();
    for (line, code) in [
        ("vigie metrics schemas set new", 2),
        ("vigie metrics schemas set new --retentions 1s:1d", 2),
        ("vigie metrics schemas set new --pattern new", 2),
        ("vigie metrics schemas set [new] --pattern new", 2),
        (
            "vigie metrics schemas set new --pattern n --retentions 1s:1d --before none",
            2,
        ),
        ("vigie metrics schemas unset none", 5),
        ("vigie metrics schemas unset", 2),
        ("vigie metrics schemas import none.conf", 1),
        ("vigie metrics schemas import long.conf", 1),
        ("vigie metrics schemas import bytes.conf", 1),
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, code, "{line}: {ran:?}");
    }
    assert_snapshot!(terminal.transcript());
    assert_eq!(sent(&terminal), Vec::<Value>::new());
}
