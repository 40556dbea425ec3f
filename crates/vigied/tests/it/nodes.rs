//! Two nodes on one PostgreSQL: what is deleted at one goes from the stores of both, each is copied, and the audit holds what
//! was done at either.

use crate::audit::login;
use crate::harness::{
    Request, Serving, Turns, VIGIED, init_on_postgres, make_folder_of_node, now, token,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Two servers with folders of their own.
pub(crate) struct Nodes {
    folder: tempfile::TempDir,
    database: String,
    owner: Value,
    nodes: Vec<Serving>,
}

impl Nodes {
    pub(crate) fn start(test: &str, flags: &[&str]) -> Option<Self> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Self::start_with(test, |_, _| flags)
    }

    /// With flags that depend on the first account; what they name can be in the folder, which both nodes see.
    pub(crate) fn start_with(
        test: &str,
        flags: impl FnOnce(&Value, &Path) -> Vec<String>,
    ) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("node-0");
        let (database, owner) = init_on_postgres(test, &first)?;
        make_folder_of_node(&first, &folder.path().join("node-1"));
        let mut nodes = Self {
            folder,
            database,
            owner,
            nodes: Vec::new(),
        };
        let mut all = vec!["--database".to_owned(), nodes.database.clone()];
        all.extend(flags(&nodes.owner, nodes.folder.path()));
        let flags: Vec<&str> = all.iter().map(String::as_str).collect();
        for node in 0..2 {
            let started = Serving::start(&nodes.data(node), "127.0.0.1:0", &flags);
            nodes.nodes.push(started);
        }
        Some(nodes)
    }

    fn data(&self, node: usize) -> PathBuf {
        self.folder.path().join(format!("node-{node}"))
    }

    fn run(&self, node: usize, words: &[&str]) -> std::process::Output {
        run(&self.data(node), &self.database, words)
    }

    /// What a command of the operator prints as JSON.
    pub(crate) fn vigied(&self, node: usize, words: &[&str]) -> Value {
        let output = self.run(node, words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What `vigied init` has said of the first account.
    pub(crate) fn owner(&self, key: &str) -> &str {
        self.owner[key].as_str().unwrap()
    }

    pub(crate) fn url(&self, node: usize) -> String {
        self.nodes[node].url()
    }

    /// The URL of one address before both, to which requests go in turn.
    pub(crate) fn url_in_turn(&self) -> String {
        let turns = Turns::bind();
        let url = format!("http://{}", turns.address());
        turns.between([0, 1].map(|node| self.url(node)), self.owner("api_key"));
        url
    }

    pub(crate) fn serving(&self, node: usize) -> &Serving {
        &self.nodes[node]
    }

    pub(crate) fn send(&self, node: usize, key: &str, space: &str, name: &str) -> u16 {
        let body = json!([{"name": name, "value": 1.5, "timestamp": now() - 60}]);
        Request::new(&self.url(node), "POST", "/v1/metrics")
            .header("X-Auth-User-Token", &format!("apikey {key}"))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .json(&body)
            .send()
            .status
    }

    fn manage(&self, node: usize, method: &str, path: &str) -> Request {
        let key = format!("apikey {}", self.owner("api_key"));
        Request::new(&self.url(node), method, path).header("X-Auth-User-Token", &key)
    }

    fn series(&self, node: usize) -> String {
        let text = self.nodes[node].operations("/metrics").text();
        let line = text
            .lines()
            .find(|line| line.starts_with("vigie_store_series "));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    }

    /// How often a node's log says that it has removed the metrics of a domain.
    fn removals(&self, node: usize, domain: &str) -> usize {
        let log = self.nodes[node].log();
        let lines = log
            .lines()
            .filter(|line| line.contains("of what was deleted are removed"));
        lines.filter(|line| line.contains(domain)).count()
    }
}

fn run(data: &Path, database: &str, words: &[&str]) -> std::process::Output {
    run_without_database(data, &[words, &["--database", database]].concat())
}

/// In a shell that does not know the database.
fn run_without_database(data: &Path, words: &[&str]) -> std::process::Output {
    Command::new(VIGIED)
        .args(words)
        .arg("--data")
        .arg(data)
        .env_remove("VIGIE_DATABASE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

const AT_ONCE: [&str; 4] = [
    "--set",
    "storage.deleted_seconds=0",
    "--set",
    "limits.request_seconds=5",
];

#[test]
fn what_is_deleted_at_one_node_goes_once_from_the_stores_of_both() {
    let test = "what_is_deleted_at_one_node_goes_once_from_the_stores_of_both";
    let Some(nodes) = Nodes::start(test, &AT_ONCE) else {
        return;
    };
    let (key, space) = (nodes.owner("api_key"), nodes.owner("space_guid"));
    for node in 0..2 {
        assert_eq!(nodes.send(node, key, space, &format!("node.{node}")), 200);
        assert_eq!(nodes.series(node), "1");
    }
    let gone = nodes
        .manage(0, "DELETE", &format!("/v2/spaces/{space}"))
        .send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    for node in 0..2 {
        wait_for("its metrics are gone", || nodes.series(node) == "0");
        wait_for("it is in the log", || nodes.removals(node, space) > 0);
    }
    // Several more rounds: neither does it twice, and nothing written at the other comes back.
    let rounds = Instant::now() + Duration::from_secs(6);
    wait_for("more rounds", || Instant::now() > rounds);
    for node in 0..2 {
        assert_eq!(nodes.removals(node, space), 1, "node {node}");
        assert_ne!(nodes.send(node, key, space, "late"), 200);
    }
}

#[test]
fn an_account_deleted_at_one_node_opens_nothing_at_the_other_and_goes_from_both() {
    let test = "an_account_deleted_at_one_node_opens_nothing_at_the_other_and_goes_from_both";
    let Some(nodes) = Nodes::start(test, &["--set", "limits.request_seconds=5"]) else {
        return;
    };
    let create = [
        "account",
        "create",
        "Second",
        "--owner",
        "bea@example.org",
        "--output",
        "json",
    ];
    let bea = nodes.vigied(0, &create);
    let text = |key: &str| bea[key].as_str().unwrap().to_owned();
    let (key, space) = (text("api_key"), text("space_guid"));
    for node in 0..2 {
        wait_for("the account is known", || {
            nodes.send(node, &key, &space, "a.b") == 200
        });
    }
    nodes.vigied(
        1,
        &["account", "delete", "Second", "--yes", "--output", "json"],
    );
    assert_eq!(
        nodes.send(1, &key, &space, "a.c"),
        401,
        "at once where it was done"
    );
    wait_for("the other knows", || {
        nodes.send(0, &key, &space, "a.c") == 401
    });
    // Brought back at the one it is back at the other.
    nodes.vigied(0, &["account", "restore", "Second", "--output", "json"]);
    for node in 0..2 {
        wait_for("it is back", || {
            nodes.send(node, &key, &space, "a.b") == 200
        });
    }
    nodes.vigied(
        0,
        &["account", "delete", "Second", "--yes", "--output", "json"],
    );
    let purged = nodes.run(1, &["deleted", "purge", "--all", "--yes"]);
    assert!(purged.status.success(), "{purged:?}");
    for node in 0..2 {
        wait_for("its metrics are gone", || nodes.series(node) == "0");
    }
    let late = nodes.run(0, &["account", "restore", "Second"]);
    assert!(!late.status.success(), "{late:?}");
}

#[test]
fn each_node_is_copied_and_the_audit_holds_what_was_done_at_either() {
    let test = "each_node_is_copied_and_the_audit_holds_what_was_done_at_either";
    let Some(nodes) = Nodes::start(test, &AT_ONCE) else {
        return;
    };
    let (user, password) = (nodes.owner("user"), nodes.owner("password"));
    let (key, org) = (nodes.owner("api_key"), nodes.owner("org_guid"));
    let mut transactions = Vec::new();
    for node in 0..2 {
        let reply = login(&nodes.url(node), user, password);
        assert_eq!(reply.status, 200, "{}", reply.text());
        transactions.push(reply.header("transaction-id").unwrap().to_owned());
    }
    // Spaces come and go at both while both are copied.
    std::thread::scope(|scope| {
        for node in 0..2 {
            let nodes = &nodes;
            scope.spawn(move || {
                for round in 0..4 {
                    let name = format!("space-{node}-{round}");
                    let made = nodes
                        .manage(node, "POST", "/v2/spaces")
                        .json(&json!({"name": name, "organization_guid": org}))
                        .send();
                    assert_eq!(made.status, 201, "{}", made.text());
                    let guid = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
                    assert_eq!(nodes.send(node, key, &guid, "a.b"), 200);
                    let gone = nodes.manage(node, "DELETE", &format!("/v2/spaces/{guid}"));
                    assert_eq!(gone.send().status, 204);
                }
            });
            scope.spawn(move || {
                let target = nodes.folder.path().join(format!("copy-{node}"));
                let words = ["backup", target.to_str().unwrap(), "--output", "json"];
                let made = nodes.vigied(node, &words);
                assert_eq!(made["identity"], "postgresql", "{made}");
                assert!(target.join("keys").is_dir(), "{made}");
            });
        }
    });
    for node in 0..2 {
        wait_for("all metrics are gone", || nodes.series(node) == "0");
        let found = nodes.vigied(node, &["audit", "--output", "json"]);
        let found = found.as_array().unwrap();
        for id in &transactions {
            let of = |row: &&Value| row["transaction_id"] == id.as_str();
            let matching = found
                .iter()
                .filter(of)
                .filter(|row| row["event"] == "signed_in");
            assert_eq!(matching.count(), 1, "{found:#?}");
        }
        let of = |event: &str| found.iter().filter(|row| row["event"] == event).count();
        assert_eq!(
            (of("space_deleted"), of("backup_made")),
            (8, 4),
            "{found:#?}"
        );
        // No two have one number, and none is missing.
        let mut numbers: Vec<i64> = found
            .iter()
            .filter_map(|row| row["number"].as_i64())
            .collect();
        numbers.sort_unstable();
        let whole: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, whole);
    }
}

#[test]
fn commands_beside_a_node_find_its_identity_though_nobody_tells_them_the_database() {
    let test = "commands_beside_a_node_find_its_identity_though_nobody_tells_them_the_database";
    let Some(mut nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let (data, user) = (nodes.data(1), nodes.owner("user").to_owned());
    let run = |words: &[&str]| {
        let output = run_without_database(&data, words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |words: &[&str]| -> Value {
        serde_json::from_str(&run(&[words, &["--output", "json"]].concat())).unwrap()
    };
    assert!(run(&["user", "list"]).contains(&user));
    run(&["user", "reset-password", &user]);
    let bea = "bea@example.org";
    run(&["account", "create", "Second", "--owner", bea]);
    assert_eq!(json(&["account", "list"]).as_array().unwrap().len(), 2);
    run(&["operations", "token"]);
    let copy = nodes.folder.path().join("copy");
    let copied = json(&["backup", copy.to_str().unwrap()]);
    assert_eq!(copied["identity"], "postgresql", "{copied}");
    // What is asked before the server is called upon, too.
    let unsure = run_without_database(&data, &["account", "delete", "Second"]);
    let unsure = String::from_utf8(unsure.stderr).unwrap();
    assert!(
        unsure.contains("`Second`") && unsure.contains("--yes"),
        "{unsure}"
    );
    run(&["account", "delete", "Second", "--yes"]);
    // All of it is in the database that both nodes have.
    let there = nodes.vigied(0, &["audit", "--output", "json"]);
    for entries in [there, json(&["audit"])] {
        for event in ["operations_token_made", "backup_made", "account_deleted"] {
            let is_entered = |row: &Value| row["event"] == event;
            assert!(
                entries.as_array().unwrap().iter().any(is_entered),
                "{event}: {entries}"
            );
        }
    }
    assert!(!data.join("iam.db").exists());

    // Where no server runs, both ways are named, and the one that is wrong here is not taken.
    nodes.nodes.clear();
    let lost = run_without_database(&data, &["user", "list"]);
    let lost = String::from_utf8(lost.stderr).unwrap();
    assert!(lost.contains("`VIGIE_DATABASE`"), "{lost}");
    let another = run_without_database(&data, &["init"]);
    assert_eq!(another.status.code(), Some(1));
    let another = String::from_utf8(another.stderr).unwrap();
    assert!(another.contains("encryption.key"), "{another}");
    assert!(another.contains("`VIGIE_DATABASE`"), "{another}");
    assert!(!data.join("iam.db").exists());
}

/// Who edits the rules of a domain reads them first, and writes all of them back.
#[test]
fn rules_that_were_set_at_one_node_are_read_at_the_other_at_once() {
    let test = "rules_that_were_set_at_one_node_are_read_at_the_other_at_once";
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let scope = format!("s-{}", nodes.owner("space_guid"));
    let settings = |node: usize, method| {
        let request = nodes.manage(node, method, "/v1/settings/domain");
        request.header("X-Auth-Scope-Id", &scope)
    };
    for seconds in 1..=10 {
        let (at, other) = (seconds % 2, (seconds + 1) % 2);
        let wanted = json!({"resolution_seconds": seconds * 10});
        let set = settings(at, "PUT").json(&wanted).send();
        assert_eq!(set.status, 200, "{}", set.text());
        let found = settings(other, "GET").send().json();
        assert_eq!(found["resolution_seconds"], wanted["resolution_seconds"]);
    }
}

#[test]
fn a_service_id_deleted_at_one_node_ends_its_tokens_at_the_other_within_a_second() {
    let test = "a_service_id_deleted_at_one_node_ends_its_tokens_at_the_other_within_a_second";
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let (account, space) = (nodes.owner("account_guid"), nodes.owner("space_guid"));
    let new = json!({"account_id": account, "name": "ci", "apikey": {"name": "its own"}});
    let made = nodes.manage(0, "POST", "/v1/serviceids").json(&new).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let (id, key) = (&made["id"], made["apikey"]["apikey"].as_str().unwrap());
    let path = format!("/v2/spaces/{space}/developers");
    let body = json!({"username": made["iam_id"]});
    let appointed = nodes.manage(0, "PUT", &path).json(&body).send();
    assert_eq!(appointed.status, 201, "{}", appointed.text());
    let token = token(&nodes.url(1), key);
    let status = || {
        Request::new(&nodes.url(1), "GET", "/v1/metrics/list?query=*")
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .send()
            .status
    };
    assert_eq!(status(), 200);
    let path = format!("/v1/serviceids/{}", id.as_str().unwrap());
    let deleted = nodes.manage(0, "DELETE", &path).send();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let since = Instant::now();
    while status() == 200 {
        assert!(since.elapsed() < Duration::from_secs(1), "it is still good");
    }
    assert_eq!(status(), 401);
}
