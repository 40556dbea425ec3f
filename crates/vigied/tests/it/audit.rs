//! The audit of actions, with actor, origin and time: in the log, and in the database.

use crate::harness::{Reply, Request, Server, VIGIED, now};
use base::limit::{self, Limit};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Counted here, and in the stories of `iam`.
pub(crate) const LIMITS: [Limit; 5] = [
    limit::AUDIT_ENTRIES_PER_ACCOUNT,
    limit::AUDIT_RETENTION_DAYS,
    limit::AUDIT_REFUSALS_PER_MINUTE,
    limit::AUDIT_CALLERS_PER_HOUR,
    limit::AUDIT_TEXT_BYTES,
];

/// The output of `vigied audit`.
pub(crate) fn entries(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut command = Command::new(VIGIED);
    command
        .args(["audit", "--output", "json", "--data"])
        .arg(data);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    value.as_array().unwrap().clone()
}

pub(crate) fn of<'a>(entries: &'a [Value], event: &str) -> Vec<&'a Value> {
    let found = entries.iter().filter(|row| row["event"] == event);
    found.collect()
}

/// The lines of the log about one kind of event.
fn lines(server: &Server, event: &str) -> Vec<String> {
    let word = format!("event=\"{event}\"");
    let log = server.serving.log();
    let found = log.lines().filter(|line| line.contains(&word));
    found.map(str::to_owned).collect()
}

fn transaction(reply: &Reply) -> String {
    reply.header("transaction-id").unwrap().to_owned()
}

/// A login by password, as the command line asks for it.
pub(crate) fn login(url: &str, user: &str, password: &str) -> Reply {
    let request = Request::new(url, "POST", "/identity/token").basic("bx", "bx");
    request
        .form(&[
            ("grant_type", "password"),
            ("username", user),
            ("password", password),
        ])
        .send()
}

/// A management request with the owner's key.
fn manage(server: &Server, method: &str, path: &str) -> Request {
    let key = format!("apikey {}", server.owner.api_key);
    let request = server.request(method, path);
    request.header("X-Auth-User-Token", &key)
}

#[test]
fn every_change_stands_in_the_log_with_who_whence_and_the_transaction() {
    let server = Server::start();
    let (owner, url) = (&server.owner, server.serving.url());
    let signed_in = login(&url, &owner.user, &owner.password);
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    let refused = login(&url, &owner.user, "not the password at all");
    assert_eq!(refused.status, 400, "{}", refused.text());
    let made = manage(&server, "POST", "/v2/spaces")
        .json(&json!({"name": "more", "organization_guid": owner.org}))
        .send();
    assert_eq!(made.status, 201, "{}", made.text());
    let space = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    let gone = manage(&server, "DELETE", &format!("/v2/spaces/{space}")).send();
    assert_eq!(gone.status, 204, "{}", gone.text());
    for (event, reply, word) in [
        ("signed_in", &signed_in, "password"),
        ("login_failed", &refused, "wrong_password"),
        ("space_made", &made, space.as_str()),
        ("space_deleted", &gone, space.as_str()),
    ] {
        let id = transaction(reply);
        server.serving.wait_for_log(&format!("event=\"{event}\""));
        let found = lines(&server, event);
        assert_eq!(found.len(), 1, "{event}: {found:?}");
        for once in ["source=", "transaction=", id.as_str()] {
            let times = found[0].matches(once).count();
            assert_eq!(times, 1, "{event} says `{once}` {times} times: {found:?}");
        }
        for part in [id.as_str(), "127.0.0.1", word] {
            assert!(
                found[0].contains(part),
                "{event} names no {part}: {found:?}"
            );
        }
        // The database has the same.
        let entries = entries(&server.data(), &[]);
        let row = of(&entries, event);
        assert_eq!(row.len(), 1, "{event}: {entries:#?}");
        assert_eq!(row[0]["transaction_id"], id.as_str());
        assert_eq!(row[0]["source"], "127.0.0.1");
        assert!(row[0].to_string().contains(word), "{row:?}");
    }
    let found = entries(&server.data(), &["--account", &owner.account]);
    assert!(!of(&found, "space_made").is_empty());
    let is_of_account = |row: &Value| row["account_guid"] == owner.account.as_str();
    assert!(found.iter().all(is_of_account));
    let later = (now() + 3600).to_string();
    assert!(entries(&server.data(), &["--since", &later]).is_empty());
    assert!(!entries(&server.data(), &["--since", "-1h"]).is_empty());
    let all = entries(&server.data(), &[]);
    let numbers = all.iter().filter_map(|row| row["number"].as_i64());
    assert!(numbers.eq(1..=numbered(&all)), "numbers have no gaps");
    // In text, each entry begins with its number, so that a gap is visible.
    let mut command = Command::new(VIGIED);
    let listing = command.args(["audit", "--data"]).arg(server.data());
    let stdout = String::from_utf8(listing.output().unwrap().stdout).unwrap();
    let firsts = stdout.lines().filter_map(|line| {
        let first = line.split_whitespace().next()?;
        first.parse::<i64>().ok()
    });
    let numbers: Vec<i64> = firsts.collect();
    assert!(numbers.len() as i64 >= numbered(&all), "{stdout}");
    assert!(
        numbers.iter().copied().eq(1..=numbers.len() as i64),
        "{stdout}"
    );
}

