//! Arrivals of a space, as its administrators see them: the senders of each listener, refused samples, and silent senders.

use super::{Listeners, lines};
use crate::harness::{now, until};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};

/// The answer about `senders` or `rejects` of the first space.
pub(super) fn summary(listeners: &Listeners, what: &str) -> Value {
    let token = listeners.server.token();
    let path = format!("/v1/metrics/{what}");
    let reply = listeners.server.metrics(&token, "GET", &path).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn senders(listeners: &Listeners) -> Vec<Value> {
    summary(listeners, "senders")["senders"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn every_listener_says_who_sends_and_what_was_refused() {
    let (listeners, id) = Listeners::with_source("127.0.0.1", &super::lumberjack::PLAIN);
    assert_eq!(senders(&listeners), Vec::<Value>::new());
    assert_eq!(summary(&listeners, "rejects")["by_reason"], json!({}));
    let mut sender = listeners.connect();
    sender.send(&lines("by.tcp", 4));
    listeners.wait_for("by.tcp", 4);
    listeners.datagram(format!("by.udp 1 {0}\nby.udp oops {0}\n", now()).as_bytes());
    listeners.wait_for("by.udp", 1);
    let token = listeners.server.token();
    let key = listeners.server.narrow_key().0;
    let samples = json!([
        {"name": "by.http", "value": 1, "timestamp": now()},
        {"name": "by..http", "value": 1, "timestamp": now()},
        {"name": "by.http", "value": 1, "timestamp": 1},
        {"name": format!("{key}.cpu"), "value": "x", "timestamp": now()},
    ]);
    let sent = listeners.server.metrics(&token, "POST", "/v1/metrics");
    assert_eq!(sent.json(&samples).send().status, 200);
    let influx = listeners
        .server
        .request("POST", "/write")
        .basic("apikey", &key);
    assert_eq!(influx.body("by,a=b influx=1").send().status, 204);
    let all = senders(&listeners);
    let by = |listener: &str| {
        let sender = all.iter().find(|sender| sender["listener"] == listener);
        sender
            .unwrap_or_else(|| panic!("no `{listener}` in {all:?}"))
            .clone()
    };
    for (listener, accepted, rejected) in [
        ("graphite.listen", 4, 0),
        ("graphite.udp_listen", 1, 1),
        ("/v1/metrics", 1, 3),
        ("/write", 1, 0),
    ] {
        let sender = by(listener);
        assert_eq!(sender["accepted"], accepted, "{sender}");
        assert_eq!(sender["rejected"], rejected, "{sender}");
        assert_eq!(sender["received"], accepted + rejected, "{sender}");
        assert_eq!(sender["source"], "127.0.0.1", "{sender}");
        assert_eq!(sender["silent"], false, "{sender}");
    }
    assert_eq!(by("graphite.listen")["key"], id.as_str());
    let rejects = summary(&listeners, "rejects");
    let reasons = json!({"name": 2, "too_old": 1, "value": 1});
    assert_eq!(rejects["by_reason"], reasons, "{rejects}");
    let kept = rejects["rejects"].as_array().unwrap();
    assert_eq!(kept.len(), 4, "{rejects}");
    let named = |name: &str| kept.iter().find(|entry| entry["name"] == name).unwrap();
    assert_eq!(named("by.udp")["listener"], "graphite.udp_listen");
    assert_eq!(named("by.http")["reason"], "too_old");
    // A key that stands where a name belongs is told to nobody.
    assert!(!rejects.to_string().contains(&key), "{rejects}");
}

/// What is usual takes two batches.
#[test]
fn a_sender_has_no_usual_gap_until_its_second_batch() {
    let listeners = Listeners::open(&[]);
    let token = listeners.server.token();
    let after_a_batch = || {
        let samples = json!([{"name": "gap.a", "value": 1}]);
        let sent = listeners.server.metrics(&token, "POST", "/v1/metrics");
        let sent = sent.json(&samples).send();
        assert_eq!(sent.status, 200, "{}", sent.text());
        let mut all = senders(&listeners);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    };
    let sender = after_a_batch();
    assert_eq!(sender["batches"], 1, "{sender}");
    assert_eq!(
        sender.get("usual_gap_seconds"),
        Some(&Value::Null),
        "{sender}"
    );
    let sender = after_a_batch();
    assert_eq!(sender["batches"], 2, "{sender}");
    let gap = sender["usual_gap_seconds"].as_f64();
    assert!(gap.is_some_and(|gap| gap >= 0.0), "{sender}");
}

/// Sums are stored at each flush, as 0 when nothing has come: by those, whoever had ended was never silent, and of several senders
/// the last one alone was listed.
#[test]
fn values_of_statsd_are_of_who_sent_them_and_sums_of_nobody() {
    let flushes = ["--set", "statsd.flush_seconds=1"];
    let (listeners, _) = Listeners::with_source("127.0.0.0/8", &flushes);
    for last in 1..=2 {
        let socket = std::net::UdpSocket::bind(format!("127.0.0.{last}:0")).unwrap();
        let address = listeners.address("statsd.udp_listen");
        socket.send_to(b"hits:2|c\nhits:oops|c", address).unwrap();
    }
    until("sums of nothing are stored, too", || {
        listeners.stored("stats_counts.hits") >= 3
    });
    let all = senders(&listeners);
    assert_eq!(all.len(), 2, "{all:?}");
    for sender in &all {
        assert_eq!(sender["listener"], "statsd.udp_listen", "{sender}");
        for what in ["batches", "accepted", "rejected"] {
            assert_eq!(sender[what], 1, "{sender}");
        }
    }
}

/// Refusals on port 9095 count for the space of the login.
#[test]
fn what_port_9095_refuses_is_told_to_the_space_of_the_login() {
    let listeners = Listeners::open(&super::lumberjack::PLAIN);
    let (key, id) = listeners.server.narrow_key();
    let mut client = super::lumberjack::Client::connect(&listeners);
    let space = listeners.server.owner.space.clone();
    client.send_for(
        &space,
        &key,
        &["a.b 1 -1", "00000000-0000-4000-8000-000000000000.a 1 -1"],
    );
    listeners.wait_for("a.b", 1);
    let all = senders(&listeners);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["key"], id.as_str());
    assert_eq!(
        (&all[0]["accepted"], &all[0]["rejected"]),
        (&json!(1), &json!(1))
    );
    let reasons = summary(&listeners, "rejects")["by_reason"].clone();
    assert_eq!(reasons, json!({"another_space": 1}));
}

/// From three addresses, one after the other, a line that is stored and one that is not.
fn three_send(listeners: &Listeners) {
    for last in 1..=3 {
        let from = format!("127.0.0.{last}:0");
        let socket = std::net::UdpSocket::bind(from).unwrap();
        let address = listeners.address("graphite.udp_listen");
        let text = format!("from.n{last} 1 {0}\nfrom.n{last} oops {0}\n", now());
        socket.send_to(text.as_bytes(), address).unwrap();
        listeners.wait_for(&format!("from.n{last}"), 1);
    }
}

#[test]
fn senders_and_rejects_are_kept_within_limits() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.0/8",
        &[
            "--set",
            "limits.senders_listed_per_domain=2",
            "--set",
            "limits.senders_listed=1",
            "--set",
            "limits.rejects_listed_per_domain=2",
            "--set",
            "limits.rejects_listed=2",
        ],
    );
    three_send(&listeners);
    let all = senders(&listeners);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["source"], "127.0.0.3");
    assert_eq!(summary(&listeners, "senders")["left_out"], 2);
    assert_eq!(hits(&listeners.server, limit::SENDERS_LISTED), 2);
    let rejects = summary(&listeners, "rejects");
    let kept = rejects["rejects"].as_array().unwrap();
    let names: Vec<_> = kept
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"from.n3"), "{rejects}");
    assert!(names.len() <= 2, "{rejects}");
}

