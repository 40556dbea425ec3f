//! Memory of samples before they are in a segment.

use super::{hits, refused};
use crate::harness::Server;
use base::limit::{self, Limit};

/// The budget of the process is divided: a part is never larger than its part of it, whatever is set for it.
#[test]
fn no_part_of_the_memory_is_larger_than_its_part_of_the_budget() {
    let server = Server::with(&[
        "--set",
        "memory_bytes=16777216",
        "--set",
        "limits.bodies_in_flight_bytes=100000000",
        "--set",
        "limits.body_stall_seconds=10",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let token = server.token();
    let send = |bytes: usize| {
        let body = format!("[{}]", " ".repeat(bytes));
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        sent.body(body.as_str()).send()
    };
    // Of 2 MiB for all bodies an account has seven eighths, half of them for a packed body and half for what it becomes.
    let reply = send(920_000);
    refused(&reply, 413, "BXNMSSV03E", limit::BODY_BYTES);
    assert!(reply.text().contains("917504"), "{}", reply.text());
    assert!(reply.header("retry-after").is_none());
    assert_eq!(send(900_000).status, 200);
}

/// The second in `hostile/quota/names.rs`.
pub(super) const LIMITS: [Limit; 2] = [limit::HEAD_BYTES, limit::NAME_BYTES_IN_ALL];

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
    // Nobody can ever have so much of it: each new series counts with some 300 bytes.
    for samples in [12_000, 13_000] {
        let reply = send(samples);
        refused(&reply, 413, "BXNMSSV03E", limit::HEAD_BYTES);
        let most = "one may have 3145728 of `head_bytes` = 4194304";
        assert!(reply.text().contains(most), "{}", reply.text());
        assert!(reply.text().contains("fewer samples"), "{}", reply.text());
        assert!(reply.header("retry-after").is_none());
    }
    assert_eq!(hits(&server, limit::HEAD_BYTES), 2);
    assert_eq!(send(1).status, 200);
    // The least that can be set takes what senders send.
    assert_eq!(send(5000).status, 200);
}

/// They were told to come back in a second, for ever: two names in turn, one series, and samples of which none is accepted.
#[test]
fn a_batch_counts_with_what_it_really_takes() {
    let server = Server::with(&["--set", "limits.head_bytes=16MiB"]);
    let token = server.token();
    let send = |samples: usize, item: &dyn Fn(usize) -> String| {
        let all: Vec<String> = (0..samples).map(item).collect();
        let body = format!("[{}]", all.join(","));
        let sent = server.metrics(&token, "POST", "/v1/metrics");
        sent.body(body.as_str()).send()
    };
    let now = crate::harness::now();
    let of = |name: &str, at: usize| {
        let at = now - at as i64 / 10;
        format!(r#"{{"name":"{name}","value":1,"timestamp":{at}}}"#)
    };
    let reply = send(40_000, &|at| of(["one", "two"][at % 2], at));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = send(250_000, &|at| of("three", at));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = send(60_000, &|at| {
        format!(r#"{{"name":"old.{at}","value":1,"timestamp":1}}"#)
    });
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("too_old"), "{}", reply.text());
}
