//! etsy's statsd, unmodified, with its backend for Graphite in front of our lines, beside our own statsd: the same packet gives the
//! same names and the same numbers.

use super::Listeners;
use crate::harness::until;
use crate::running::Running;
use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Starts it; also where it listens, a moment later.
fn etsys(program: &Path, folder: &Path, graphite: &str, prefix: &str) -> (Running, String) {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr();
    let management = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let (port, management) = (port.unwrap().port(), management.unwrap().port());
    let (host, graphite) = graphite.rsplit_once(':').unwrap();
    let config = format!(
        "{{ graphitePort: {graphite}, graphiteHost: \"{host}\", port: {port}, address: \"127.0.0.1\", \
           mgmt_port: {management}, mgmt_address: \"127.0.0.1\", flushInterval: 1000, percentThreshold: [90, -25], \
           backends: [\"./backends/graphite\"], \
           graphite: {{ legacyNamespace: false, globalPrefix: \"{prefix}\" }} }}"
    );
    let file = folder.join("statsd.js");
    std::fs::write(&file, config).unwrap();
    let running = Running::start(Command::new("node").arg(program).arg(&file));
    (running, format!("127.0.0.1:{port}"))
}

/// The same, once it counts.
pub(super) fn counting_etsys(
    listeners: &Listeners,
    (program, folder): (&Path, &Path),
    key: &str,
    prefix: &str,
) -> (Running, String) {
    let graphite = listeners.address("graphite.listen");
    let start = || etsys(program, folder, &graphite, &format!("{key}{prefix}"));
    let (mut running, mut address) = start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut sent = Instant::now();
    until("etsy's counts", || {
        // Another program was faster to take one of its ports.
        if running.0.try_wait().unwrap().is_some() {
            (running, address) = start();
        }
        if sent.elapsed() > Duration::from_millis(200) {
            sent = Instant::now();
            // It may not listen yet.
            let _ = socket.send_to(b"statsd.warm:1|c", &address);
        }
        listeners.stored(&format!("{prefix}.counters.statsd.warm.count")) > 0
    });
    (running, address)
}

/// A packet that both statsds sum up in one interval.
const PACKET: &[u8] = b"hits:1|c\nhits:2|c|@0.5\nnever/a b:7|c\nheat:333|g\nheat:-10|g\nheat:+4|g\nwho:ada|s\nwho:bob|s\nwho:ada|s\n\
    wait:320|ms\nwait:10|ms\nwait:15.5|ms\nwait:700|ms|@0.25\nwait:3|ms\none:42|ms";

fn firsts(listeners: &Listeners, prefix: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for depth in ["*.*", "*.*.*"] {
        for (name, values) in listeners.values(&format!("{prefix}.{depth}")) {
            // Its own counters aside.
            let name = name.strip_prefix(&format!("{prefix}.")).unwrap();
            if !name.split('.').any(|word| word == "statsd") {
                found.insert(name.to_owned(), *values.first().unwrap());
            }
        }
    }
    found
}

fn compare(listeners: &Listeners, etsys_prefix: &str, key: &str) {
    let Some(program) = std::env::var_os("VIGIE_TEST_STATSD") else {
        return;
    };
    // It looks at its settings again and again.
    let folder = tempfile::tempdir().unwrap();
    let files = (Path::new(&program), folder.path());
    let (_running, etsys) = counting_etsys(listeners, files, key, etsys_prefix);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(PACKET, &etsys).unwrap();
    let lines: Vec<String> = std::str::from_utf8(PACKET)
        .unwrap()
        .lines()
        .map(|line| format!("{key}{line}"))
        .collect();
    listeners.datagram_to("statsd.udp_listen", lines.join("\n").as_bytes());
    until("both have flushed", || {
        [etsys_prefix, "ours"]
            .iter()
            .all(|name| listeners.stored(&format!("{name}.sets.who.count")) > 0)
    });
    let (etsys, ours) = (firsts(listeners, etsys_prefix), firsts(listeners, "ours"));
    assert!(etsys.len() > 40, "{etsys:?}");
    assert_eq!(etsys, ours);
}

const OURS: [&str; 8] = [
    "--set",
    "statsd.flush_seconds=1",
    "--set",
    "statsd.legacy_namespace=false",
    "--set",
    "statsd.prefix=ours",
    "--set",
    "statsd.percentiles=90,-25",
];

#[test]
fn etsys_statsd_and_ours_say_the_same_of_the_same_packet() {
    if std::env::var_os("VIGIE_TEST_STATSD").is_none() {
        testing::skipped(
            "etsys_statsd_and_ours_say_the_same_of_the_same_packet",
            "no statsd",
        );
        return;
    }
    let (listeners, _) = Listeners::with_source("127.0.0.1", &OURS);
    compare(&listeners, "etsys", "");
}

#[test]
fn etsys_statsd_and_ours_take_a_key_before_the_name() {
    if std::env::var_os("VIGIE_TEST_STATSD").is_none() {
        testing::skipped(
            "etsys_statsd_and_ours_take_a_key_before_the_name",
            "no statsd",
        );
        return;
    }
    let listeners = Listeners::open(&OURS);
    let (key, _) = listeners.server.narrow_key();
    super::key_before_names::allow(&listeners, true);
    compare(&listeners, "etsys", &format!("{key}."));
}
