//! The server is killed and started again under senders that nobody here wrote. What it said that it has taken is there; what it
//! has acknowledged is there; and what was not acknowledged comes again, from those senders that can send again.

use super::carbon_client::{self, Relay};
use super::lasting::Lasting;
use super::statsd_client::counting_etsys;
use super::{key_before_names, lines};
use crate::collectd_client::{self, Collectd, block, write_graphite};
use crate::harness::until;
use crate::running::Running;
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

/// How often the server is killed.
const KILLS: usize = 3;

fn parts(address: &str) -> (&str, &str) {
    address.rsplit_once(':').unwrap()
}

/// It connects again by itself. What it could not send it has dropped: nothing tells it that something arrived.
#[test]
fn collectds_write_graphite_goes_on_and_what_was_taken_is_there() {
    if !collectd_client::is_here("collectds_write_graphite_goes_on_and_what_was_taken_is_there") {
        return;
    }
    let mut lasting = Lasting::open(&["graphite.listen"]);
    key_before_names::allow(&lasting.listeners, true);
    let address = lasting.listeners.address("graphite.listen");
    let block = write_graphite(parts(&address), &lasting.key);
    let collectd = Collectd::start("web1", "0.2", &block);
    lasting.is_killed_under("graphite.listen", KILLS, 30);
    collectd.end();
}

/// Samples answered with 200 are there. The others it has dropped, and says so in its log alone.
#[test]
fn collectds_write_http_goes_on_and_what_was_acknowledged_is_there() {
    if !collectd_client::is_here("collectds_write_http_goes_on_and_what_was_acknowledged_is_there")
    {
        return;
    }
    let mut lasting = Lasting::open(&[]);
    let block = block("write_http")
        .replace(
            "https://vigie.example.org",
            &lasting.listeners.server.serving.url(),
        )
        .replace("\"KEY\"", &format!("\"{}\"", lasting.key));
    let collectd = Collectd::start("web1", "0.1", &block);
    lasting.is_killed_under("/collectd", KILLS, 60);
    collectd.end();
}

/// By UDP nobody can know. Nothing is missing but what was sent while there was no server, or lay in its socket: for each kill one
/// piece of a series.
#[test]
fn collectds_network_loses_what_was_sent_to_nobody_and_nothing_else() {
    if !collectd_client::is_here("collectds_network_loses_what_was_sent_to_nobody_and_nothing_else")
    {
        return;
    }
    let mut lasting = Lasting::open(&["collectd.listen"]);
    let address = lasting.listeners.address("collectd.listen");
    let (host, port) = parts(&address);
    let block = block("network")
        .replace("vigie.example.org", host)
        .replace("25826", port)
        .replace("SecurityLevel \"Encrypt\"", "SecurityLevel \"None\"");
    let collectd = Collectd::start("web1", "0.1", &block);
    lasting.is_killed_under("collectd.listen", KILLS, 100);
    let sent = collectd.load_times();
    // What it had collected until then is sent when its packet is full.
    let stored = || {
        let token = lasting.listeners.server.token();
        let path = "/v1/metrics?target=web1.load.load.shortterm&from=-1d&as=sent";
        let reply = lasting.listeners.server.metrics(&token, "GET", path).send();
        let points = reply.json()[0]["datapoints"].as_array().cloned();
        let times = points.unwrap_or_default().into_iter();
        times
            .filter_map(|time| time[1].as_f64())
            .map(|seconds| (seconds * 1000.0).round() as i64)
            .collect::<BTreeSet<i64>>()
    };
    let last = *sent.last().unwrap();
    until("the last is there", || {
        stored().range(last - 2..).next().is_some()
    });
    let stored = stored();
    // Its files round to the millisecond in their own way.
    let is_there = |at: &i64| stored.range(at - 2..=at + 2).next().is_some();
    let pieces = sent.chunk_by(|one, other| is_there(one) == is_there(other));
    let missing: Vec<usize> = pieces
        .filter(|piece| !is_there(&piece[0]))
        .map(<[i64]>::len)
        .collect();
    assert!(missing.len() <= KILLS, "{missing:?} of {}", sent.len());
}

/// etsy's statsd connects for each flush, and drops one that finds nobody.
#[test]
fn etsys_statsd_goes_on_and_what_was_taken_is_there() {
    let Some(program) = std::env::var_os("VIGIE_TEST_STATSD") else {
        testing::skipped(
            "etsys_statsd_goes_on_and_what_was_taken_is_there",
            "no statsd",
        );
        return;
    };
    let mut lasting = Lasting::open(&["graphite.listen"]);
    let folder = tempfile::tempdir().unwrap();
    let files = (Path::new(&program), folder.path());
    let (_running, etsys) = counting_etsys(&lasting.listeners, files, "", "etsys");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .send_to(b"hits:1|c\nwait:320|ms\nheat:7|g", etsys)
        .unwrap();
    lasting.is_killed_under("graphite.listen", KILLS, 60);
}

