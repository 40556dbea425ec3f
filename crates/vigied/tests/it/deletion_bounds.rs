//! A deletion with a time range deletes exactly that range. Queries are lenient about missing or reversed bounds; deletions are
//! not.

use crate::harness::{Reply, Server};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const HOUR: u64 = 3600;

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn delete(server: &Server, token: &str, bounds: &str) -> Reply {
    let path = format!("/v1/metrics/list?query=bounds.a{bounds}");
    server.metrics(token, "DELETE", &path).send()
}

/// The ages of the remaining samples, in hours.
fn remaining_ages(server: &Server, token: &str, now: u64) -> Vec<i64> {
    let until = now + 600;
    let path = format!("/v1/metrics?target=bounds.a&from=20200101&until={until}");
    let rows = server.metrics(token, "GET", &path).send().json();
    let Some(points) = rows[0]["datapoints"].as_array() else {
        return Vec::new();
    };
    let age = |at: &Value| (now as i64 - at.as_i64().unwrap()).div_euclid(HOUR as i64);
    points.iter().map(|point| age(&point[1])).collect()
}

#[test]
fn a_deletion_takes_no_sample_outside_its_bounds() {
    let server = Server::start();
    let token = server.token();
    let now = now();
    // One a minute ahead, which is of no hour yet.
    let ages = [-1, 0, 1, 2, 3, 4, 5, 6, 30, 2000];
    let fill = || {
        let items: Vec<Value> = ages
            .iter()
            .map(|age| {
                let at = if *age < 0 {
                    now + 60
                } else {
                    now - *age as u64 * HOUR
                };
                json!({ "name": "bounds.a", "value": 1, "timestamp": at })
            })
            .collect();
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        let receipt = sent.json(&json!(items)).send();
        assert_eq!(receipt.json()["stored"], ages.len(), "{}", receipt.text());
    };
    let at = |hours: f64| format!("{:.0}", now as f64 - hours * HOUR as f64);
    let (early, late) = (at(4.5), at(1.5));
    for (bounds, kept) in [
        (format!("&until={late}"), vec![1, 0, -1]),
        (
            format!("&until={}", at(100.0)),
            vec![30, 6, 5, 4, 3, 2, 1, 0, -1],
        ),
        (format!("&from={late}"), vec![2000, 30, 6, 5, 4, 3, 2]),
        (
            format!("&from={early}&until={late}"),
            vec![2000, 30, 6, 5, 1, 0, -1],
        ),
        (
            "&until=now-1h".to_owned() + &format!("&now={}", now - 30),
            vec![1, 0, -1],
        ),
        (String::new(), vec![]),
    ] {
        fill();
        let all = remaining_ages(&server, &token, now);
        assert_eq!(all, [2000, 30, 6, 5, 4, 3, 2, 1, 0, -1]);
        let reply = delete(&server, &token, &format!("{bounds}&dry_run=true"));
        assert_eq!(reply.status, 200, "{bounds}: {}", reply.text());
        assert_eq!(remaining_ages(&server, &token, now), all, "{bounds}");
        let reply = delete(&server, &token, &bounds);
        assert_eq!(reply.status, 200, "{bounds}: {}", reply.text());
        assert_eq!(remaining_ages(&server, &token, now), kept, "{bounds}");
    }
    fill();
    for (bounds, code) in [
        (format!("&from={late}&until={early}"), "BXNMSMT08E"),
        ("&from=-1h&until=-5h".to_owned(), "BXNMSMT08E"),
        ("&from=-1h&until=-1h".to_owned(), "BXNMSMT08E"),
        ("&from=&until=-1h".to_owned(), "BXNMSMT07E"),
        ("&from=-1h&until=".to_owned(), "BXNMSMT07E"),
        ("&from=%20&until=,_".to_owned(), "BXNMSMT07E"),
        ("&now=&until=-1h".to_owned(), "BXNMSMT07E"),
        ("&from=-1h&tz=Europe/Nowhere".to_owned(), "BXNMSMT11E"),
        ("&from=soon".to_owned(), "BXNMSMT07E"),
    ] {
        for dry_run in ["", "&dry_run=true"] {
            let reply = delete(&server, &token, &format!("{bounds}{dry_run}"));
            assert_eq!(reply.status, 400, "{bounds}: {}", reply.text());
            assert_eq!(reply.code(), code, "{bounds}: {}", reply.text());
            assert!(
                reply.text().contains("nothing was deleted"),
                "{}",
                reply.text()
            );
        }
        assert_eq!(
            remaining_ages(&server, &token, now).len(),
            ages.len(),
            "{bounds}"
        );
    }
}

