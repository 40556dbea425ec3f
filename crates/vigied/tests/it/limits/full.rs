//! A server whose places are all taken says so, and still shows how it is.

use super::{hits, refused};
use crate::harness::{Reply, Request, Server, until};
use base::limit;

/// How often the long write is tried: one that ends before anything was asked beside it proves nothing.
const TRIES: usize = 20;

/// A write that is worked on for a while; sent again where one of the questions had its place.
fn long_write(server: &Server, token: &str) -> Reply {
    let body = "{\"name\":\"a\",\"value\":1},".repeat(500_000);
    let request = server.metrics(token, "POST", "/v1/metrics");
    let request = request.body(format!("[{body}1]"));
    loop {
        let reply = request.clone().send();
        if reply.status != 429 {
            return reply;
        }
    }
}

/// Whether a request was refused before the long write was over; the refusal is checked beside it.
fn is_refused_beside_a_write(
    server: &Server,
    token: &str,
    request: &Request,
    check: impl Fn(&Reply),
) -> bool {
    std::thread::scope(|scope| {
        let write = scope.spawn(|| long_write(server, token));
        let mut busy = request.clone().send();
        while busy.status == 200 && !write.is_finished() {
            busy = request.clone().send();
        }
        let is_refused = busy.status != 200;
        if is_refused {
            check(&busy);
        }
        let is_beside = !write.is_finished();
        let written = write.join().unwrap();
        assert_eq!(written.status, 200, "{}", written.text());
        is_refused && is_beside
    })
}

#[test]
fn a_full_server_says_so_and_still_shows_how_it_is() {
    for (places, limit) in [
        (1, limit::CONCURRENT_REQUESTS),
        (2, limit::ACCOUNT_SHARE_PERCENT),
    ] {
        let places = format!("limits.concurrent_requests={places}");
        let server = Server::with(&["--set", &places]);
        let token = server.token();
        let list = server.metrics(&token, "GET", "/v1/metrics/list");
        let check = |busy: &Reply| {
            refused(busy, 429, "BXNMSSV06E", limit);
            assert_eq!(busy.header("Retry-After"), Some("1"));
            assert_eq!(server.request("GET", "/health/ready").send().status, 200);
            assert!(hits(&server, limit) > 0);
        };
        let is_seen = (0..TRIES).any(|_| is_refused_beside_a_write(&server, &token, &list, check));
        assert!(
            is_seen,
            "{}: no list was refused beside {TRIES} writes",
            limit.name
        );
        until("there is room again", || {
            let list = server.metrics(&token, "GET", "/v1/metrics/list").send();
            list.status == 200
        });
    }
}

/// The guard does not know for which grant it refuses: IBM's SDKs show the text in `errors`, and clients of OAuth's grants find `error`.
#[test]
fn a_full_server_tells_clients_of_every_grant_in_words() {
    let server = Server::with(&["--set", "limits.concurrent_requests=1"]);
    let token = server.token();
    let login = server.request("POST", "/identity/token").form(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", &server.owner.api_key),
    ]);
    let check = |busy: &Reply| {
        let body = busy.json();
        assert_eq!(busy.status, 429, "{body}");
        assert_eq!(body["errorCode"], "BXNMSSV06E", "{body}");
        assert_eq!(body["error"], "temporarily_unavailable", "{body}");
        assert_eq!(body["errors"][0]["message"], body["errorMessage"], "{body}");
    };
    let is_seen = (0..TRIES).any(|_| is_refused_beside_a_write(&server, &token, &login, check));
    assert!(is_seen, "no login was refused beside {TRIES} writes");
}
