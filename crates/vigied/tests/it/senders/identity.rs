//! Senders that are let in, and senders that are not.

use super::{Listeners, lines};
use crate::harness::{VIGIED, now, until};
use serde_json::json;
use std::process::Command;

#[test]
fn no_listener_is_open_by_default() {
    let server = crate::harness::Server::start();
    assert!(
        !server
            .serving
            .log()
            .contains("a listener for senders is open")
    );
}

#[test]
fn a_key_that_may_only_send_is_shown_in_the_first_line() {
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    let mut sender = listeners.connect();
    // It reaches one space, so none need be named.
    let answer = sender.auth(&format!("apikey {key}"));
    assert!(
        answer.contains(&format!("s-{}", listeners.server.owner.space)),
        "{answer}"
    );
    sender.send(&lines("own.lines", 10));
    sender.send("tagged;host=a 1 -1\nbro ken\n");
    // No end, so it may have been cut.
    sender.send("own.lines 7 17000");
    drop(sender);
    listeners.wait_for("own.lines", 10);
    listeners.wait_for("tagged;host=a", 1);
    let rejected = |reason: &str| {
        let line = format!("reason=\"{reason}\"}} 1");
        listeners
            .server
            .operations("/metrics")
            .text()
            .contains(&line)
    };
    until("both are counted", || {
        rejected("value") && rejected("malformed")
    });
    listeners
        .server
        .serving
        .wait_for_log("samples of a sender are not stored");
    assert!(!listeners.server.serving.log().contains("bro"));
}

#[test]
fn a_sender_without_write_access_is_told_so() {
    let listeners = Listeners::open(&[]);
    let mut sender = listeners.connect();
    let space = &listeners.server.owner.space;
    sender.send(&format!(
        "AUTH apikey {} s-{}\n",
        listeners.server.owner.api_key,
        "0".repeat(32)
    ));
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && answer.contains("no role in it"),
        "{answer}"
    );
    let mut sender = listeners.connect();
    sender.auth(&format!(
        "apikey {} s-{space}",
        listeners.server.owner.api_key
    ));
    // One more that is wrong does not throw out who is in.
    sender.send("AUTH nothing\n");
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR ") && !answer.contains("nothing"),
        "{answer}"
    );
    sender.send(&lines("still.in", 3));
    listeners.wait_for("still.in", 3);
}

#[test]
fn an_address_that_is_known_needs_no_more_and_no_other_gets_in() {
    let (listeners, id) = Listeners::with_source("127.0.0.1/32", &[]);
    let mut sender = listeners.connect();
    sender.send(&lines("by.tcp", 5));
    listeners.datagram(lines("by.udp", 5).trim_end().as_bytes());
    let mut pickle = listeners.pickle();
    std::io::Write::write_all(
        &mut pickle,
        &super::pickles::frame(&[("by.pickle", now() - 9, 1.5)]),
    )
    .unwrap();
    listeners.wait_for("by.tcp", 5);
    listeners.wait_for("by.udp", 5);
    listeners.wait_for("by.pickle", 1);
    // Another address of this machine.
    let other = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    other
        .send_to(b"by.other 1 -1\n", listeners.address("graphite.udp_listen"))
        .unwrap();
    until("it is counted", || {
        listeners.not_stored("graphite.udp_listen", "no_identity") == 1
    });
    assert_eq!(listeners.stored("by.other"), 0);
    // Its key is withdrawn: the open connections end, and nothing more gets in.
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    let deleted = listeners
        .server
        .request("DELETE", &path)
        .bearer(&token)
        .send();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let answer = sender.answer();
    assert!(answer.starts_with("ERR "), "{answer}");
    let mut later = listeners.connect();
    later.send(&lines("by.nobody", 1));
    assert!(later.answer().starts_with("ERR "));
    listeners.datagram(b"by.nobody 1 -1\n");
    until("it is counted", || {
        listeners.not_stored("graphite.udp_listen", "credential") == 1
    });
    assert_eq!(listeners.stored("by.nobody"), 0);
}

/// Only a key that may do no more than send into one space speaks for an address.
#[test]
fn a_key_that_may_more_speaks_for_no_address() {
    let (listeners, _) = Listeners::with_source("127.0.0.9/32", &[]);
    let (_, id) =
        listeners.key(&json!({"reach": {"domain": format!("s-{}", listeners.server.owner.space)}}));
    let data = listeners.server.data();
    let Listeners { server } = listeners;
    let crate::harness::Server {
        serving,
        owner,
        folder,
    } = server;
    serving.stop();
    let source = format!("senders.sources=127.0.0.1={id}");
    let flags = [&super::ALL[..], &["--set", &source]].concat();
    let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &flags);
    serving.wait_for_log("lets nobody in");
    let listeners = Listeners {
        server: crate::harness::Server {
            serving,
            owner,
            folder,
        },
    };
    let mut sender = listeners.connect();
    sender.send("more.a 1 -1\n");
    assert!(sender.answer().starts_with("ERR "));
    assert_eq!(listeners.stored("more.a"), 0);
}

/// Samples that readers see are stored, and everything that a later write has committed outlives a kill.
#[test]
fn what_is_durable_outlives_a_kill() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let mut sender = listeners.connect();
    sender.send(&lines("kept.a", 100));
    listeners.wait_for("kept.a", 100);
    let token = listeners.server.token();
    let body = json!([{"name": "kept.b", "value": 1}]);
    let sent = listeners
        .server
        .metrics(&token, "POST", "/v1/metrics")
        .json(&body)
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
    listeners.server.serving.signal("KILL");
    let data = listeners.server.data();
    let crate::harness::Server {
        serving,
        owner,
        folder,
    } = listeners.server;
    drop(serving);
    let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &[]);
    let listeners = Listeners {
        server: crate::harness::Server {
            serving,
            owner,
            folder,
        },
    };
    assert_eq!(listeners.stored("kept.a"), 100);
}

