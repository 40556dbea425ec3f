//! Keys that are withdrawn while their senders are at work: within a second nothing of theirs is taken any more.

use super::{Listeners, Sender, lines};
use crate::harness::until;
use crate::tokens::within_a_second;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

/// Changes a key of the owner.
fn change(listeners: &Listeners, method: &str, id: &str, suffix: &str) {
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}{suffix}");
    let changed = listeners.server.request(method, &path).bearer(&token);
    let changed = changed.send();
    assert_eq!(changed.status, 204, "{method} {path}: {}", changed.text());
}

/// A connection that is let in by this key, and whose samples are stored.
fn connected(listeners: &Listeners, key: &str, name: &str) -> Sender {
    let mut sender = listeners.connect();
    sender.auth(&format!("apikey {key}"));
    sender.send(&lines(name, 2));
    listeners.wait_for(name, 2);
    let soon = Duration::from_millis(20);
    sender.stream.set_read_timeout(Some(soon)).unwrap();
    sender
}

/// Whether the server has ended the connection, after a word or, where more was sent to it since, by a reset.
fn has_ended(sender: &mut Sender) -> bool {
    let mut answer = [0; 256];
    match sender.stream.read(&mut answer) {
        Ok(bytes) => bytes == 0 || answer.starts_with(b"ERR "),
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[test]
fn open_connections_end_within_a_second_when_their_key_is_withdrawn() {
    let listeners = Listeners::open(&[]);
    for (how, method, suffix) in [("disabled", "POST", "/disable"), ("deleted", "DELETE", "")] {
        let (key, id) = listeners.server.narrow_key();
        let mut idle = connected(&listeners, &key, &format!("{how}.idle"));
        let mut busy = connected(&listeners, &key, &format!("{how}.busy"));
        change(&listeners, method, &id, suffix);
        within_a_second(how, || {
            // It may be over.
            let _ = busy.stream.write_all(lines("late.lines", 1).as_bytes());
            let (idle, busy) = (has_ended(&mut idle), has_ended(&mut busy));
            idle && busy
        });
        let mut again = listeners.connect();
        again.send(&format!("AUTH apikey {key}\n{}", lines("late.again", 1)));
        let answer = again.answer();
        assert!(answer.starts_with("ERR "), "{how}: {answer}");
    }
    assert_eq!(listeners.stored("late.*"), 0);
}

/// A lock is against changes of the key: what sends with it goes on.
#[test]
fn a_locked_key_goes_on_sending() {
    let listeners = Listeners::open(&[]);
    let (key, id) = listeners.server.narrow_key();
    let mut open = connected(&listeners, &key, "before.lock");
    change(&listeners, "POST", &id, "/lock");
    open.send(&lines("locked.open", 2));
    listeners.wait_for("locked.open", 2);
    assert!(!has_ended(&mut open));
    connected(&listeners, &key, "locked.again");
    let path = format!("/v1/apikeys/{id}");
    let token = listeners.server.token();
    for (method, path) in [
        ("DELETE", path.clone()),
        ("POST", format!("{path}/disable")),
    ] {
        let refused = listeners.server.request(method, &path).bearer(&token);
        let refused = refused.send();
        assert_eq!(refused.status, 409, "{method} {path}: {}", refused.text());
    }
}

#[test]
fn datagrams_are_refused_within_a_second_when_the_key_of_their_address_is_withdrawn() {
    let (listeners, id) = Listeners::with_source("127.0.0.1/32", &[]);
    let refused = || listeners.not_stored("graphite.udp_listen", "credential");
    for (how, method, suffix) in [("disabled", "POST", "/disable"), ("deleted", "DELETE", "")] {
        let name = format!("before.{how}");
        listeners.datagram(lines(&name, 1).as_bytes());
        listeners.wait_for(&name, 1);
        let (before, mut sent) = (refused(), 0);
        change(&listeners, method, &id, suffix);
        within_a_second(how, || {
            listeners.datagram(lines("late.datagram", 1).as_bytes());
            sent += 1;
            refused() > before
        });
        until("all are refused", || refused() == before + sent);
        if how == "disabled" {
            change(&listeners, "DELETE", &id, "/disable");
        }
    }
    assert_eq!(listeners.stored("late.*"), 0);
}
