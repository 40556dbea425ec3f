//! Slow senders, silent ones, endless lines, floods and many connections.

use super::{Listeners, Sender, lines};
use crate::harness::until;
use crate::limits::hits;
use base::limit::{self, Limit};
use std::io::{Read, Write};

/// Those of senders that are tried here, and in the files beside.
pub(crate) const LIMITS: [Limit; 15] = [
    limit::SENDER_CONNECTIONS,
    limit::SENDER_CONNECTIONS_PER_SOURCE,
    limit::SENDER_CONNECTIONS_PER_DOMAIN,
    limit::SENDER_IDLE_SECONDS,
    limit::LUMBERJACK_IDLE_SECONDS,
    limit::SENDER_BYTES_PER_SECOND,
    // In `senders::pace`, where no time passes.
    limit::SENDER_DEBT_SECONDS,
    limit::SENDER_HELD_SECONDS,
    limit::SENDER_HELD_BYTES,
    limit::SENDERS_IN_FLIGHT_BYTES,
    limit::PICKLE_BYTES,
    limit::SENDERS_LISTED,
    limit::SENDERS_LISTED_PER_DOMAIN,
    limit::REJECTS_LISTED,
    limit::REJECTS_LISTED_PER_DOMAIN,
];

#[test]
fn many_connections_keep_nobody_out_who_can_say_who_they_are() {
    let listeners = Listeners::open(&[
        "--set",
        "limits.sender_connections=8",
        "--set",
        "limits.sender_connections_per_domain=2",
    ]);
    let (key, _) = listeners.server.narrow_key();
    let mut known = listeners.connect();
    known.auth(&format!("apikey {key}"));
    let silent: Vec<Sender> = (0..40).map(|_| listeners.connect()).collect();
    until("the oldest give way", || {
        hits(&listeners.server, limit::SENDER_CONNECTIONS) >= 33
    });
    let mut other = listeners.connect();
    other.auth(&format!("apikey {key}"));
    let mut third = listeners.connect();
    third.send(&format!("AUTH apikey {key}\n"));
    let answer = third.answer();
    assert!(answer.contains("sender_connections_per_domain"), "{answer}");
    assert_eq!(
        hits(&listeners.server, limit::SENDER_CONNECTIONS_PER_DOMAIN),
        1
    );
    known.send(&lines("known.a", 2));
    other.send(&lines("known.b", 2));
    listeners.wait_for("known.a", 2);
    listeners.wait_for("known.b", 2);
    drop(silent);
}

#[test]
fn one_source_has_so_many_connections() {
    let listeners = Listeners::open(&["--set", "limits.sender_connections_per_source=3"]);
    let mut some: Vec<Sender> = (0..4).map(|_| listeners.connect()).collect();
    // The oldest of those that have not said who they are.
    assert_eq!(some[0].answer(), "");
    assert_eq!(
        hits(&listeners.server, limit::SENDER_CONNECTIONS_PER_SOURCE),
        1
    );
}

/// Behind a balancer that is trusted, all senders were one source.
#[test]
fn a_trusted_proxy_is_no_source() {
    let listeners = Listeners::open(&[
        "--set",
        "limits.sender_connections_per_source=3",
        "--set",
        "trusted_proxies=127.0.0.1",
    ]);
    let (key, _) = listeners.server.narrow_key();
    let mut some: Vec<Sender> = (0..8).map(|_| listeners.connect()).collect();
    for client in &mut some {
        client.auth(&format!("apikey {key}"));
    }
    assert_eq!(
        hits(&listeners.server, limit::SENDER_CONNECTIONS_PER_SOURCE),
        0
    );
}

#[test]
fn a_silent_connection_is_closed() {
    let listeners = Listeners::open(&[
        "--set",
        "limits.head_seconds=1",
        "--set",
        "limits.sender_idle_seconds=2",
    ]);
    let (key, _) = listeners.server.narrow_key();
    let mut known = listeners.connect();
    known.auth(&format!("apikey {key}"));
    let mut silent = listeners.connect();
    assert!(silent.answer().contains("head_seconds"));
    let answer = known.answer();
    assert!(answer.contains("sender_idle_seconds"), "{answer}");
    assert_eq!(hits(&listeners.server, limit::SENDER_IDLE_SECONDS), 1);
}

