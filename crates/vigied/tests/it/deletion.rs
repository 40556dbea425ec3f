//! Deletions can be restored with their metrics until they are due. Then the metrics are removed, also if the server is killed
//! in between, and count for the account until none is stored.

use crate::harness::{Reply, Request, Server, Serving, VIGIED, init, now, token};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A caller at a server.
struct Caller {
    url: String,
    token: String,
}

impl Caller {
    fn manage(&self, method: &str, path: &str) -> Request {
        Request::new(&self.url, method, path).bearer(&self.token)
    }

    fn metrics(&self, space: &str, method: &str, path: &str) -> Request {
        Request::new(&self.url, method, path)
            .header("X-Auth-User-Token", &format!("iam {}", self.token))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
    }

    fn send(&self, space: &str, names: &[&str]) -> Reply {
        let body: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "value": 7.5, "timestamp": now() - 60}))
            .collect();
        self.metrics(space, "POST", "/v1/metrics")
            .json(&json!(body))
            .send()
    }

    fn names(&self, space: &str) -> Reply {
        self.metrics(space, "GET", "/v1/metrics/list?query=*")
            .send()
    }

    fn make_space(&self, org: &str, name: &str) -> String {
        let made = self
            .manage("POST", "/v2/spaces")
            .json(&json!({"name": name, "organization_guid": org}))
            .send();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["metadata"]["guid"].as_str().unwrap().to_owned()
    }

    fn delete(&self, what: &str) -> Reply {
        let reply = self.manage("DELETE", what).send();
        assert_eq!(reply.status, 204, "{}", reply.text());
        reply
    }
}

fn of(server: &Server) -> Caller {
    Caller {
        url: server.serving.url(),
        token: server.token(),
    }
}