/// It said `Auditor`, as an organization has one too, where commands and lists say `SpaceAuditor`.
#[test]
fn regression_7_a_role_has_one_name_in_the_audit_and_in_the_api() {
    let server = Server::start();
    let (owner, user) = (&server.owner, json!({"username": server.owner.user}));
    let (space, org) = (
        format!("/v2/spaces/{}", owner.space),
        format!("/v2/organizations/{}", owner.org),
    );
    for (place, members, name) in [
        (&space, "auditors", "SpaceAuditor"),
        (&org, "auditors", "OrgAuditor"),
        (&org, "users", "OrgUser"),
        (&org, "billing_managers", "BillingManager"),
    ] {
        for (verb, event) in [("PUT", "role_given"), ("DELETE", "role_taken")] {
            let path = format!("{place}/{members}");
            let reply = manage(&server, verb, &path).json(&user).send();
            assert!(reply.status < 300, "{path}: {}", reply.text());
            let id = transaction(&reply);
            let found = entries(&server.data(), &[]);
            let row = found
                .iter()
                .find(|row| row["event"] == event && row["transaction_id"] == id.as_str())
                .unwrap_or_else(|| panic!("{found:#?}"));
            assert!(row.to_string().contains(&format!("\"{name}\"")), "{row}");
        }
    }
}

fn numbered(rows: &[Value]) -> i64 {
    i64::try_from(rows.iter().filter(|row| row["number"].is_i64()).count()).unwrap()
}

#[test]
fn requests_and_refusals_are_counted_and_outlive_a_stop() {
    let server = Server::with(&[
        "--set",
        "trusted_proxies=127.0.0.1",
        "--set",
        "limits.audit_refusals_per_minute=5",
    ]);
    let (data, owner) = (server.data(), server.owner.clone());
    for _ in 0..7 {
        assert_eq!(manage(&server, "GET", "/v2/spaces").send().status, 200);
    }
    let guess = |address: &str, key: &str| {
        let request = server
            .request("POST", "/identity/token")
            .header("X-Forwarded-For", address);
        let fields = [
            ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
            ("apikey", key),
        ];
        assert_eq!(request.form(&fields).send().status, 400);
    };
    for _ in 0..9 {
        guess("198.51.100.7", "a-guess-that-is-none");
    }
    for at in 0..20 {
        guess(&format!("203.0.113.{at}"), "another-guess");
    }
    let sum = |rows: &[Value], event: &str, part: &str| -> i64 {
        let matching = rows.iter().filter(|row| row["event"] == event);
        let matching = matching.filter(|row| row.to_string().contains(part));
        matching.map(|row| row["times"].as_i64().unwrap()).sum()
    };
    // Counts are written early on shutdown.
    let running = entries(&data, &[]);
    let Server {
        serving, folder, ..
    } = server;
    assert!(serving.stop().success());
    for found in [running, entries(&data, &[])] {
        assert_eq!(sum(&found, "requests_made", "api_key"), 7, "{found:#?}");
        assert_eq!(
            sum(&found, "proof_refused", "198.51.100.7"),
            9,
            "{found:#?}"
        );
        assert_eq!(sum(&found, "proof_refused", ""), 29, "{found:#?}");
        let rows = of(&found, "proof_refused");
        // Five of a minute and the others; the test may see the end of a minute.
        assert!(rows.len() <= 12, "{rows:#?}");
        assert!(
            sum(&found, "proof_refused", "others") >= 15 - 5,
            "{rows:#?}"
        );
        let text = serde_json::to_string(&found).unwrap();
        for secret in ["a-guess", "another-guess", &owner.api_key, &owner.password] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    drop(folder);
}

#[test]
fn what_was_typed_as_a_name_is_not_kept() {
    let server = Server::start();
    let url = server.serving.url();
    let refused = login(&url, "hunter2-typed@as.name", "hunter2-typed");
    assert_eq!(refused.status, 400);
    let known = login(&url, &server.owner.user, "hunter2-typed");
    assert_eq!(known.status, 400);
    let found = entries(&server.data(), &[]);
    let rows = of(&found, "login_failed");
    let who: Vec<&str> = rows.iter().filter_map(|row| row["who"].as_str()).collect();
    assert!(who.contains(&"unknown") && who.len() == 2, "{rows:#?}");
    assert!(
        rows.iter()
            .all(|row| row["details"]["why"] == "wrong_password")
    );
    let text = format!("{found:?}{}", server.serving.log());
    assert!(!text.contains("hunter2"), "{text}");
}

/// A series of the owner's space.
fn send(server: &Server, token: &str, name: &str) {
    let body = json!([{"name": name, "value": 1.0}]);
    let sent = server
        .metrics(token, "POST", "/v1/metrics")
        .json(&body)
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
}

#[test]
fn a_deletion_of_metrics_is_entered_with_pattern_and_count() {
    let server = Server::start();
    let token = server.token();
    for name in ["load.one", "load.two", "other.one"] {
        send(&server, &token, name);
    }
    let delete = |query: &str| {
        let path = format!("/v1/metrics/list?{query}");
        let gone = server.metrics(&token, "DELETE", &path).send();
        assert_eq!(gone.status, 200, "{}", gone.text());
        transaction(&gone)
    };
    delete("query=load.*&dry_run=true");
    let id = delete("query=load.*");
    // A pattern of almost maximum length that matches the remaining series.
    let long = format!("{{other,{}}}.one", "x".repeat(900));
    delete(&format!("query={long}"));
    delete("query=none.of.these");
    let found = entries(&server.data(), &[]);
    let rows = of(&found, "metrics_deleted");
    assert_eq!(rows.len(), 4, "{rows:#?}");
    assert_eq!(
        (&rows[0]["outcome"], &rows[1]["outcome"]),
        (&json!("begun"), &json!("done"))
    );
    for row in &rows[..2] {
        assert_eq!(row["details"]["pattern"], "load.*");
        assert_eq!(row["transaction_id"], id.as_str());
        assert_eq!(row["target"], format!("s-{}", server.owner.space));
        assert_eq!(row["account_guid"], server.owner.account.as_str());
    }
    assert_eq!(rows[1]["details"]["series"], "2");
    let cut = rows[3]["details"]["pattern"].as_str().unwrap();
    assert_eq!(cut.len() as u64, limit::AUDIT_TEXT_BYTES.default, "{cut}");
}

/// Runs a statement on the database of a server that runs.
fn on_the_database(data: &Path, sql: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = db::Db::open(data.join("iam.db").to_str().unwrap())
            .await
            .unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test breaks the table")]
        tx.commit().await.unwrap();
        db.close().await;
    });
}