/// They were counted as one, which was cut off; those of a stranger were not counted at all.
#[test]
fn lines_behind_an_auth_that_fails_are_all_counted() {
    let (known, _) = Listeners::with_source("127.0.0.1", &[]);
    for listeners in [known, Listeners::open(&[])] {
        let mut sender = listeners.connect();
        let (one, two) = (lines("behind.a", 7), lines("behind.b", 3));
        sender.send(&format!(
            "AUTH apikey vgk_wrong\n{one}\nAUTH apikey vgk_other\n{two}cut o"
        ));
        let answer = sender.answer();
        assert!(answer.starts_with("ERR "), "{answer}");
        assert_eq!(sender.answer(), "");
        until("all are counted", || {
            listeners.not_stored("graphite.listen", "credential") == 11
        });
        assert_eq!(listeners.rejected("malformed"), 0);
        assert_eq!(listeners.stored("behind.*"), 0);
    }
}

/// The samples after it were stored under the name that was left: in a domain that they were not sent to.
#[test]
fn behind_an_auth_for_elsewhere_that_fails_nothing_is_stored() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let (space, org) = (&listeners.server.owner.space, &listeners.server.owner.org);
    let none = "0".repeat(32);
    let owner = &listeners.server.owner.api_key;
    for (at, (first, second)) in [
        // Known by its address, and says that it is somebody else.
        (None, format!("apikey vgk_wrong s-{space}")),
        (None, "apikey vgk_wrong".to_owned()),
        // Known by what it has shown, and sends elsewhere.
        (
            Some(format!("apikey {owner} s-{space}")),
            format!("apikey {owner} s-{none}"),
        ),
        (
            Some(format!("apikey {owner} s-{space}")),
            format!("iam none o-{org}"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut sender = listeners.connect();
        sender.send(&lines(&format!("before.a{at}"), 2));
        if let Some(first) = first {
            sender.auth(&first);
        }
        sender.send(&format!(
            "AUTH {second}\n{}",
            lines(&format!("behind.a{at}"), 2)
        ));
        let answer = sender.answer();
        assert!(
            answer.starts_with("ERR ") && !answer.contains("vgk_wrong"),
            "{answer}"
        );
        assert_eq!(sender.answer(), "", "{at}");
        listeners.wait_for(&format!("before.a{at}"), 2);
    }
    assert_eq!(listeners.stored("behind.*"), 0);
}

/// It showed by which keys senders get in, whatever had become of these.
#[test]
fn config_check_tells_which_keys_let_nobody_in() {
    let (listeners, id) = Listeners::with_source("127.0.0.1", &[]);
    let (_, wide) = listeners.key(&json!({}));
    let report = || {
        let sources = format!("senders.sources=127.0.0.1={id}, 10.0.0.0/8={wide}");
        let users = format!("collectd.users=web7={id}");
        let output = Command::new(VIGIED)
            .args(["config", "check", "--set", &sources, "--set", &users])
            .arg("--data")
            .arg(listeners.server.data())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let first = report();
    let expected = format!(
        "warning: `senders.sources` names {wide} for `10.0.0.0/8`, which lets nobody in: the API key is not narrowed"
    );
    assert!(first.contains(&expected), "{first}");
    assert!(!first.contains(&id), "{first}");
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    let deleted = listeners.server.request("DELETE", &path).bearer(&token);
    assert_eq!(deleted.send().status, 204);
    let then = report();
    for entry in [
        format!("`senders.sources` names {id} for `127.0.0.1`, which lets nobody in: "),
        format!("`collectd.users` names {id} for `web7`, which lets nobody in: "),
    ] {
        assert!(then.contains(&entry), "{entry}: {then}");
    }
}

/// Without a role nothing is held: the open connection ends, and no other begins.
#[test]
fn a_role_that_is_removed_ends_the_connection() {
    let listeners = Listeners::open(&[]);
    let server = &listeners.server;
    let token = server.token();
    let body = json!({
        "name": "sender",
        "account_id": server.owner.account,
        "apikey": {"name": "of the sender"},
    });
    let made = server.request("POST", "/v1/serviceids/").bearer(&token);
    let made = made.json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let role = |method: &str| {
        let path = format!("/v2/spaces/{}/developers", server.owner.space);
        let request = server.request(method, &path).bearer(&token);
        let done = request.json(&json!({"username": made["iam_id"]})).send();
        assert!(done.status < 300, "{method}: {}", done.text());
    };
    role("PUT");
    let key = made["apikey"]["apikey"].as_str().unwrap();
    let credential = format!("apikey {key} s-{}", server.owner.space);
    let mut sender = listeners.connect();
    sender.auth(&credential);
    sender.send(&lines("role.a", 3));
    listeners.wait_for("role.a", 3);
    role("DELETE");
    let answer = sender.answer();
    assert!(answer.starts_with("ERR "), "{answer}");
    assert_eq!(sender.answer(), "");
    let mut again = listeners.connect();
    again.send(&format!("AUTH {credential}\nrole.b 1 -1\n"));
    assert!(again.answer().starts_with("ERR "));
    assert_eq!(listeners.stored("role.b"), 0);
}
