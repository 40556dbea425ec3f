//! Accounts that act together: their worst queries have every turn, and a small query of another account still gets one.

use super::super::quota::operator;
use super::{ask, connect_from, figure, is_unanswered, send, send_long_names, worst_head};
use crate::harness::{Server, until};
use serde_json::Value;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

/// The key of a further account that has many long names.
fn account(server: &Server, name: &str) -> String {
    let owner = format!("{name}@example.org");
    let (done, text) = operator(
        server,
        &["create", name, "--owner", &owner, "--output", "json"],
    );
    assert!(done, "{text}");
    let made: Value = serde_json::from_str(&text).unwrap();
    let key = made["api_key"].as_str().unwrap().to_owned();
    until("the server has seen the account", || {
        ask(server, &key, "GET", "/v1/metrics/list").send().status == 200
    });
    send_long_names(server, &key, 4);
    key
}

/// Sends a very long query, and reads nothing.
fn worst(server: &Server, key: &str, number: u8) -> TcpStream {
    let mut stream = connect_from(Ipv4Addr::new(127, 0, 1, number), server).unwrap();
    stream.write_all(worst_head(key, "").as_bytes()).unwrap();
    stream
}

#[test]
fn regression_6_three_accounts_together_hold_up_no_fourth() {
    let server = Server::with(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
        "--set",
        "limits.concurrent_queries=4",
    ]);
    let own_key = server.owner.api_key.clone();
    send(&server, &own_key, std::iter::once("small".to_owned()));
    let keys = ["one", "two", "three"].map(|name| account(&server, name));
    let mut attacks = Vec::new();
    let mut attack = |key: &str| {
        let number = u8::try_from(attacks.len() + 1).unwrap();
        attacks.push(worst(&server, key, number));
    };
    // The first account may have two turns; the last of the four is for an account that has none.
    attack(&keys[0]);
    attack(&keys[0]);
    until("two run", || figure(&server, "vigie_queries_running") == 2);
    attack(&keys[1]);
    until("three run", || {
        figure(&server, "vigie_queries_running") == 3
    });
    attack(&keys[2]);
    until("all turns are taken", || {
        figure(&server, "vigie_queries_running") == 4
    });
    // And as many wait before the fourth account does.
    for _ in 0..4 {
        keys.iter().for_each(|key| attack(key));
    }
    until("all have come", || {
        let names = ["vigie_queries_running", "vigie_queries_waiting"];
        names.map(|name| figure(&server, name)).iter().sum::<u64>() >= 16
    });
    for _ in 0..5 {
        let reply = ask(&server, &own_key, "GET", "/v1/metrics/list").send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json(), serde_json::json!(["small"]));
        let ended = attacks
            .iter()
            .filter(|attack| !is_unanswered(attack))
            .count();
        assert_eq!(ended, 0, "queries of the others ended before");
    }
    // A disconnect cancels the query, also while it has no turn.
    drop(attacks);
    until("none runs or waits", || {
        figure(&server, "vigie_queries_running") + figure(&server, "vigie_queries_waiting") == 0
    });
    assert_eq!(figure(&server, "vigie_queries_in_flight_bytes"), 0);
}
