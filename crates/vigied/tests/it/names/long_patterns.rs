//! Long lists in braces, as dashboards send them, and errors that stay short.

use super::Fixture;
use base::limit;
use serde_json::json;

/// A list as a panel with a variable makes it: many names of hosts.
fn hosts(count: usize) -> (Vec<String>, String) {
    let hosts: Vec<String> = (0..count).map(|host| format!("web-{host:04}")).collect();
    let pattern = format!("app.{{{}}}.load", hosts.join(","));
    let names = hosts.iter().map(|host| format!("app.{host}.load"));
    (names.collect(), pattern)
}

#[test]
fn regression_7_a_long_list_in_braces_is_read() {
    let (names, pattern) = hosts(3000);
    assert!(pattern.len() > 26_000 && pattern.len() < limit::PATTERN_BYTES.default as usize);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kept = Fixture::of(&names);
    assert_eq!(kept.get(&pattern), names);
    assert_eq!(kept.list(&pattern), names);
    assert_eq!(kept.would_delete(&pattern)["deleted"], json!(3000));
    assert_eq!(
        kept.would_delete(&pattern)["names"][0],
        json!("app.web-0000.load")
    );
}

#[test]
fn regression_7_an_error_repeats_no_more_of_a_target_than_helps() {
    let kept = Fixture::of(&[]);
    let long = format!("app.{{{}", "x".repeat(20_000));
    let other = format!("{}é(", "é".repeat(3000));
    let closed = format!("a.{}]{}", "b".repeat(5000), "c".repeat(5000));
    let deep = vec!["e"; 3000].join(".");
    for pattern in [
        long,
        other,
        closed,
        deep,
        "z".repeat(limit::PATTERN_BYTES.default as usize + 1),
    ] {
        for (path, key) in [("/v1/metrics", "target"), ("/v1/metrics/list", "query")] {
            let reply = kept.ask("GET", path, &[(key, &pattern)]);
            assert_eq!(reply.status, 400, "{}", reply.text());
            assert!(reply.text().len() < 900, "{} bytes", reply.text().len());
        }
    }
    let closed = format!("a.{}]{}", "b".repeat(5000), "c".repeat(5000));
    let reply = kept.ask("GET", "/v1/metrics", &[("target", &closed)]);
    assert!(
        reply.text().contains("bbb]ccc"),
        "the place is shown: {}",
        reply.text()
    );
}

/// Every parameter that is repeated in an error is cut.
#[test]
fn regression_7_no_parameter_is_repeated_whole() {
    let kept = Fixture::of(&["a"]);
    let long = "q".repeat(10_000);
    for (method, path, key) in [
        ("GET", "/v1/metrics", "format"),
        ("GET", "/v1/metrics", "from"),
        ("GET", "/v1/metrics", "until"),
        ("GET", "/v1/metrics", "now"),
        ("GET", "/v1/metrics/list", "format"),
        ("DELETE", "/v1/metrics/list", "dry_run"),
        ("DELETE", "/v1/metrics/list", "from"),
        ("POST", "/v1/metrics", "durability"),
    ] {
        let query = [("target", "a"), ("query", "a"), (key, &long)];
        let query = match path {
            "/v1/metrics" => [query[0], query[2]],
            _ => [query[1], query[2]],
        };
        let path = format!("{path}?{}", wire::query::encode(&query));
        let asked = kept.server.metrics(&kept.token, method, &path);
        let reply = if method == "POST" {
            asked.json(&json!([{"name": "a", "value": 1}])).send()
        } else {
            asked.send()
        };
        assert_eq!(reply.status, 400, "{key}: {}", reply.text());
        assert!(
            reply.text().len() < 900,
            "{key}: {} bytes",
            reply.text().len()
        );
    }
    let path = format!("/v1/metrics/list?query=a&{long}=1");
    let reply = kept.server.metrics(&kept.token, "DELETE", &path).send();
    assert_eq!(reply.status, 400);
    assert!(reply.text().len() < 900, "{} bytes", reply.text().len());
}
