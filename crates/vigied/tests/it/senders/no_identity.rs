//! No door lets in who is not known, and an address that is known lets in nobody who comes from another.

use super::lumberjack::{self, Client, OUT};
use super::{Doors, Sender, network, pickles};
use crate::harness::now;
use crate::limits::until;
use serde_json::json;
use std::io::Write;

/// The doors that count whoever is unknown, and how many samples of each are sent below: a packet of collectd's holds three.
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

/// Comes by every door without a credential, from 127.0.0.1. What can answer does.
fn knocks(doors: &Doors) {
    let line = format!("no.body 1 {}\n", now());
    let mut sender = doors.connect();
    sender.send(&line);
    let answer = sender.answer();
    assert!(answer.starts_with("ERR say who you are first"), "{answer}");
    assert_eq!(sender.answer(), "");
    doors.datagram(line.as_bytes());
    // It may be closed before.
    let _ = doors
        .pickle()
        .write_all(&pickles::frame(&[("no.body", now(), 1.0)]));
    let mut counting = Sender::new(&doors.address("statsd.listen"));
    counting.send("no.body:1|c\n");
    let answer = counting.answer();
    assert!(answer.starts_with("ERR nobody is known"), "{answer}");
    assert_eq!(counting.answer(), "");
    doors.datagram_to("statsd.udp_listen", b"no.body:1|c");
    doors.datagram_to("collectd.listen", &network::load("no", now()));
    let mut client = Client::connect(doors);
    client.window(std::slice::from_ref(&line));
    assert_eq!(client.answer(), b"");
    let server = &doors.server;
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
    for (door, reason, count) in COUNTED {
        until(door, || doors.not_stored(door, reason) == count);
    }
}

/// What the first space holds, when everything that was read is stored.
fn names(doors: Doors) -> String {
    let doors = doors.restarted("TERM", &[]);
    let token = doors.server.token();
    let path = "/v1/metrics/list?query=*";
    doors.server.metrics(&token, "GET", path).send().text()
}

/// Every door, with every default: nothing gets in, whoever comes how. (Port 9095 without TLS, which changes nothing of who gets in.)
#[test]
fn no_door_without_identity() {
    let doors = Doors::open(&lumberjack::PLAIN);
    knocks(&doors);
    let space = doors.server.owner.space.clone();
    let mut wrong = doors.connect();
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
    let mut client = Client::connect(&doors);
    assert_eq!(client.log_in(b"2T", &space, "vgk_wrong"), OUT);
    let log = doors.server.serving.log();
    assert!(
        !log.contains("vgk_wrong") && !log.contains("no.body"),
        "{log}"
    );
    assert_eq!(names(doors), "[]\n");
}

/// An address that is known opens the doors to nobody from another one, and those of HTTP to nobody at all.
#[test]
fn who_comes_from_another_address_is_let_in_by_no_door() {
    let (doors, _) = Doors::with_source("127.0.0.9/32", &lumberjack::PLAIN);
    knocks(&doors);
    let known = std::net::UdpSocket::bind("127.0.0.9:0").unwrap();
    for (door, packet) in [
        ("graphite.udp_listen", b"some.body 1 -1\n".as_slice()),
        ("statsd.udp_listen", b"some.body:1|c"),
    ] {
        known.send_to(packet, doors.address(door)).unwrap();
    }
    doors.wait_for("some.body", 1);
    let names = names(doors);
    assert!(
        names.contains("some") && !names.contains("\"no\""),
        "{names}"
    );
    let (doors, _) = Doors::with_source("127.0.0.1", &lumberjack::PLAIN);
    let request = doors.server.request("POST", "/collectd");
    let request = request.body("PUTVAL no/load/load N:1:2:3");
    assert_eq!(request.send().status, 401);
    // Nor does it stand for a login.
    let mut client = Client::connect(&doors);
    client.window(&["no.body 1 -1".to_owned()]);
    assert_eq!(client.answer(), b"");
}