/// An endless line is passed over, without being kept; what follows it is stored.
#[test]
fn an_endless_line_costs_nothing() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let mut sender = listeners.connect();
    sender.send(&lines("before.a", 1));
    let much = vec![b'x'; 1 << 20];
    for _ in 0..8 {
        sender.stream.write_all(&much).unwrap();
    }
    sender.send(" 1 -1\n");
    sender.send(&lines("after.a", 1));
    listeners.wait_for("after.a", 1);
    listeners.wait_for("before.a", 1);
    let metrics = listeners.server.operations("/metrics").text();
    assert!(metrics.contains("reason=\"malformed\"} 1"), "{metrics}");
    let mut sender = listeners.connect();
    sender.send(&format!("AUTH iam {}", "x".repeat(20_000)));
    let answer = sender.answer();
    assert!(
        answer.starts_with("ERR the `AUTH` line is longer"),
        "{answer}"
    );
}

#[test]
fn a_sender_above_the_rate_is_read_more_slowly_and_loses_nothing() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.1",
        &["--set", "limits.sender_bytes_per_second=50000"],
    );
    let mut sender = listeners.connect();
    let text = lines("fast.a", 3000);
    sender.send(&text);
    listeners.wait_for("fast.a", 3000);
    assert!(hits(&listeners.server, limit::SENDER_BYTES_PER_SECOND) > 0);
    // A datagram cannot wait.
    for _ in 0..40 {
        listeners.datagram(&lines("fast.b", 1500).as_bytes()[..30_000]);
    }
    until("it is counted", || {
        listeners.not_stored("graphite.udp_listen", "too_fast") > 0
    });
}

/// Each costs as much as many lines, and nobody counted it.
#[test]
fn renewals_that_fail_count_as_what_they_cost() {
    let listeners = Listeners::open(&["--set", "limits.sender_bytes_per_second=256KiB"]);
    let space = &listeners.server.owner.space;
    let mut sender = listeners.connect();
    sender.auth(&format!("iam {} s-{space}", listeners.server.token()));
    sender.send(&"AUTH iam none\n".repeat(20));
    for _ in 0..20 {
        let answer = sender.answer();
        assert!(answer.starts_with("ERR "), "{answer}");
    }
    until("they are read more slowly", || {
        hits(&listeners.server, limit::SENDER_BYTES_PER_SECOND) > 0
    });
    // Who is in stays in.
    sender.send(&lines("still.in", 2));
    listeners.wait_for("still.in", 2);
}

#[test]
fn a_pickle_has_a_bound_and_all_of_them_together_have_one() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.1",
        &["--set", "limits.senders_in_flight_bytes=2MiB"],
    );
    let mut large = listeners.pickle();
    large.write_all(&(1_048_577_u32).to_be_bytes()).unwrap();
    let mut rest = Vec::new();
    let _ = large.read_to_end(&mut rest);
    assert_eq!(
        (rest.len(), hits(&listeners.server, limit::PICKLE_BYTES)),
        (0, 1)
    );
    until("it is counted", || {
        listeners.not_stored("pickle.listen", "too_large") == 1
    });
    // Four that are not finished, and room for two.
    let mut some: Vec<_> = (0..4).map(|_| listeners.pickle()).collect();
    for client in &mut some {
        client
            .set_write_timeout(Some(std::time::Duration::from_secs(5)))
            .unwrap();
        client.write_all(&(1_000_000_u32).to_be_bytes()).unwrap();
        // Who waits is not read.
        let _ = client.write_all(&vec![b'N'; 900_000]);
    }
    until("some wait", || {
        hits(&listeners.server, limit::SENDERS_IN_FLIGHT_BYTES) > 0
    });
    drop(some);
    let mut honest = listeners.pickle();
    honest
        .write_all(&super::pickles::frame(&[(
            "honest.a",
            crate::harness::now() - 5,
            1.0,
        )]))
        .unwrap();
    listeners.wait_for("honest.a", 1);
}
