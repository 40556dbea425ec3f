//! The bytes of names are counted over all domains of an account, and over all accounts.

use super::{counts, is_for_later, make_space, neighbour, operator, send, set};
use crate::harness::{Reply, Server, Serving, until};
use serde_json::{Value, json};

fn send_to(server: &Server, space: &str, names: &[&str]) -> Reply {
    let samples: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "value": 1}))
        .collect();
    server
        .request("POST", "/v1/metrics")
        .header(
            "X-Auth-User-Token",
            &format!("apikey {}", server.owner.api_key),
        )
        .header("X-Auth-Scope-Id", &format!("s-{space}"))
        .json(&json!(samples))
        .send()
}

/// Of two samples the first finds no room for its name.
fn the_longer_is_rejected(reply: &Reply, code: &str, limit: &str) {
    assert_eq!(counts(reply), (json!(1), json!(1)), "{}", reply.text());
    let rejection = &reply.json()["rejections"][0];
    assert_eq!(rejection["code"], code);
    let reason = rejection["reason"].as_str().unwrap();
    assert!(reason.contains(limit), "{reason}");
}

/// The operator gives the account more room, and what is sent then is taken.
fn there_is_room_in_the_account(server: &Server, sent: impl Fn() -> Reply) {
    let account = &server.owner.account;
    let (done, text) = operator(server, &["limit", account, "name_bytes_per_account=1KiB"]);
    assert!(done, "{text}");
    until("the account has room", || sent().status == 200);
}

/// They were bounded by space alone, and an account may have ten thousand spaces.
#[test]
fn bytes_of_names_are_counted_over_all_spaces_of_an_account_also_after_a_restart() {
    let flags = ["--set", "limits.name_bytes_per_account=12"];
    let mut server = Server::with(&flags);
    let key = server.owner.api_key.clone();
    let made = make_space(&server, &key, "two");
    assert_eq!(made.status, 201, "{}", made.text());
    let first = server.owner.space.clone();
    let second = made.json()["metadata"]["guid"].as_str().unwrap().to_owned();
    assert_eq!(send_to(&server, &first, &["eight.by"]).status, 200);
    let reply = send_to(&server, &second, &["longer", "four"]);
    the_longer_is_rejected(&reply, "account_limit", "`name_bytes_per_account` = 12");
    let next = neighbour(&server);
    assert_eq!(send(&server, &next, &["neighbour"]).status, 200);
    for is_restarted in [false, true] {
        if is_restarted {
            server.serving.signal("TERM");
            server.serving.child.wait().unwrap();
            server.serving = Serving::start(&server.data(), "127.0.0.1:0", &flags);
        }
        for space in [&first, &second] {
            is_for_later(&send_to(&server, space, &["x"]), "name_bytes_per_account");
        }
        let known = send_to(&server, &second, &["four"]);
        assert_eq!(known.status, 200, "a known series goes on");
    }
    there_is_room_in_the_account(&server, || send_to(&server, &second, &["longer"]));
}

#[test]
fn writes_at_once_do_not_pass_the_bytes_of_names_together() {
    let server = set(&["limits.name_bytes_per_account=1000"]);
    let key = server.owner.api_key.clone();
    let stored: u64 = std::thread::scope(|scope| {
        let (server, key) = (&server, &key);
        let sender = move |at: usize| {
            let names: Vec<String> = (0..40).map(|name| format!("s{at:02}.{name:03}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            send(server, key, &names).json()["stored"].as_u64()
        };
        let sending: Vec<_> = (0..8).map(|at| scope.spawn(move || sender(at))).collect();
        // A write that gets no room at all has no receipt.
        let stored = sending
            .into_iter()
            .map(|handle| handle.join().unwrap().unwrap_or(0));
        stored.sum()
    });
    assert!(
        (1..=1000 / 7).contains(&stored),
        "{stored} series were made"
    );
    // Unused reservations were released. While the account is summed up, what is written may count twice for some seconds.
    let (mut all, mut made) = (stored, 0);
    until("all the room is used", || {
        let name = format!("l{made:06}");
        if send(&server, &key, &[&name]).status == 200 {
            (all, made) = (all + 1, made + 1);
        }
        all == 1000 / 7
    });
    let over = send(&server, &key, &["one.more"]);
    is_for_later(&over, "name_bytes_per_account");
}

/// Whoever has them: they are in the memory of one process.
#[test]
fn new_series_are_made_as_far_as_the_names_of_all_accounts_have_bytes() {
    let server = set(&["limits.name_bytes_in_all=20"]);
    let key = server.owner.api_key.clone();
    let next = neighbour(&server);
    assert_eq!(send(&server, &key, &["ten.bytes_"]).status, 200);
    // One account has half of it, so that there is something left for others, unless the operator gives it more.
    is_for_later(&send(&server, &key, &["five5"]), "name_bytes_per_account");
    there_is_room_in_the_account(&server, || send(&server, &key, &["five5"]));
    let reply = send(&server, &next, &["longer", "four"]);
    the_longer_is_rejected(&reply, "series_limit", "`name_bytes_in_all` = 20");
    let figures = server.operations("/metrics").text();
    for line in [
        "vigie_store_name_bytes 19\n",
        "vigie_limit_hits_total{limit=\"name_bytes_in_all\"} 1\n",
    ] {
        assert!(figures.contains(line), "{line}");
    }
}

/// The operator saw the bytes of all names together, and not whose they are; the account saw nothing.
#[test]
fn the_bytes_of_names_are_figures_of_their_domains() {
    let server = Server::start();
    let key = server.owner.api_key.clone();
    let next = neighbour(&server);
    assert_eq!(send(&server, &key, &["ten.bytes_", "five5"]).status, 200);
    assert_eq!(send(&server, &next, &["other"]).status, 200);
    let space = server.owner.space.clone();
    assert_eq!(send_to(&server, &space, &["four"]).status, 200);
    let account = &server.owner.account;
    let of_owner = [(format!("a-{account}"), 15), (format!("s-{space}"), 4)];
    let authorization = format!("apikey {key}");
    let owned = server
        .request("GET", "/metrics")
        .header("X-Auth-User-Token", &authorization)
        .send()
        .text();
    let all = server.operations("/metrics").text();
    for (domain, bytes) in &of_owner {
        let line = format!("vigie_name_bytes{{domain=\"{domain}\"}} {bytes}\n");
        assert!(owned.contains(&line), "{line} in {owned}");
        let line =
            format!("vigie_name_bytes{{account=\"{account}\",domain=\"{domain}\"}} {bytes}\n");
        assert!(all.contains(&line), "{line} in {all}");
    }
    let counted = |text: &str| text.matches("vigie_name_bytes{").count();
    assert_eq!((counted(&owned), counted(&all)), (2, 3));
}

/// The limit of a domain is one of the server: who asks for it is told so.
#[test]
fn a_limit_that_only_the_server_has_is_named_as_such() {
    let server = Server::start();
    let account = &server.owner.account;
    for (change, expected) in [
        (
            "name_bytes_per_tenant=1GiB",
            "`limits.name_bytes_per_tenant`",
        ),
        ("name_bytes=7", "cannot be set"),
        ("no_such_thing_at_all=7", "there are `"),
    ] {
        let (done, text) = operator(&server, &["limit", account, change]);
        assert!(!done && text.contains(expected), "{change}: {text}");
    }
}