#[test]
fn an_audit_that_cannot_be_written_stops_changes_and_not_reads() {
    let server = Server::start();
    let (data, owner, url) = (server.data(), server.owner.clone(), server.serving.url());
    let token = server.token();
    send(&server, &token, "kept.one");
    on_the_database(
        &data,
        "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END",
    );
    let space = json!({"name": "more", "organization_guid": owner.org});
    let changes = || {
        let made = manage(&server, "POST", "/v2/spaces").json(&space).send();
        let org = format!("/v2/organizations/{}", owner.org);
        let renamed = json!({"name": "renamed"});
        let renamed = manage(&server, "PUT", &org).json(&renamed).send();
        let login = login(&url, &owner.user, &owner.password);
        let path = "/v1/metrics/list?query=kept.*";
        let gone = server.metrics(&token, "DELETE", path).send();
        [made.status, renamed.status, login.status, gone.status]
    };
    let listed = || {
        let spaces = manage(&server, "GET", "/v2/spaces").send();
        assert_eq!(spaces.status, 200);
        let path = "/v1/metrics/list?query=*";
        let names = server.metrics(&token, "GET", path).send();
        assert_eq!(names.status, 200);
        (
            spaces.json()["total_results"].as_i64(),
            names.text().contains("kept"),
        )
    };
    let before = listed();
    assert_eq!(changes(), [500, 500, 500, 500]);
    assert_eq!(listed(), before, "a change was made without its entry");
    send(&server, &token, "kept.two");
    on_the_database(&data, "DROP TRIGGER broken");
    assert_eq!(changes(), [201, 201, 200, 200]);
    assert_eq!(listed(), (before.0.map(|spaces| spaces + 1), false));
}

#[test]
fn the_line_of_a_request_names_caller_and_domain() {
    let server = Server::with(&["--log-level", "debug"]);
    let token = server.token();
    let path = "/v1/metrics/list?query=*";
    let reply = server.metrics(&token, "GET", path).send();
    let id = transaction(&reply);
    server.serving.wait_for_log(&id);
    let domain = format!("domain=s-{}", server.owner.space);
    server.serving.wait_for_log(&domain);
    let log = server.serving.log();
    let line = log.lines().find(|line| line.contains(&domain)).unwrap();
    assert!(
        line.contains("caller=IBMid-") && line.contains(&id),
        "{line}"
    );
}

#[test]
fn what_a_caller_may_not_do_is_entered() {
    let server = Server::start();
    let other = "s-00000000-0000-4000-8000-000000000000";
    let request = server.request("GET", "/v1/metrics/list?query=*");
    let key = format!("apikey {}", server.owner.api_key);
    let strange = request
        .header("X-Auth-User-Token", &key)
        .header("X-Auth-Scope-Id", other);
    assert_eq!(strange.send().status, 404);
    let wrong = manage(&server, "GET", "/v2/spaces");
    assert_eq!(wrong.send().status, 200);
    let request = server.request("GET", "/v2/spaces");
    let forged = request.header("X-Auth-User-Token", "apikey none-of-ours-at-all");
    assert_eq!(forged.send().status, 401);
    let found = entries(&server.data(), &[]);
    assert_eq!(of(&found, "right_refused")[0]["credential"], "api_key");
    let refused = of(&found, "credential_refused");
    assert_eq!(refused[0]["details"]["why"], "BXNMSRI10E", "{refused:#?}");
}