#[test]
fn a_domain_lists_so_many_senders_and_rejects() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.0/8",
        &[
            "--set",
            "limits.senders_listed_per_domain=2",
            "--set",
            "limits.rejects_listed_per_domain=1",
        ],
    );
    three_send(&listeners);
    until("the last is listed", || {
        senders(&listeners)[0]["source"] == "127.0.0.3"
    });
    assert_eq!(senders(&listeners).len(), 2);
    assert_eq!(hits(&listeners.server, limit::SENDERS_LISTED_PER_DOMAIN), 1);
    let rejects = summary(&listeners, "rejects");
    assert_eq!(rejects["rejects"].as_array().unwrap().len(), 1);
    assert_eq!(rejects["by_reason"]["value"], 3);
    assert_eq!(hits(&listeners.server, limit::REJECTS_LISTED_PER_DOMAIN), 2);
}

/// Where all domains together have too many, one of the domain that has most gives way.
#[test]
fn all_domains_together_list_so_many_rejects() {
    let listeners = Listeners::open(&["--set", "limits.rejects_listed=1"]);
    let token = listeners.server.token();
    for _ in 0..2 {
        let wrong = json!([{"name": "a..b", "value": 1, "timestamp": now()}]);
        let sent = listeners.server.metrics(&token, "POST", "/v1/metrics");
        assert_eq!(sent.json(&wrong).send().status, 400);
    }
    assert_eq!(hits(&listeners.server, limit::REJECTS_LISTED), 1);
    let rejects = summary(&listeners, "rejects");
    assert_eq!(rejects["rejects"].as_array().unwrap().len(), 1);
}