/// Counts up to the last flush are there; later ones, at most `statsd.flush_seconds` of them, were in memory alone.
#[test]
fn sums_that_were_flushed_are_there_after_a_kill() {
    let mut lasting = Lasting::open(&["statsd.udp_listen"]);
    let address = lasting.listeners.address("statsd.udp_listen");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        let before = lasting.readable_samples();
        socket.send_to(b"hits:1|c\nwait:320|ms", &address).unwrap();
        until("they are flushed", || {
            lasting.readable_samples() >= before + 10
        });
        lasting.kill("statsd.udp_listen");
        lasting.start();
    }
}

/// carbon's relay keeps what it cannot send, and sends it when there is somebody. What it had written to a connection that broke is
/// lost if the server had not taken it: a pickle is answered by nothing.
#[test]
fn carbons_relay_sends_what_it_kept_and_what_was_taken_is_there() {
    if !carbon_client::is_here("carbons_relay_sends_what_it_kept_and_what_was_taken_is_there") {
        return;
    }
    let mut lasting = Lasting::open(&["pickle.listen"]);
    let relay = Relay::start("pickle", &lasting.listeners.address("pickle.listen"));
    for kill in 0..KILLS {
        let name = |what: &str| format!("relayed.{what}{kill}");
        relay.take(&lines(&name("before"), 1000));
        lasting.listeners.wait_for(&name("before"), 1000);
        // Under it, while it sends.
        relay.take(&lines(&name("under"), 2000));
        lasting.kill("pickle.listen");
        until("the relay knows", || {
            relay.log_count("::connectionLost") > kill
        });
        relay.take(&lines(&name("without"), 1000));
        lasting.start();
        lasting.listeners.wait_for(&name("without"), 1000);
        assert_eq!(lasting.listeners.stored(&name("before")), 1000, "{kill}");
    }
}

/// A program that sends again what it could not send loses nothing but what it had sent before it was told: a connection that is
/// closed in order says nothing of what became of its lines.
#[test]
fn graphyte_sends_again_what_it_could_not_send() {
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(
            "graphyte_sends_again_what_it_could_not_send",
            "no Python with graphyte",
        );
        return;
    };
    let mut lasting = Lasting::open(&["graphite.listen"]);
    let address = lasting.listeners.address("graphite.listen");
    let (host, port) = parts(&address);
    let mut program = Command::new(python);
    program.args(["-c", include_str!("graphyte.py"), host, port]);
    let (mut program, lines) = Running::with_output(program.arg(KILLS.to_string()));
    let mut indices = lines.map(|line| line.unwrap().parse::<usize>().unwrap());
    // What was sent after a kill, until the first was refused.
    let mut after_kills: Vec<Range<usize>> = Vec::new();
    for kill in 0..=KILLS {
        let sent = indices.next().unwrap();
        until("all before a kill is there", || {
            let values = lasting.listeners.values("py.line");
            let there = values.get("py.line").cloned().unwrap_or_default();
            let there: BTreeSet<usize> = there.into_iter().map(|value| value as usize).collect();
            let is_excused =
                |at: &usize| after_kills.iter().any(|after_kill| after_kill.contains(at));
            (0..sent).all(|at| there.contains(&at) || is_excused(&at))
        });
        if kill < KILLS {
            lasting.kill("graphite.listen");
            lasting.start();
            after_kills.push(sent..indices.next().unwrap());
        }
    }
    assert!(program.0.wait().unwrap().success());
}

/// Acknowledged samples are there after each kill, and the others are sent again.
#[test]
fn influxdbs_client_sends_again_what_was_not_acknowledged() {
    const POINTS: usize = 2000;
    let Some(python) = std::env::var_os("VIGIE_TEST_PYTHON") else {
        testing::skipped(
            "influxdbs_client_sends_again_what_was_not_acknowledged",
            "no Python with influxdb-client",
        );
        return;
    };
    let mut lasting = Lasting::open(&[]);
    let space = format!("s-{}", lasting.listeners.server.owner.space);
    let mut program = Command::new(python);
    program
        .args(["-c", include_str!("influx.py")])
        .arg(lasting.listeners.server.serving.url())
        .args([&lasting.key, &space, &POINTS.to_string()])
        .stderr(Stdio::null());
    let (mut program, lines) = Running::with_output(&mut program);
    let (mut kills, mut last) = (0, 0);
    for line in lines {
        let line = line.unwrap();
        last = line.parse().unwrap_or_else(|_| panic!("{line}"));
        if kills < KILLS && last >= (kills + 1) * POINTS / (KILLS + 2) {
            kills += 1;
            let there = lasting.kill("/api/v2/write");
            assert!(there >= last, "{last} acknowledged, {there} there");
            lasting.start();
        }
    }
    assert!(program.0.wait().unwrap().success());
    assert_eq!((last, kills), (POINTS, KILLS));
    let mut values = lasting.listeners.values("py.n").remove("py.n").unwrap();
    values.sort_by(f64::total_cmp);
    let expected: Vec<f64> = (0..POINTS).map(|at| at as f64).collect();
    assert_eq!(values, expected);
}
