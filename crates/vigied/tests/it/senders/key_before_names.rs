//! A key before each name, from senders that can show it in no other way.

use super::{Listeners, lines};
use crate::harness::until;
use serde_json::json;

/// Whether the first space takes it.
pub(crate) fn allow(listeners: &Listeners, is_taken: bool) {
    let token = listeners.server.token();
    let body = json!({"key_before_names": is_taken});
    let request = listeners
        .server
        .metrics(&token, "PUT", "/v1/settings/domain");
    let reply = request.json(&body).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["key_before_names"], json!(is_taken));
}

fn listed(listeners: &Listeners) -> String {
    let token = listeners.server.token();
    let path = "/v1/metrics/list?query=*";
    listeners.server.metrics(&token, "GET", path).send().text()
}

fn keyed(key: &str, lines: &str) -> String {
    let keyed = lines.lines().map(|line| format!("{key}.{line}\n"));
    keyed.collect()
}

/// Off by default: the sender is told the reason where it can be, and nothing is stored or shown.
#[test]
fn a_space_takes_none_unless_it_says_so() {
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    sender.send(&keyed(&key, &lines("own.a", 2)));
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && answer.contains("--key-before-names on"),
        "{answer}"
    );
    let mut counting = super::Sender::new(&listeners.address("statsd.listen"));
    counting.send(&format!("{key}.hits:1|c\n"));
    let answer = counting.answer();
    assert!(
        answer.starts_with("ERR ") && answer.contains("--key-before-names on"),
        "{answer}"
    );
    listeners.datagram(keyed(&key, &lines("own.b", 1)).as_bytes());
    until("all are counted", || {
        ["graphite.listen", "graphite.udp_listen", "statsd.listen"]
            .iter()
            .map(|listener| listeners.not_stored(listener, "credential"))
            .eq([2, 1, 1])
    });
    let listed = listed(&listeners);
    assert!(
        !listed.contains("own") && !listed.contains("vgk_"),
        "{listed}"
    );
    assert!(!listeners.server.serving.log().contains(&key));
}

#[test]
fn a_key_before_the_name_says_who_sends_and_is_kept_nowhere() {
    let listeners = Listeners::open(&["--set", "statsd.flush_seconds=1"]);
    let (key, id) = listeners.server.narrow_key();
    let (other, _) = listeners.server.narrow_key();
    allow(&listeners, true);
    let mut sender = listeners.connect();
    sender.send(&keyed(&key, &lines("own.a", 5)));
    // Cut anywhere, and of several senders.
    let text = format!(
        "{}{}",
        keyed(&key, &lines("own.b", 3)),
        keyed(&other, &lines("own.c", 3))
    );
    let (one, two) = text.split_at(40);
    sender.send(one);
    listeners.wait_for("own.a", 5);
    sender.send(two);
    listeners.datagram(keyed(&key, &lines("own.d", 4)).as_bytes());
    listeners.datagram_to("statsd.udp_listen", format!("{key}.hits:3|c").as_bytes());
    for (name, count) in [("own.b", 3), ("own.c", 3), ("own.d", 4)] {
        listeners.wait_for(name, count);
    }
    until("the sum is flushed", || {
        listeners.stored("stats_counts.hits") > 0
    });
    // What is wrong with a line is counted, and the key is not in it.
    sender.send(&format!("{key}.own.e x -1\n{key}..own 1 -1\n{key} 1 -1\n"));
    until("both are counted", || {
        listeners.rejected("value") == 1 && listeners.rejected("name") == 1
    });
    until("the one without a name is no sender's", || {
        listeners.not_stored("graphite.listen", "no_identity") == 1
    });
    assert!(!listed(&listeners).contains("vgk_"));
    // It is withdrawn: its connection ends.
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    sender.send(&keyed(&key, &lines("own.f", 1)));
    listeners.wait_for("own.f", 1);
    let deleted = listeners
        .server
        .request("DELETE", &path)
        .bearer(&token)
        .send();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert!(sender.answer().starts_with("ERR "));
    let log = listeners.server.serving.log();
    assert!(!log.contains("vgk_"), "{log}");
    let metrics = listeners.server.operations("/metrics").text();
    assert!(!metrics.contains("vgk_"));
}

