//! Wide queries of one person beside those of another in the same account.

use super::queries::{figure, is_unanswered, send_long_names, worst_head};
use super::withdrawn::{ok, viewer};
use crate::harness::{Server, until};
use std::io::Write;
use std::net::TcpStream;

/// An account's only turn was held to the end of a query, and whoever else read in the account waited for it, or for eight such.
#[test]
fn one_persons_wide_queries_hold_up_nobody_else_of_the_account() {
    let server = Server::with(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
        "--set",
        "limits.concurrent_queries=1",
        "--set",
        "limits.account_share_percent=100",
    ]);
    let key = &server.owner.api_key;
    send_long_names(&server, key, 8);
    let colleague = viewer(&server, "ann@example.org");
    let wide: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut client = TcpStream::connect(&server.serving.address).unwrap();
            let head = worst_head(key, "Connection: close\r\n");
            client.write_all(head.as_bytes()).unwrap();
            client
        })
        .collect();
    until("one works, and seven wait", || {
        figure(&server, "vigie_queries_running") == 1
            && figure(&server, "vigie_queries_waiting") == 7
    });
    for _ in 0..3 {
        let short = server
            .request("GET", "/v1/metrics/list?query=*")
            .header("X-Auth-User-Token", &colleague)
            .header("X-Auth-Scope-Id", &format!("s-{}", server.owner.space));
        ok(&short.send());
    }
    // None of them has ended meanwhile.
    assert!(wide.iter().all(is_unanswered));
}
