//! No listener lets in who is not known, and an address that is known lets in nobody who comes from another.

use super::lumberjack::{self, Client, OUT};
use super::{Listeners, Sender, network, pickles};
use crate::harness::{now, until};
use serde_json::json;
use std::io::Write;

/// The listeners that count whoever is unknown, and how many samples of each are sent below: a packet of collectd's holds three.
const COUNTED: [(&str, &str, u64); 7] = [
    ("graphite.listen", "no_identity", 1),
    ("graphite.udp_listen", "no_identity", 1),
    ("pickle.listen", "no_identity", 1),
    ("statsd.listen", "no_identity", 1),
    ("statsd.udp_listen", "no_identity", 1),
    ("collectd.listen", "no_identity", 3),
    // A message before a login.
    ("lumberjack.listen", "protocol", 1),
];

/// Comes by every listener without a credential, from 127.0.0.1. What can answer does.
fn knocks(listeners: &Listeners) {
    let line = format!("no.body 1 {}\n", now());
    let mut sender = listeners.connect();
    sender.send(&line);
    let answer = sender.answer();
    assert!(answer.starts_with("ERR say who you are first"), "{answer}");
    assert_eq!(sender.answer(), "");
    listeners.datagram(line.as_bytes());
    // It may be closed before.
    let _ = listeners
        .pickle()
        .write_all(&pickles::frame(&[("no.body", now(), 1.0)]));
    let mut counting = Sender::new(&listeners.address("statsd.listen"));
    counting.send("no.body:1|c\n");
    let answer = counting.answer();
    assert!(answer.starts_with("ERR no sender is known"), "{answer}");
    assert_eq!(counting.answer(), "");
    listeners.datagram_to("statsd.udp_listen", b"no.body:1|c");
    listeners.datagram_to("collectd.listen", &network::load("no", now()));
    let mut client = Client::connect(listeners);
    client.window(std::slice::from_ref(&line));
    assert_eq!(client.answer(), b"");
    let server = &listeners.server;
    let space = &server.owner.space;
    for request in [
        server
            .request("POST", "/v1/metrics")
            .header("X-Auth-Scope-Id", &format!("s-{space}"))
            .json(&json!([{"name": "no.body", "value": 1}])),
        server
            .request("POST", "/collectd")
            .body("PUTVAL no/load/load N:1:2:3"),
        server
            .request("POST", &format!("/write?db=s-{space}"))
            .body("no body=1"),
        server
            .request("POST", &format!("/api/v2/write?bucket=s-{space}"))
            .body("no body=1"),
    ] {
        let reply = request.send();
        assert_eq!(reply.status, 401, "{}", reply.text());
    }
    for (listener, reason, count) in COUNTED {
        until(listener, || listeners.not_stored(listener, reason) == count);
    }
}

/// The names in the first space, when everything that was read is stored.
fn names(listeners: Listeners) -> String {
    let listeners = listeners.restarted("TERM", &[]);
    let token = listeners.server.token();
    let path = "/v1/metrics/list?query=*";
    listeners.server.metrics(&token, "GET", path).send().text()
}

/// Every listener, with every default: nothing gets in, whoever comes how. (Port 9095 without TLS, which changes nothing of who
/// gets in.)
#[test]
fn no_listener_without_identity() {
    let listeners = Listeners::open(&lumberjack::PLAIN);
    knocks(&listeners);
    let space = listeners.server.owner.space.clone();
    let mut wrong = listeners.connect();
    wrong.send(&format!(
        "AUTH apikey vgk_wrong s-{space}\nno.body 1 {}\n",
        now()
    ));
    let answer = wrong.answer();
    assert!(
        answer.starts_with("ERR ") && !answer.contains("vgk_wrong"),
        "{answer}"
    );
    assert_eq!(wrong.answer(), "");
    let mut client = Client::connect(&listeners);
    assert_eq!(client.log_in(b"2T", &space, "vgk_wrong"), OUT);
    let log = listeners.server.serving.log();
    assert!(
        !log.contains("vgk_wrong") && !log.contains("no.body"),
        "{log}"
    );
    assert_eq!(names(listeners), "[]\n");
}

/// An address that is known opens the listeners to nobody from another one, and those of HTTP to nobody at all.
#[test]
fn who_comes_from_another_address_is_let_in_by_no_listener() {
    let (listeners, _) = Listeners::with_source("127.0.0.9/32", &lumberjack::PLAIN);
    knocks(&listeners);
    let known = std::net::UdpSocket::bind("127.0.0.9:0").unwrap();
    for (listener, packet) in [
        ("graphite.udp_listen", b"some.body 1 -1\n".as_slice()),
        ("statsd.udp_listen", b"some.body:1|c"),
    ] {
        known.send_to(packet, listeners.address(listener)).unwrap();
    }
    listeners.wait_for("some.body", 1);
    let names = names(listeners);
    assert!(
        names.contains("some") && !names.contains("\"no\""),
        "{names}"
    );
    let (listeners, _) = Listeners::with_source("127.0.0.1", &lumberjack::PLAIN);
    let request = listeners.server.request("POST", "/collectd");
    let request = request.body("PUTVAL no/load/load N:1:2:3");
    assert_eq!(request.send().status, 401);
    // Nor does it stand for a login.
    let mut client = Client::connect(&listeners);
    client.window(&["no.body 1 -1".to_owned()]);
    assert_eq!(client.answer(), b"");
}