/// Only a key that may do no more than send into one domain: another would lie in every line of a file.
#[test]
fn a_key_that_may_more_is_none_before_names() {
    let listeners = Listeners::open(&[]);
    allow(&listeners, true);
    for key in [listeners.server.owner.api_key.clone(), {
        let space = format!("s-{}", listeners.server.owner.space);
        listeners.key(&json!({"reach": {"domain": space}})).0
    }] {
        let mut sender = listeners.connect();
        sender.send(&keyed(&key, &lines("more.a", 1)));
        let answer = sender.answer();
        assert!(
            answer.starts_with("ERR ") && answer.contains("not narrowed"),
            "{answer}"
        );
        assert!(!answer.contains(&key), "{answer}");
    }
    assert_eq!(listeners.stored("more.a"), 0);
}

/// Switched off again, it ends at once.
#[test]
fn what_a_space_took_it_can_refuse_again() {
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    allow(&listeners, true);
    let mut sender = listeners.connect();
    sender.send(&keyed(&key, &lines("own.a", 1)));
    listeners.wait_for("own.a", 1);
    allow(&listeners, false);
    assert!(sender.answer().starts_with("ERR "));
}

/// A name that looks like a key is refused wherever it comes, and repeated nowhere.
#[test]
fn a_key_in_a_name_is_never_stored() {
    let (listeners, _) =
        Listeners::with_source("127.0.0.0/8", &["--set", "statsd.flush_seconds=1"]);
    let (key, _) = listeners.server.narrow_key();
    let mistyped = key.replacen("vgk_", "vgk_x", 1);
    let token = listeners.server.token();
    let mut seen = String::new();
    for name in [
        key.clone(),
        format!("{key}.a"),
        format!("{mistyped}.a"),
        format!("a.{key}"),
        format!("a;host={key}"),
    ] {
        let body = json!([{"name": name, "value": 1}, {"name": "plain.json", "value": 1}]);
        let request = listeners.server.metrics(&token, "POST", "/v1/metrics");
        let reply = request.json(&body).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(
            reply.text().contains("holds an API key"),
            "{}",
            reply.text()
        );
        seen.push_str(&reply.text());
        let line = format!("{name} value=1");
        let write = listeners
            .server
            .metrics(&token, "POST", "/api/v2/write?bucket=dev")
            .body(line);
        seen.push_str(&write.send().text());
    }
    let mut sender = listeners.connect();
    sender.send(&format!(
        "{key} 1 -1\n{mistyped}.b 1 -1\na.{key}.b x -1\nplain.line 2 -1\n"
    ));
    listeners.datagram(format!("a.{key}.c 1 -1").as_bytes());
    listeners.datagram_to(
        "statsd.udp_listen",
        format!("a.{key}:1|c\nb:1|c|#k:{key}\n{mistyped}.x:1|c\nplain:1|c").as_bytes(),
    );
    let _ = std::io::Write::write_all(
        &mut listeners.pickle(),
        &super::pickles::frame(&[(&format!("{key}.d"), crate::harness::now(), 1.0)]),
    );
    listeners.wait_for("plain.line", 1);
    until("the sum is flushed", || {
        listeners.stored("stats_counts.plain") > 0
    });
    until("all are counted", || listeners.rejected("name") >= 12);
    seen.push_str(&listed(&listeners));
    seen.push_str(&listeners.server.serving.log());
    assert!(!seen.contains("vgk_") || seen.contains("vgk_…"), "{seen}");
    for secret in [&key, &mistyped, &key[10..40].to_owned()] {
        assert!(!seen.contains(secret.as_str()), "{seen}");
    }
}
