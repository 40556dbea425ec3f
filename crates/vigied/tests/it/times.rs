//! Times as people and programs write them, in samples and in questions alike.

use crate::harness::{Reply, Server};
use serde_json::json;

/// `2025-11-25T12:00:00Z`.
const NOON: i64 = 1_764_072_000;

fn ask(server: &Server, token: &str, method: &str, query: &str) -> Reply {
    server
        .metrics(token, method, &format!("/v1/metrics{query}"))
        .send()
}

#[test]
fn a_sample_has_its_time_as_text_and_is_read_by_any_form_of_it() {
    let server = Server::start();
    let token = server.token();
    let items = json!([
        { "name": "iso.a", "value": 1, "timestamp": "2025-11-25T12:00:00Z" },
        { "name": "iso.b", "value": 2, "timestamp": "2025-11-25T13:00:00+01:00" },
        { "name": "iso.c", "value": 3, "timestamp": "2025-11-25 12:00:00" },
        { "name": "iso.d", "value": 4, "timestamp": NOON.to_string() },
        { "name": "iso.e", "value": 5, "timestamp": "soon" },
        { "name": "iso.f", "value": 6, "timestamp": "" },
        { "name": "iso.g", "value": 7, "timestamp": "1969-12-31" },
    ]);
    let sent = server.metrics(&token, "POST", "/v1/metrics").json(&items);
    let receipt = sent.send();
    assert_eq!(receipt.status, 200, "{}", receipt.text());
    let receipt = receipt.json();
    assert_eq!(receipt["stored"], 4, "{receipt}");
    for reason in [
        "the timestamp `soon` is no time: write epoch seconds, RFC 3339",
        "the timestamp `` is empty",
        "the timestamp `1969-12-31` lies before 1970",
    ] {
        assert!(receipt.to_string().contains(reason), "{receipt}");
    }
    for (from, until) in [
        ("2025-11-25", "2025-11-26"),
        ("2025-11-25T11:59:59Z", "2025-11-25T12:00:01Z"),
        (
            "2025-11-25%2012:00",
            "2025-11-25T13:00%2B01:00&now=1764072060",
        ),
        ("1764072000.0", "1764072060000"),
        ("lastweek", "5min&now=2025-11-25T12:10:00Z"),
    ] {
        let query = format!("?target=iso.*&from={from}&until={until}");
        let reply = ask(&server, &token, "GET", &query);
        if from == "2025-11-25%2012:00" {
            // The same instant in two zones.
            assert_eq!(reply.code(), "BXNMSMT08E", "{}", reply.text());
            continue;
        }
        let rows = reply.json();
        assert_eq!(rows.as_array().map(Vec::len), Some(4), "{query}: {rows}");
        for row in rows.as_array().unwrap() {
            assert_eq!(row["datapoints"][0][1], NOON, "{query}: {rows}");
        }
    }
}

/// If a time is ambiguous, the answer says how it was read, on every route that reads times.
#[test]
fn m_is_minutes_and_the_answer_says_so() {
    let server = Server::start();
    let token = server.token();
    let notice = "x-vigie-time-notice";
    for (method, query) in [
        ("GET", "?target=a&from=-10m"),
        ("GET", "?target=a&from=10m"),
        ("GET", "/list?query=a&from=-10m"),
        ("DELETE", "/list?query=a&from=-10m&dry_run=true"),
    ] {
        let reply = ask(&server, &token, method, query);
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        assert_eq!(reply.header(notice), Some("m-read-as-minutes"), "{query}");
        let plain = query.replace("10m", "10min");
        let reply = ask(&server, &token, method, &plain);
        assert_eq!(reply.header(notice), None, "{plain}");
    }
    for (time, expected) in [("-10m", Some("m-read-as-minutes")), ("-10min", None)] {
        let items = json!([{ "name": "a", "value": 1, "timestamp": time }]);
        let reply = server.metrics(&token, "POST", "/v1/metrics").json(&items);
        let reply = reply.send();
        assert_eq!(
            (reply.status, reply.header(notice)),
            (200, expected),
            "{time}"
        );
    }
    let reply = ask(&server, &token, "GET", "?target=a&from=2025-13-01");
    assert_eq!(reply.status, 400);
    let body = reply.text();
    assert!(
        body.contains("is not a date or time of day that exists"),
        "{body}"
    );
    assert!(body.contains("2017-07-01T02:00Z"), "{body}");
}

/// Graphite's own routes read what the reference reads, so that a dashboard means the same in both; `m` could be months there.
#[test]
fn regression_7_graphites_routes_take_the_forms_of_the_reference_alone() {
    let server = Server::start();
    let token = server.token();
    for (time, expected) in [
        ("-10m", "the unit `m` could mean minutes or months"),
        ("2025-11-25T12:00:00Z", "`2025` is not a time"),
        ("lastweek", "`lastweek` is not a time"),
    ] {
        let render = format!("/render?target=a&format=json&from={time}");
        let refused = server.metrics(&token, "GET", &render).send();
        assert_eq!(refused.status, 400, "{time}: {}", refused.text());
        assert_eq!(refused.code(), "BXNMSMT07E", "{time}");
        assert!(
            refused.text().contains(expected),
            "{time}: {}",
            refused.text()
        );
        let read = ask(&server, &token, "GET", &format!("?target=a&from={time}"));
        assert_eq!(read.status, 200, "{time}: {}", read.text());
    }
    let render = "/render?target=a&format=json&from=-10min&until=now";
    let read = server.metrics(&token, "GET", render).send();
    assert_eq!(read.status, 200, "{}", read.text());
}
