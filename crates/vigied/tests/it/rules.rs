//! Rules about steps, by the real command line at the real server.

use crate::harness::Server;
use serde_json::{Value, json};
use std::process::Output;

fn logged_in() -> Server {
    let server = Server::start();
    let (url, key) = (server.serving.url(), server.owner.api_key.clone());
    let login = [
        "login", "-a", &url, "--apikey", &key, "-o", "vigie", "-s", "dev",
    ];
    let ran = run(&server, &login);
    assert!(ran.status.success(), "{ran:?}");
    server
}

fn run(server: &Server, words: &[&str]) -> Output {
    let mut command = server.vigie();
    command.current_dir(server.folder.path()).args(words);
    command.output().unwrap()
}

/// The JSON output of a command.
fn run_ok(server: &Server, line: &str) -> Value {
    let mut words: Vec<&str> = line.split(' ').collect();
    words.extend(["--output", "json"]);
    let ran = run(server, &words);
    assert!(ran.status.success(), "{line}: {ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn refused(server: &Server, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let ran = run(server, &words);
    assert_eq!(ran.status.code(), Some(1), "{line}: {ran:?}");
    String::from_utf8(ran.stderr).unwrap()
}

fn in_force(server: &Server) -> Value {
    let token = server.token();
    server
        .metrics(&token, "GET", "/v1/settings/domain")
        .send()
        .json()
}

#[test]
fn files_are_imported_and_a_mistake_says_file_line_and_text() {
    let server = logged_in();
    let write = |name: &str, text: &str| {
        std::fs::write(server.folder.path().join(name), text).unwrap();
    };
    let schemas = "[a]\npattern = ^a\nretentions = 10s:1d\n";
    write("schemas.conf", schemas);
    write("aggregation.conf", "# none yet\n");
    let files = "metrics schemas import schemas.conf --aggregation aggregation.conf";
    let dry = run_ok(&server, &format!("{files} --dry-run"));
    assert_eq!(dry["dry_run"], true);
    assert_eq!(
        dry["changes"],
        json!([{"file": "storage-schemas.conf", "name": "a", "change": "added"}])
    );
    assert_eq!(in_force(&server)["schemas"], Value::Null);
    run_ok(&server, files);
    assert_eq!(in_force(&server)["schemas"], schemas);
    assert_eq!(in_force(&server)["aggregation"], "# none yet\n");
    for (text, line, written) in [
        ("[a]\npattern = (\nretentions = 1s:1d\n", 2, "pattern = ("),
        (
            "[a]\npattern = a\nretentions = soon\n",
            3,
            "retentions = soon",
        ),
    ] {
        write("wrong.conf", text);
        for flags in ["", " --dry-run"] {
            let message = refused(
                &server,
                &format!("metrics schemas import wrong.conf{flags}"),
            );
            assert!(
                message.contains(&format!("wrong.conf:{line}: ")),
                "{message}"
            );
            assert!(message.contains(written), "{message}");
        }
        let of_aggregation = "metrics schemas import schemas.conf --aggregation wrong.conf";
        let message = refused(&server, of_aggregation);
        assert!(message.contains("wrong.conf:"), "{message}");
    }
    // The other file in the place of this one.
    write("other.conf", "[a]\npattern = a\nxFilesFactor = 0\n");
    let message = refused(&server, "metrics schemas import other.conf");
    assert!(message.contains("no key `xFilesFactor`"), "{message}");
    assert!(message.contains("`--aggregation`"), "{message}");
    assert_eq!(in_force(&server)["schemas"], schemas);
}

#[test]
fn one_rule_is_set_and_unset() {
    let server = logged_in();
    run_ok(
        &server,
        "metrics schemas set b --pattern ^b --retentions 30s:1d --method sum",
    );
    let set = run_ok(
        &server,
        "metrics schemas set a --pattern ^a --retentions 10s:1d --before b",
    );
    let names: Vec<_> = set["schemas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["name"])
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        run_ok(&server, "metrics schemas get")["schemas"],
        set["schemas"]
    );
    let message = refused(&server, "metrics schemas set b --retentions never");
    assert!(message.contains("the rule `b`"), "{message}");
    assert!(message.contains("retentions = never"), "{message}");
    assert!(message.contains("`never` is no retention"), "{message}");
    let unset = run_ok(&server, "metrics schemas unset b");
    assert_eq!(unset["aggregation"], json!([]));
    assert_eq!(in_force(&server)["aggregation"], Value::Null);
    run_ok(&server, "metrics schemas unset --all");
    assert_eq!(
        in_force(&server),
        json!({
            "resolution_seconds": null,
            "schemas": null,
            "aggregation": null,
            "key_before_names": false,
        })
    );
}

/// A dry run of settings checks all that a change checks, and makes none.
#[test]
fn settings_are_tried_without_a_change() {
    let server = Server::start();
    let token = server.token();
    let put = |path: &str, body: Value| server.metrics(&token, "PUT", path).json(&body).send();
    let dry = "/v1/settings/domain?dry_run=true";
    let planned = put(dry, json!({"resolution_seconds": 30}));
    assert_eq!(planned.json()["resolution_seconds"], 30);
    assert_eq!(in_force(&server)["resolution_seconds"], Value::Null);
    for wrong in [
        json!({"resolution_seconds": 0}),
        json!({"schemas": "oops"}),
        json!({"schemas": "# \u{0}"}),
    ] {
        assert_eq!(put(dry, wrong.clone()).status, 400, "{wrong}");
    }
    // A key is named as it was sent.
    for (file, text, expected) in [
        (
            "schemas",
            "[a]\npattern = a\nMaxRetention = 1s:1d",
            "no key `MaxRetention`",
        ),
        ("aggregation", "[a]\nPattern = a\nXFF = 1", "no key `XFF`"),
        (
            "aggregation",
            "[a]\nPattern = a\nXFILESFACTOR = 2",
            "`XFILESFACTOR` is a number",
        ),
    ] {
        let refused = put(dry, json!({file: text}));
        assert!(refused.text().contains(expected), "{}", refused.text());
    }
    for path in [
        "/v1/settings/domain?dry_run=yes",
        "/v1/settings/domain?dryrun=true",
    ] {
        let refused = put(path, json!({"resolution_seconds": 30}));
        assert_eq!(refused.status, 400, "{path}: {}", refused.text());
    }
    assert_eq!(in_force(&server)["resolution_seconds"], Value::Null);
}
