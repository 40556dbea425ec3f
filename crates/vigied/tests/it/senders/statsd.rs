//! statsd by UDP and TCP: sums of a domain, stored by a flush under the names of etsy's.

use super::{Listeners, Sender};
use crate::harness::until;
use crate::limits::hits;
use base::limit::{self, Limit};

/// Those of statsd's sums.
pub(crate) const LIMITS: [Limit; 4] = [
    limit::STATSD_SERIES,
    limit::STATSD_BYTES,
    limit::STATSD_BYTES_IN_ALL,
    limit::STATSD_IDLE_SECONDS,
];

/// No flush comes before the end.
const LATE: [&str; 2] = ["--set", "statsd.flush_seconds=3600"];

fn first(listeners: &Listeners, target: &str) -> f64 {
    let values = listeners.values(target);
    let values = values.get(target).unwrap_or_else(|| panic!("no {target}"));
    *values.first().unwrap()
}

/// However it comes, a value is counted once; what was not flushed yet is when the server ends.
#[test]
fn values_of_all_listeners_are_one_sum_and_none_is_lost_at_the_end() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &LATE);
    let mut sender = Sender::new(&listeners.address("statsd.listen"));
    sender.send("hits:2|c\nheat:20|g\nheat:+1|g\nhits:1|c|@0.1\nwho:ada|s\nti");
    sender.send("me:320|ms\nwho:ada|s\nhits;host=a:5|c\n");
    for number in 0..20 {
        listeners.datagram_to(
            "statsd.udp_listen",
            format!("hits:1|c\nwho:u{number}|s").as_bytes(),
        );
    }
    // Its end tells that all before it was read.
    sender.send("one:1:x|c\nno end");
    drop(sender);
    until("all is read", || listeners.rejected("malformed") == 1);
    assert_eq!(listeners.rejected("value"), 1);
    // Datagrams have no end that could be seen.
    until("the datagrams are read", || {
        listeners.datagram_to("statsd.udp_listen", b"wrong");
        listeners.rejected("malformed") > 1
    });
    assert_eq!(listeners.stored("stats*.*"), 0);
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(first(&listeners, "stats_counts.hits"), 32.0);
    assert_eq!(first(&listeners, "stats_counts.hits;host=a"), 5.0);
    assert_eq!(first(&listeners, "stats.gauges.heat"), 21.0);
    assert_eq!(first(&listeners, "stats.sets.who.count"), 21.0);
    assert_eq!(first(&listeners, "stats.timers.time.upper_90"), 320.0);
    assert_eq!(first(&listeners, "stats_counts.one"), 1.0);
}

/// Etsy's settings under our names.
#[test]
fn names_and_sums_are_as_they_are_set() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.1",
        &[
            "--set",
            "statsd.flush_seconds=1",
            "--set",
            "statsd.legacy_namespace=false",
            "--set",
            "statsd.prefix=own",
            "--set",
            "statsd.prefix_counter=",
            "--set",
            "statsd.suffix=web1",
            "--set",
            "statsd.percentiles=50,-10",
            "--set",
            "statsd.histograms=time=100,inf",
            "--set",
            "statsd.delete_idle=true",
        ],
    );
    listeners.datagram_to(
        "statsd.udp_listen",
        b"hits:3|c\ntime:20:200|ms\nheat:7|g\nwho:a|s",
    );
    until("it is flushed", || {
        listeners.stored("own.sets.who.count.web1") == 1
    });
    assert_eq!(first(&listeners, "own.hits.count.web1"), 3.0);
    assert_eq!(first(&listeners, "own.hits.rate.web1"), 3.0);
    assert_eq!(first(&listeners, "own.timers.time.upper_50.web1"), 20.0);
    assert_eq!(
        first(&listeners, "own.timers.time.histogram.bin_100.web1"),
        1.0
    );
    assert_eq!(first(&listeners, "own.gauges.heat.web1"), 7.0);
    // What is idle is forgotten: nothing comes after the first sample, though others are flushed.
    listeners.datagram_to("statsd.udp_listen", b"later:1|c");
    until("the next is flushed", || {
        listeners.stored("own.later.count.web1") == 1
    });
    assert_eq!(listeners.stored("own.hits.count.web1"), 1);
}

#[test]
fn idle_sums_go_on_as_etsys_do() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &["--set", "statsd.flush_seconds=1"]);
    listeners.datagram_to("statsd.udp_listen", b"hits:3|c\nheat:7|g");
    until("three flushes", || {
        listeners.stored("stats_counts.hits") >= 3
    });
    let values = listeners.values("stats*.*");
    assert_eq!(values["stats_counts.hits"][..3], [3.0, 0.0, 0.0]);
    let heat = &listeners.values("stats.gauges.heat")["stats.gauges.heat"];
    assert!(heat.iter().all(|value| *value == 7.0), "{heat:?}");
}

