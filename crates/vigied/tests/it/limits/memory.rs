//! What samples take in memory before they are in a segment.

use super::{hits, refused};
use crate::harness::Server;
use base::limit::{self, Limit};

pub(super) const LIMITS: [Limit; 1] = [limit::HEAD_BYTES];

#[test]
fn samples_for_which_there_is_no_memory_are_refused_with_the_figure_and_few_are_stored() {
    let server = Server::with(&["--set", "limits.head_bytes=2000"]);
    let token = server.token();
    let send = |samples: usize| {
        let all: Vec<String> = (0..samples)
            .map(|at| format!(r#"{{"name":"abc.s{at}","value":1}}"#))
            .collect();
        let body = format!("[{}]", all.join(","));
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        sent.body(body.as_str()).send()
    };
    let reply = send(200);
    refused(&reply, 429, "BXNMSSV06E", limit::HEAD_BYTES);
    assert!(reply.text().contains("2000"), "{}", reply.text());
    assert!(reply.header("retry-after").is_some());
    assert_eq!(hits(&server, limit::HEAD_BYTES), 1);
    assert_eq!(send(1).status, 200);
}
