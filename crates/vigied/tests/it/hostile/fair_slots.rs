//! Under load, neither one tenant nor unauthenticated callers can take all slots.

use super::honest::connect_from;
use super::slow_bodies::{with_another_account, write_sample};
use crate::harness::{Request, Server};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

const FEW: [&str; 2] = ["--set", "limits.concurrent_requests=4"];

/// Sends samples from a client of its own until all attacks have ended; every one must be taken.
fn honest_beside(server: &Server, attacks: usize, attack: impl Fn() + Sync) {
    let ended = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..attacks {
            scope.spawn(|| {
                attack();
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 2), server).unwrap();
        let mut served = 0;
        while ended.load(Ordering::Relaxed) < attacks {
            let (status, text) = write_sample(&mut stream, &server.owner.api_key);
            assert_eq!(status, 200, "{text}");
            served += 1;
        }
        assert!(served > 0);
    });
}

#[test]
fn one_tenants_work_leaves_places_to_another() {
    let (server, other) = with_another_account(&FEW);
    let body = "{\"name\":\"a\",\"value\":1},".repeat(200_000);
    let body = format!("[{body}1]");
    honest_beside(&server, 8, || {
        let write = Request::new(&server.serving.url(), "POST", "/v1/metrics");
        let write = write.header("X-Auth-User-Token", &format!("apikey {other}"));
        let reply = write.body(body.clone()).send();
        assert!(matches!(reply.status, 200 | 429), "{}", reply.text());
        if reply.status == 429 {
            assert!(reply.text().contains("account_share_percent"));
            assert_eq!(reply.header("Retry-After"), Some("1"));
        }
    });
}

#[test]
fn logins_of_strangers_leave_places_to_who_is_known() {
    let server = Server::with(&FEW);
    honest_beside(&server, 12, || {
        let login = server.request("POST", "/identity/token").form(&[
            ("grant_type", "password"),
            ("username", "nobody@example.org"),
            ("password", "wrong"),
        ]);
        let reply = login.basic("bx", "bx").send();
        assert!(matches!(reply.status, 400 | 429), "{}", reply.text());
    });
}