/// A figure of the operators' metrics.
fn figure(serving: &Serving, name: &str) -> f64 {
    let text = serving.operations("/metrics").text();
    let line = text
        .lines()
        .find(|line| line.split(' ').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no `{name}` in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn vigied(data: &Path, words: &[&str]) -> String {
    let output = Command::new(VIGIED)
        .args(words)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn waiting(data: &Path) -> usize {
    let text = vigied(data, &["deleted", "list", "--output", "json"]);
    let rows: Value = serde_json::from_str(&text).unwrap();
    rows.as_array().unwrap().len()
}

#[test]
fn a_deleted_space_is_told_what_goes_and_comes_back_with_its_metrics() {
    let server = Server::start();
    let (caller, owner) = (of(&server), &server.owner);
    assert_eq!(caller.send(&owner.space, &["a.b", "a.c"]).status, 200);
    let path = format!("/v2/spaces/{}", owner.space);
    let gone = caller.delete(&path);
    assert_eq!(
        gone.header("x-vigie-series"),
        Some("2"),
        "{:?}",
        gone.headers
    );
    let removed_at = gone.header("x-vigie-removed-at").unwrap().to_owned();
    assert!(removed_at.ends_with('Z'), "{removed_at}");
    assert_eq!(caller.names(&owner.space).status, 404);
    let listed = caller.manage("GET", "/v2/deleted").send().json();
    assert_eq!(
        listed["resources"][0]["guid"],
        owner.space.as_str(),
        "{listed}"
    );
    assert_eq!(listed["resources"][0]["removed_at"], removed_at.as_str());
    let restore = format!("{path}/restore");
    let back = caller.manage("POST", &restore).send();
    assert_eq!(back.status, 201, "{}", back.text());
    assert_eq!(back.json()["entity"]["name"], "dev");
    assert_eq!(caller.names(&owner.space).json(), json!(["a"]));
    assert_eq!(caller.send(&owner.space, &["a.d"]).status, 200);
    // Nothing is left to restore: it is there, and not deleted.
    assert_eq!(caller.manage("POST", &restore).send().status, 409);
    let listed = caller.manage("GET", "/v2/deleted").send().json();
    assert_eq!(listed["resources"], json!([]), "{listed}");
}

#[test]
fn the_command_line_says_what_goes_and_brings_it_back() {
    let server = Server::start();
    let owner = &server.owner;
    assert_eq!(of(&server).send(&owner.space, &["a.b", "a.c"]).status, 200);
    let vigie = |line: &str| {
        let mut command = server.vigie();
        let output = command.args(line.split(' ')).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {printed}");
        printed
    };
    let login = format!(
        "login -a {} --apikey {} -o vigie -s dev",
        server.serving.url(),
        owner.api_key
    );
    vigie(&login);
    let printed = vigie("account space-delete dev -o vigie -f");
    let restore = format!("vigie account space-restore {}", owner.space);
    assert!(
        printed.contains("Its 2 series are removed on 20"),
        "{printed}"
    );
    assert!(printed.contains(&restore), "{printed}");
    assert!(vigie("account deleted").contains("dev"));
    // The command in the hint works.
    vigie(&restore.replace("vigie ", ""));
    vigie("target -o vigie -s dev");
    let listed = vigie("metrics list");
    assert!(listed.contains("├── b"), "{listed}");
    let printed = vigie("account org-delete vigie -f --recursive --output json");
    let json: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(json["series"], 2, "{json}");
    let printed = vigie("account org-restore vigie --name vigie-again");
    assert!(printed.contains("vigie-again is back"), "{printed}");
}

#[test]
fn another_name_is_as_short_as_any_and_a_body_that_is_none_loses_nothing() {
    restore_at_last(&Server::start());
}

/// What one node has deleted the other restores.
#[test]
fn a_restore_that_is_refused_at_one_node_is_done_at_the_other() {
    let test = "a_restore_that_is_refused_at_one_node_is_done_at_the_other";
    if let Some(server) = Server::on_two_nodes(test) {
        restore_at_last(&server);
    }
}

fn restore_at_last(server: &Server) {
    let caller = of(server);
    let path = format!("/v2/spaces/{}", server.owner.space);
    caller.delete(&path);
    let restore = format!("{path}/restore");
    let long = json!({"name": "x".repeat(256)});
    let reply = caller.manage("POST", &restore).json(&long).send();
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("label_bytes"), "{}", reply.text());
    for body in ["{", "7", "{\"name\":7}"] {
        let reply = caller.manage("POST", &restore).body(body).send();
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
    }
    let reply = caller.manage("POST", &restore).body("{}").send();
    assert_eq!(reply.status, 201, "{}", reply.text());
}

#[test]
fn an_organization_comes_back_with_its_spaces_and_their_metrics() {
    let server = Server::start();
    let (caller, owner) = (of(&server), &server.owner);
    let test = caller.make_space(&owner.org, "test");
    for space in [&owner.space, &test] {
        assert_eq!(caller.send(space, &["a.b"]).status, 200);
    }
    let path = format!("/v2/organizations/{}", owner.org);
    let gone = caller.delete(&format!("{path}?recursive=true"));
    assert_eq!(gone.header("x-vigie-series"), Some("2"));
    let space = caller
        .manage("POST", &format!("/v2/spaces/{test}/restore"))
        .send();
    assert_eq!(space.status, 409, "{}", space.text());
    let other = json!({"name": "other"});
    let back = caller
        .manage("POST", &format!("{path}/restore"))
        .json(&other)
        .send();
    assert_eq!(back.status, 201, "{}", back.text());
    assert_eq!(back.json()["entity"]["name"], "other");
    for space in [&owner.space, &test] {
        assert_eq!(caller.names(space).json(), json!(["a"]));
    }
}

#[test]
fn metrics_of_a_deleted_space_go_though_the_server_is_killed_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let flags = [
        "--set",
        "storage.deleted_seconds=0",
        "--set",
        "limits.request_seconds=5",
    ];
    let mut serving = Serving::start(&data, "127.0.0.1:0", &flags);
    for round in 0..4 {
        let caller = Caller {
            url: serving.url(),
            token: token(&serving.url(), &owner.api_key),
        };
        let space = caller.make_space(&owner.org, &format!("round-{round}"));
        assert_eq!(caller.send(&space, &["a.b", "a.c", "a.d"]).status, 200);
        caller.delete(&format!("/v2/spaces/{space}"));
        // Kill at once, and at moments during the removal.
        std::thread::sleep(Duration::from_millis(700 * round));
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        drop(serving);
        serving = Serving::start(&data, "127.0.0.1:0", &flags);
    }
    wait_for("no series is left", || {
        figure(&serving, "vigie_store_series").abs() < 0.5
    });
    wait_for("what is removed is forgotten", || waiting(&data) == 0);
    // Everything else is still there.
    let caller = Caller {
        url: serving.url(),
        token: token(&serving.url(), &owner.api_key),
    };
    assert_eq!(caller.send(&owner.space, &["a.b"]).status, 200);
    assert_eq!(caller.names(&owner.space).json(), json!(["a"]));
}

#[test]
fn writing_and_deleting_spaces_in_turn_gets_round_no_quota() {
    let server = Server::with(&["--set", "limits.series_per_account=3"]);
    let (caller, owner) = (of(&server), &server.owner);
    let space = caller.make_space(&owner.org, "one");
    assert_eq!(caller.send(&space, &["a", "b", "c"]).status, 200);
    caller.delete(&format!("/v2/spaces/{space}"));
    let space = caller.make_space(&owner.org, "two");
    // Sums over an account are cached for five seconds.
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        let refused = caller.send(&space, &["d"]);
        assert_ne!(refused.status, 200, "{}", refused.text());
        assert!(
            refused.text().contains("series_per_account"),
            "{}",
            refused.text()
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn the_operator_has_deleted_metrics_go_at_once_while_the_server_runs() {
    let server = Server::with(&["--set", "limits.request_seconds=5"]);
    let (caller, owner) = (of(&server), &server.owner);
    assert_eq!(caller.send(&owner.space, &["a.b"]).status, 200);
    caller.delete(&format!("/v2/spaces/{}", owner.space));
    assert_eq!(waiting(&server.data()), 1);
    assert!(figure(&server.serving, "vigie_store_series") > 0.5);
    let domain = format!("s-{}", owner.space);
    let printed = vigied(&server.data(), &["deleted", "purge", &domain, "--yes"]);
    assert!(printed.contains("go now"), "{printed}");
    wait_for("no series is left", || {
        figure(&server.serving, "vigie_store_series").abs() < 0.5
    });
    wait_for("it is forgotten", || waiting(&server.data()) == 0);
    let late = caller
        .manage("POST", &format!("/v2/spaces/{}/restore", owner.space))
        .send();
    assert_eq!(late.status, 404, "{}", late.text());
}
