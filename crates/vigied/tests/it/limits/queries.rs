//! The limits of one query beside what it reads, and of all queries; the latter are tried in `hostile/queries`.

use super::{hits, refused};
use crate::harness::Server;
use base::limit::{self, Limit};
use serde_json::json;

pub(super) const LIMITS: [Limit; 6] = [
    limit::CONCURRENT_QUERIES,
    limit::QUEUED_QUERIES,
    limit::QUERIES_IN_FLIGHT_BYTES,
    limit::PATTERN_BYTES,
    limit::PATTERN_TABLE_BYTES,
    limit::NAMES_PER_DRY_RUN,
];

#[test]
fn what_one_query_may_look_at() {
    for limit in [limit::STEPS_PER_QUERY, limit::BYTES_PER_QUERY] {
        let server = Server::with(&["--set", &format!("limits.{}=2", limit.name)]);
        let token = server.token();
        let sample = r#"[{"name":"abc.def","value":1}]"#;
        let sent = server.metrics(&token, "POST", "/v1/metrics").body(sample);
        assert_eq!(sent.send().status, 200);
        for (method, path) in [
            ("GET", "/v1/metrics?target=*.*"),
            ("GET", "/v1/metrics/list?query=*.*"),
        ] {
            let reply = server.metrics(&token, method, path).send();
            refused(&reply, 400, "BXNMSMT12E", limit);
        }
        assert_eq!(hits(&server, limit), 2);
    }
}

#[test]
fn queries_at_once_are_twice_the_processors_where_nothing_is_set() {
    let server = Server::start();
    let line = "vigie_limit{limit=\"concurrent_queries\",unit=\"queries\"}";
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(super::figure(&server, line), 2 * cores);
}

/// A list as long as a pattern may be passes the head; what is longer, or varied beyond measure, is refused by its limit.
#[test]
fn what_a_pattern_may_be() {
    let server = Server::start();
    let token = server.token();
    let different: String = (0..5000_u32)
        .filter_map(|at| char::from_u32(0x4e00 + 2 * at))
        .collect();
    let long = "a".repeat(limit::PATTERN_BYTES.default as usize);
    let longer = format!("{long}a");
    let varied = format!("{}[{different}]", "ab".repeat(8000));
    for (pattern, limit) in [
        (&longer, limit::PATTERN_BYTES),
        (&varied, limit::PATTERN_TABLE_BYTES),
    ] {
        for (method, path, key, code) in [
            ("GET", "/v1/metrics", "target", "BXNMSMT05E"),
            ("GET", "/v1/metrics/list", "query", "BXNMSMT09E"),
            ("DELETE", "/v1/metrics/list", "query", "BXNMSMT09E"),
        ] {
            let path = format!("{path}?{}", wire::query::encode(&[(key, pattern)]));
            refused(
                &server.metrics(&token, method, &path).send(),
                400,
                code,
                limit,
            );
        }
        assert_eq!(hits(&server, limit), 3, "{}", limit.name);
    }
    let path = format!("/v1/metrics?target={long}");
    assert_eq!(server.metrics(&token, "GET", &path).send().status, 200);
}

#[test]
fn a_dry_run_tells_so_many_names() {
    let server = Server::start();
    let token = server.token();
    let names: Vec<String> = (0..50).map(|at| format!("a.b{at:02}")).collect();
    let samples: Vec<_> = names
        .iter()
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    let sent = server
        .metrics(&token, "POST", "/v1/metrics")
        .json(&json!(samples));
    assert_eq!(sent.send().status, 200);
    let most = limit::NAMES_PER_DRY_RUN.default as usize;
    for query in ["a", "a.*", "**", "a.b[0-4]*"] {
        let path = format!("/v1/metrics/list?query={query}&dry_run=true");
        let reply = server.metrics(&token, "DELETE", &path).send().json();
        assert_eq!(reply["deleted"], json!(50), "{query}");
        assert_eq!(reply["names"], json!(names[..most]), "{query}");
    }
}
