//! Counts in the audit: what survives a kill, the codes in the entries, and the audit's own limits as metrics.

use crate::audit::{entries, login};
use crate::harness::{Request, Server, Serving, VIGIED};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn of<'a>(rows: &'a [Value], event: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["event"] == event).collect()
}

#[test]
fn request_counts_survive_a_kill_within_the_hour() {
    let mut server = Server::start();
    let data = server.data();
    let key = format!("apikey {}", server.owner.api_key);
    let ask = |serving: &Serving| {
        let request = Request::new(&serving.url(), "GET", "/v2/organizations");
        let request = request.header("X-Auth-User-Token", &key);
        assert_eq!(request.send().status, 200);
    };
    ask(&server.serving);
    let is_written = || {
        let found = entries(&data, &[]);
        let rows = of(&found, "requests_made");
        rows.iter().any(|row| row["number"].is_i64())
    };
    wait_for("the first is written", is_written);
    for _ in 0..3 {
        ask(&server.serving);
    }
    let sum = |rows: &[Value]| -> i64 {
        let requests = of(rows, "requests_made").into_iter();
        requests.map(|row| row["times"].as_i64().unwrap()).sum()
    };
    assert_eq!(sum(&entries(&data, &[])), 4, "none is counted twice");
    server.serving.child.kill().unwrap();
    server.serving.child.wait().unwrap();
    let found = entries(&data, &[]);
    let rows = of(&found, "requests_made");
    // One for each hour; the test may see the end of one.
    let hour = |row: &&Value| {
        row["at"]
            .as_str()
            .unwrap()
            .split(':')
            .next()
            .unwrap()
            .to_owned()
    };
    let hours: BTreeSet<String> = rows.iter().map(hour).collect();
    assert!((1..=2).contains(&rows.len()), "{found:#?}");
    assert_eq!(hours.len(), rows.len(), "{found:#?}");
    for row in rows {
        assert_eq!(row["credential"], "api_key");
        assert_eq!(row["source"], "127.0.0.1");
    }
}

#[test]
fn a_client_that_is_refused_is_no_proof_that_is_refused() {
    let server = Server::start();
    let url = server.serving.url();
    let fields = [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ];
    for path in ["/identity/token", "/oauth/token"] {
        let refused = Request::new(&url, "POST", path)
            .basic("nobody", "nothing")
            .form(&fields)
            .send();
        assert_eq!(refused.status, 401, "{}", refused.text());
    }
    let found = entries(&server.data(), &[]);
    assert!(of(&found, "proof_refused").is_empty(), "{found:#?}");
    let rows = of(&found, "client_refused");
    let mut why: Vec<&str> = rows
        .iter()
        .map(|row| row["details"]["why"].as_str().unwrap())
        .collect();
    why.sort_unstable();
    assert_eq!(why, ["BXNIM0308E", "unauthorized"], "{found:#?}");
}

#[test]
fn why_something_was_refused_is_said_in_words_beside_its_code() {
    let server = Server::start();
    let url = server.serving.url();
    assert_eq!(login(&url, &server.owner.user, "wrong").status, 400);
    let request = Request::new(&url, "GET", "/v1/metrics/list?query=*");
    assert_eq!(
        request
            .header("X-Auth-User-Token", "apikey nothing")
            .send()
            .status,
        401
    );
    let guess = Request::new(&url, "POST", "/identity/token").form(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", "nothing"),
    ]);
    assert_eq!(guess.send().status, 400);
    let found = entries(&server.data(), &[]);
    let refused: Vec<&Value> = found
        .iter()
        .filter(|row| row["outcome"] == "refused")
        .collect();
    assert_eq!(refused.len(), 3, "{found:#?}");
    for row in &refused {
        let reason = row["why_said"].as_str();
        assert!(reason.is_some_and(|reason| reason.contains(' ')), "{row:#}");
    }
    let output = Command::new(VIGIED)
        .args(["audit", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for (code, expected) in [
        ("wrong_password", "the password is not right"),
        ("BXNMSRI10E", "the API key is not known, or not whole"),
    ] {
        let line = text.lines().find(|line| line.contains(code));
        assert!(
            line.is_some_and(|line| line.contains(expected)),
            "{code}: {text}"
        );
    }
}

#[test]
fn a_limit_of_the_audit_is_counted_when_it_is_run_into() {
    let server = Server::with(&[
        "--set",
        "limits.audit_refusals_per_minute=2",
        "--set",
        "trusted_proxies=127.0.0.1",
    ]);
    let url = server.serving.url();
    let hits = || -> u64 {
        let text = server.operations("/metrics").text();
        let name = "vigie_limit_hits_total{limit=\"audit_refusals_per_minute\"} ";
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
    };
    assert_eq!(hits(), 0);
    for at in 0..8 {
        let guess = Request::new(&url, "POST", "/identity/token")
            .header("X-Forwarded-For", &format!("203.0.113.{at}"))
            .form(&[
                ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
                ("apikey", "nothing"),
            ]);
        assert_eq!(guess.send().status, 400);
    }
    // Strangers have one of two places in a minute; the test may see the end of one.
    assert!((6..=7).contains(&hits()), "{}", hits());
}