/// That the `query` was missing was said of one that was empty, and of one in the body, which is where `curl -d` puts it.
#[test]
fn regression_7_a_query_that_is_empty_or_in_the_body_is_told_as_such() {
    let server = Server::start();
    let token = server.token();
    let empty = "the `query` of the deletion is empty";
    let in_body = "takes its `query` from the URL, where there is none; the body was not read";
    for (parameters, form, expected) in [
        ("", None, "a deletion needs its `query`, in the URL"),
        ("?query=", None, empty),
        ("?query=", Some(("query", "")), empty),
        ("", Some(("query", "")), in_body),
        ("?dry_run=true", Some(("query", "a")), in_body),
    ] {
        let path = format!("/v1/metrics/list{parameters}");
        let asked = server.metrics(&token, "DELETE", &path);
        let reply = match form {
            Some(field) => asked.form(&[field]).send(),
            None => asked.send(),
        };
        let text = reply.text();
        let what = format!("{parameters} {form:?}: {text}");
        assert_eq!(
            (reply.status, &*reply.code()),
            (400, "BXNMSMT10E"),
            "{what}"
        );
        assert!(text.contains(expected), "{what}");
        assert!(text.contains("add `query=PATTERN` to the URL"), "{what}");
    }
}

/// Showing, sending and deleting read the same words as the same instants.
#[test]
fn the_command_line_deletes_what_it_showed() {
    let server = Server::start();
    let (url, owner) = (server.serving.url(), &server.owner);
    let vigie = |line: &str, is_good: bool| {
        let ran = server
            .vigie()
            .env("TZ", "Asia/Tokyo")
            .args(line.split(' '))
            .output()
            .unwrap();
        let printed = [ran.stdout, ran.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(ran.status.success(), is_good, "`{line}`: {printed:?}");
        printed
    };
    let (user, password) = (&owner.user, &owner.password);
    let login = format!("login -a {url} -u {user} -p {password} -o vigie -s dev");
    vigie(&login, true);
    let hours = (0..12).map(|hour| format!("zone.a={hour}@2025-11-25T{hour:02}:00"));
    let send = hours.collect::<Vec<_>>().join(" ");
    let fill = || vigie(&format!("metrics send {send}"), true);
    let values = |times: &str| {
        let [csv, _] = vigie(&format!("metrics get zone.a {times} --format csv"), true);
        let values = csv
            .lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().unwrap().to_owned());
        values.collect::<Vec<_>>()
    };
    let all = "--from 2025-11-01 --until 2025-12-01";
    for times in [
        "--from 2025-11-25T03:00 --until 2025-11-25T06:00",
        "--until 2025-11-25T04:30",
        "--from 2025-11-25T09:30",
        "--from 2025-11-25T01:00 --until 2025-11-25T06:00 --tz UTC",
    ] {
        fill();
        let (before, in_range) = (values(all), values(times));
        assert_eq!(before.len(), 12);
        assert!(
            !in_range.is_empty() && in_range.len() < 12,
            "{times}: {in_range:?}"
        );
        let [printed, _] = vigie(&format!("metrics delete zone.a {times} --dry-run"), true);
        let zone = if times.ends_with("UTC") {
            "(UTC)"
        } else {
            "(Asia/Tokyo)"
        };
        assert!(printed.contains(zone), "{printed}");
        assert_eq!(values(all), before, "{times}");
        vigie(&format!("metrics delete zone.a {times} --yes"), true);
        let kept: Vec<_> = before
            .into_iter()
            .filter(|value| !in_range.contains(value))
            .collect();
        assert_eq!(values(all), kept, "{times}");
    }
    fill();
    for times in [
        "--from -1h --until -5h",
        "--until -5h --from -1h",
        "--from now --until now",
        "--until _",
        "--until 2025-11-26 --tz Nowhere",
    ] {
        vigie(&format!("metrics delete zone.a {times} --yes"), false);
        assert_eq!(values(all).len(), 12, "{times}");
    }
}
