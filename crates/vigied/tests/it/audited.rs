//! The actors in the audit: users with their accounts and keys, and the operator with every command.

use crate::audit::{entries, of};
use crate::harness::{Request, Server, VIGIED, init, operations, try_operations};
use serde_json::{Value, json};
use std::process::Command;

/// A request to the owner's space with the owner's key.
fn by_key(server: &Server, method: &str, path: &str) -> Request {
    let key = format!("apikey {}", server.owner.api_key);
    let space = format!("s-{}", server.owner.space);
    let request = server.request(method, path);
    request
        .header("X-Auth-User-Token", &key)
        .header("X-Auth-Scope-Id", &space)
}

#[test]
fn a_known_caller_who_is_refused_is_named_in_their_account() {
    let server = Server::start();
    let key = format!("apikey {}", server.owner.api_key);
    let strange = server
        .request("GET", "/v1/metrics/list?query=*")
        .header("X-Auth-User-Token", &key)
        .header("X-Auth-Scope-Id", "s-00000000-0000-4000-8000-000000000000");
    assert_eq!(strange.send().status, 404);
    let found = entries(&server.data(), &["--account", &server.owner.account]);
    let refused = of(&found, "right_refused");
    assert_eq!(refused.len(), 1, "{found:#?}");
    assert_ne!(refused[0]["who"], "unknown");
    assert_eq!(refused[0]["credential"], "api_key");
    // A refused request is recorded as well.
    let asked = of(&found, "requests_made");
    let is_same_caller = |row: &&&Value| row["who"] == refused[0]["who"];
    assert_eq!(asked.iter().filter(is_same_caller).count(), 1, "{found:#?}");
}

#[test]
fn a_narrowed_key_that_is_tried_on_management_is_named() {
    let server = Server::start();
    let (key, id) = server.narrow_key();
    let token = crate::harness::token(&server.serving.url(), &key);
    for credential in [format!("apikey {key}"), format!("iam {token}")] {
        let tried = server
            .request("GET", "/v1/apikeys")
            .header("X-Auth-User-Token", &credential)
            .send();
        assert_eq!(tried.status, 403, "{}", tried.text());
        assert!(tried.text().contains("BXNMSRI18E"), "{}", tried.text());
    }
    let found = entries(&server.data(), &["--account", &server.owner.account]);
    let refused = of(&found, "right_refused");
    assert_eq!(refused.len(), 2, "{found:#?}");
    let asked = of(&found, "requests_made");
    for row in refused {
        assert_ne!(row["who"], "unknown", "{row:#}");
        let with_key = |made: &&&Value| {
            made["who"] == row["who"]
                && made["credential"] == row["credential"]
                && made["details"]["by_key"] == *id
        };
        assert_eq!(asked.iter().filter(with_key).count(), 1, "{asked:#?}");
    }
}

/// Each change of a domain's settings is entered with the credential that it came with.
#[test]
fn a_change_of_a_domains_settings_names_its_credential() {
    let server = Server::start();
    let token = server.token();
    let by_token = server
        .request("PUT", "/v1/settings/domain")
        .header("X-Auth-User-Token", &format!("iam {token}"))
        .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space));
    let by_key = by_key(&server, "PUT", "/v1/settings/domain");
    for (seconds, request) in [(10, by_key), (20, by_token)] {
        let set = request.json(&json!({"resolution_seconds": seconds})).send();
        assert_eq!(set.status, 200, "{}", set.text());
    }
    let found = entries(&server.data(), &["--account", &server.owner.account]);
    let configured: Vec<(&str, &str)> = of(&found, "domain_configured")
        .iter()
        .map(|row| {
            assert_ne!(row["who"], "unknown", "{row:#}");
            let set = row["details"]["resolution_seconds"].as_str();
            (row["credential"].as_str().unwrap(), set.unwrap())
        })
        .collect();
    assert_eq!(configured.len(), 2, "{found:#?}");
    assert!(
        configured.contains(&("api_key", "10")) && configured.contains(&("iam_token", "20")),
        "{configured:?}"
    );
}

#[test]
fn samples_and_their_deletion_name_the_key() {
    let server = Server::start();
    let body = json!([{"name": "load.one", "value": 1.0}]);
    let sent = by_key(&server, "POST", "/v1/metrics").json(&body).send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let gone = by_key(&server, "DELETE", "/v1/metrics/list?query=load.*").send();
    assert_eq!(gone.status, 200, "{}", gone.text());
    let found = entries(&server.data(), &[]);
    let made = of(&found, "key_made");
    let key = made[0]["target"].as_str().unwrap();
    let deleted = of(&found, "metrics_deleted");
    assert_eq!(deleted.len(), 2, "{found:#?}");
    for row in deleted.into_iter().chain(of(&found, "requests_made")) {
        assert_eq!(row["details"]["by_key"], key, "{row:#}");
    }
}