/// Names that were counted once had the room for ever.
#[test]
fn sums_that_nothing_comes_of_are_forgotten() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.1",
        &[
            "--set",
            "statsd.flush_seconds=1",
            "--set",
            "limits.statsd_idle_seconds=2",
            "--set",
            "limits.statsd_series=3",
        ],
    );
    listeners.datagram_to("statsd.udp_listen", b"hits:3|c\nheat:7|g\nwho:a|s");
    until("they are forgotten", || {
        hits(&listeners.server, limit::STATSD_IDLE_SECONDS) > 0
    });
    listeners.datagram_to("statsd.udp_listen", b"one:1|c\ntwo:1|c\nthree:1|c");
    until("others have their room", || {
        listeners.stored("stats_counts.three") > 0
    });
    assert_eq!(hits(&listeners.server, limit::STATSD_SERIES), 0);
    // With what came of it, and once without.
    let values = listeners.values("stats*.*");
    assert_eq!(values["stats_counts.hits"], [3.0, 0.0]);
    let heat = &listeners.values("stats.gauges.heat")["stats.gauges.heat"];
    assert_eq!(heat[..], [7.0, 7.0]);
}

/// The sums of one sender have room for so much, and those of all together; what is there goes on.
#[test]
fn sums_are_bounded_and_what_is_refused_is_counted() {
    let (listeners, _) = Listeners::with_source(
        "127.0.0.1",
        &[&LATE[..], &["--set", "limits.statsd_series=3"]].concat(),
    );
    listeners.datagram_to(
        "statsd.udp_listen",
        b"a:1|c\nb:1|c\nc:1|c\nd:1|c\na:1|c\ne:1|ms",
    );
    until("two find no room", || listeners.rejected("full") == 2);
    assert_eq!(hits(&listeners.server, limit::STATSD_SERIES), 2);
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(first(&listeners, "stats_counts.a"), 2.0);
    assert_eq!(listeners.stored("stats_counts.d"), 0);
    // Members of a set take memory, however few sets there are.
    for (flag, limit) in [
        ("limits.statsd_bytes=64KiB", limit::STATSD_BYTES),
        (
            "limits.statsd_bytes_in_all=512KiB",
            limit::STATSD_BYTES_IN_ALL,
        ),
    ] {
        let share = ["--set", "limits.account_share_percent=100"];
        let flags = [&LATE[..], &share, &["--set", flag]].concat();
        let (listeners, _) = Listeners::with_source("127.0.0.1", &flags);
        let mut sender = Sender::new(&listeners.address("statsd.listen"));
        for number in 0..10_000 {
            sender.send(&format!("who:user{number}|s\n"));
        }
        sender.send("heat:7|g\nheat:8|g\n");
        until(flag, || hits(&listeners.server, limit) > 1000);
        drop(sender);
        let listeners = listeners.restarted("TERM", &[]);
        let members = first(&listeners, "stats.sets.who.count");
        assert!((500.0..8000.0).contains(&members), "{flag}: {members}");
    }
}

/// A key that is withdrawn sends nothing any more, and what it sent before the flush is not stored in its name.
#[test]
fn a_withdrawn_key_stores_no_sums() {
    let (listeners, id) = Listeners::with_source("127.0.0.1", &["--set", "statsd.flush_seconds=2"]);
    let mut sender = Sender::new(&listeners.address("statsd.listen"));
    sender.send("gone:1|c\n");
    until("it is flushed", || {
        listeners.stored("stats_counts.gone") > 0
    });
    sender.send("late:1|c\n");
    let token = listeners.server.token();
    let path = format!("/v1/apikeys/{id}");
    let deleted = listeners
        .server
        .request("DELETE", &path)
        .bearer(&token)
        .send();
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert!(sender.answer().starts_with("ERR "));
    until("the sums are refused", || {
        listeners.not_stored("statsd.listen", "credential") > 0
    });
    listeners.datagram_to("statsd.udp_listen", b"late:1|c");
    until("it is refused", || {
        listeners.not_stored("statsd.udp_listen", "credential") == 1
    });
    let stored = listeners.stored("stats_counts.gone");
    assert_eq!(listeners.stored("stats_counts.late"), 0);
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(listeners.stored("stats_counts.gone"), stored);
}

/// A line that never ends is passed over, and what follows it counts.
#[test]
fn an_endless_line_costs_nothing() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &LATE);
    let mut sender = Sender::new(&listeners.address("statsd.listen"));
    sender.send("before:1|c\n");
    sender.send(&"x".repeat(1 << 20));
    sender.send(":1|c\nafter:1|c\n");
    drop(sender);
    until("it is counted", || listeners.rejected("malformed") == 1);
    let listeners = listeners.restarted("TERM", &[]);
    assert_eq!(first(&listeners, "stats_counts.before"), 1.0);
    assert_eq!(first(&listeners, "stats_counts.after"), 1.0);
}

/// The store was asked to count them: it told an account without room of its room, and not of the lines, and on a full disk the
/// reader of everybody's datagrams waited for it.
#[test]
fn refused_values_are_counted_without_the_store() {
    let full = ["--set", "limits.samples_per_account=1"];
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[&LATE[..], &full].concat());
    until("the account is full", || {
        listeners.datagram(b"kept.a 1\n");
        listeners.not_stored("graphite.udp_listen", "account_limit") > 0
    });
    listeners.datagram_to("statsd.udp_listen", b"hits:x|c");
    until("it is counted", || listeners.rejected("value") == 1);
    assert_eq!(
        listeners.not_stored("statsd.udp_listen", "account_limit"),
        0
    );
}
