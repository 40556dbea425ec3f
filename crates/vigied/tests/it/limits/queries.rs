//! The limits of one query beside what it reads, and of all queries; the latter are tried in `hostile/queries`.

use super::{hits, refused};
use crate::harness::Server;
use base::limit::{self, Limit};

pub(super) const LIMITS: [Limit; 4] = [
    limit::PENDING_DELETIONS,
    limit::CONCURRENT_QUERIES,
    limit::QUEUED_QUERIES,
    limit::QUERIES_IN_FLIGHT_BYTES,
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
fn deletions_that_wait() {
    let limit = limit::PENDING_DELETIONS;
    let server = Server::with(&["--set", "limits.pending_deletions=1"]);
    let token = server.token();
    let sample = r#"[{"name":"abc.def","value":1}]"#;
    let sent = server.metrics(&token, "POST", "/v1/metrics").body(sample);
    assert_eq!(sent.send().status, 200);
    let delete = |hours: u32| {
        let path = format!("/v1/metrics/list?query=abc.*&from=-{hours}h&until=now");
        server.metrics(&token, "DELETE", &path).send()
    };
    assert_eq!(delete(1).status, 200);
    refused(&delete(2), 429, "BXNMSSV06E", limit);
    assert_eq!(hits(&server, limit), 1);
}

#[test]
fn queries_at_once_are_twice_the_processors_where_nothing_is_set() {
    let server = Server::start();
    let line = "vigie_limit{limit=\"concurrent_queries\",unit=\"queries\"}";
    let cores = std::thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(super::figure(&server, line), 2 * cores);
}