#[test]
fn a_deletion_that_finds_nothing_makes_no_entry() {
    let server = Server::start();
    let nothing = by_key(&server, "DELETE", "/v1/metrics/list?query=none.*").send();
    assert_eq!(nothing.status, 200, "{}", nothing.text());
    let found = entries(&server.data(), &[]);
    assert!(of(&found, "metrics_deleted").is_empty(), "{found:#?}");
}

#[test]
fn the_operator_is_entered_with_a_uid_and_no_address() {
    let server = Server::start();
    let data = server.data();
    let target = server.folder.path().join("copy");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(VIGIED);
        let output = command.args(arguments).arg("--data").arg(&data).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["backup", target.to_str().unwrap()]);
    run(&["operations", "token"]);
    let found = entries(&data, &[]);
    let selected: Vec<&Value> = found
        .iter()
        .filter(|row| row["who"] == "operator")
        .collect();
    for (event, times) in [
        ("backup_made", 2),
        ("operations_token_made", 1),
        ("account_made", 1),
    ] {
        assert_eq!(of(&found, event).len(), times, "{event}: {found:#?}");
    }
    for row in selected {
        assert!(row["source"].is_null(), "{row:#}");
        assert!(row["details"]["uid"].is_string(), "{row:#}");
    }
    let backup = of(&found, "backup_made")[0];
    assert_eq!(backup["target"], target.to_str().unwrap());
    assert_eq!(backup["outcome"], "begun");
    let made: Vec<&Value> = found
        .iter()
        .filter(|row| {
            ["account_made", "user_made", "key_made"].contains(&row["event"].as_str().unwrap())
        })
        .collect();
    let one = &made[0]["transaction_id"];
    assert!(
        made.iter().all(|row| row["transaction_id"] == *one),
        "{made:#?}"
    );
    let printed = run(&["audit"]);
    let lines = printed.lines().filter(|line| line.contains(" operator "));
    let lines: Vec<&str> = lines.collect();
    assert!(!lines.is_empty(), "{printed}");
    for line in lines {
        assert!(
            line.contains(" operator (uid ") && !line.contains(" from "),
            "{printed}"
        );
    }
    // The copy holds the entry that it was begun.
    let copied = entries(&target, &[]);
    assert_eq!(of(&copied, "backup_made").len(), 1, "{copied:#?}");
}

/// The log said that metrics were deleted, and that the operator had a copy, when the work had only begun.
#[test]
fn regression_7_the_log_does_not_say_done_of_what_has_only_begun() {
    let server = Server::start();
    let body = json!([{"name": "load.one", "value": 1.0}]);
    let sent = by_key(&server, "POST", "/v1/metrics").json(&body).send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    let gone = by_key(&server, "DELETE", "/v1/metrics/list?query=load.*").send();
    assert_eq!(gone.status, 200, "{}", gone.text());
    let copied = Command::new(VIGIED)
        .arg("backup")
        .arg(server.folder.path().join("copy"))
        .arg("--data")
        .arg(server.data())
        .output()
        .unwrap();
    assert!(copied.status.success(), "{copied:?}");
    let done = "event=\"backup_made\" outcome=\"done\"";
    server.serving.wait_for_log(done);
    let log = server.serving.log();
    let begun: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("outcome=\"begun\""))
        .collect();
    assert_eq!(begun.len(), 2, "{log}");
    for line in begun {
        assert!(
            !line.contains(" was ") && !line.contains(" were "),
            "{line}"
        );
        assert!(!line.contains(" has a copy"), "{line}");
    }
}

#[test]
fn only_the_control_socket_is_asked_for_a_backup() {
    let server = Server::start();
    let target = server.folder.path().join("stolen");
    let ask = format!("POST /backup?to={} HTTP/1.0\r\n\r\n", target.display());
    let socket = server.data().join("operations.sock");
    let reply = try_operations(&socket, &ask).unwrap();
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(operations(&socket, "/backup").status, 404);
    assert!(!target.exists());
}

#[test]
fn a_stale_socket_goes_where_operators_listen_on_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    init(&data);
    let socket = data.join("operations.sock");
    // As SIGKILL leaves it: the file is there, and nobody listens.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let at = ["--set", "operations.listen=127.0.0.1:0"];
    let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &at);
    assert!(!socket.exists());
    assert!(serving.stop().success());
}
