//! What samples take in memory before they are in a segment.

use super::{hits, refused};
use crate::harness::Server;
use base::limit::{self, Limit};

/// The budget of the process is divided: a part is never larger than its part of it, whatever is set for it.
#[test]
fn no_part_of_the_memory_is_larger_than_its_part_of_the_budget() {
    let server = Server::with(&[
        "--set",
        "memory_bytes=8388608",
        "--set",
        "limits.bodies_in_flight_bytes=100000000",
        "--set",
        "limits.body_stall_seconds=1",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let token = server.token();
    let send = |bytes: usize| {
        let body = format!("[{}]", " ".repeat(bytes));
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        sent.body(body.as_str()).send()
    };
    let reply = send(1_100_000);
    refused(&reply, 429, "BXNMSSV06E", limit::BODIES_IN_FLIGHT_BYTES);
    assert!(reply.text().contains("1048576"), "{}", reply.text());
    assert_eq!(send(500_000).status, 200);
}

pub(super) const LIMITS: [Limit; 1] = [limit::HEAD_BYTES];

#[test]
fn samples_for_which_there_is_no_memory_are_refused_with_the_figure_and_few_are_stored() {
    let server = Server::with(&["--set", "limits.head_bytes=4MiB"]);
    let token = server.token();
    let send = |samples: usize| {
        let all: Vec<String> = (0..samples)
            .map(|at| format!(r#"{{"name":"abc.s{at}","value":1}}"#))
            .collect();
        let body = format!("[{}]", all.join(","));
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        sent.body(body.as_str()).send()
    };
    assert_eq!(send(1).status, 200);
    // There is room, but for nobody so much of it: each new series counts with 350 bytes.
    let reply = send(10_000);
    refused(&reply, 429, "BXNMSSV06E", limit::HEAD_BYTES);
    let share = "a fair part of `head_bytes` = 4194304 bytes is used up by this caller";
    assert!(reply.text().contains(share), "{}", reply.text());
    assert!(reply.header("retry-after").is_some());
    let reply = send(13_000);
    refused(&reply, 429, "BXNMSSV06E", limit::HEAD_BYTES);
    assert!(reply.text().contains("4194304"), "{}", reply.text());
    assert!(reply.header("retry-after").is_some());
    assert_eq!(hits(&server, limit::HEAD_BYTES), 2);
    assert_eq!(send(1).status, 200);
    // The least that can be set takes what senders send.
    assert_eq!(send(5000).status, 200);
}
