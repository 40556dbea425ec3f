//! Old senders through the agent: lines and statsd's values, while the server or the agent is killed.

use super::{Agent, PATIENCE, moments_of, values_of};
use crate::harness::{Server, Serving, until};
use crate::undisturbed::own_address;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

const SENDERS: [&str; 3] = ["sent.a", "sent.b", "sent.c"];

/// Where the agent takes what, as it has said.
fn address(agent: &Agent, word: &str) -> String {
    let prefix = format!("agent: {word} is taken at ");
    agent.wait_for_output(&prefix, 1);
    let output = agent.output();
    let (_, rest) = output.split_once(&prefix).unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

/// Sends lines by TCP; whether they were acknowledged, which is an end without a word.
fn send(address: &str, lines: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    let sent = stream.write_all(lines.as_bytes());
    let ended = sent.and_then(|()| stream.shutdown(Shutdown::Write));
    let read = ended.and_then(|()| stream.read_to_string(&mut answer));
    read.is_ok() && answer.is_empty()
}

fn line(name: &str, value: u32) -> String {
    format!("{name} {value} {}\n", crate::harness::now())
}

#[test]
fn what_old_senders_send_is_stored_under_a_key_that_may_only_send() {
    let server = Server::start();
    let (key, _) = server.narrow_key();
    let files = server.folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    let text = "# TYPE backup_bytes gauge\nbackup_bytes{job=\"daily\"} 5\n";
    std::fs::write(files.join("backup.prom"), text).unwrap();
    std::fs::write(files.join("half.prom"), "half 1\nhal").unwrap();
    let arguments = [
        "--no-host-metrics",
        "--listen-graphite",
        "127.0.0.1:0",
        "--listen-statsd",
        "127.0.0.1:0",
        "--statsd-flush",
        "1s",
        "--statsd-percentiles",
        "50,-10",
        "--textfile-dir",
        files.to_str().unwrap(),
    ];
    let agent = Agent::with(&server, &key, &arguments);
    let (lines, statsd) = (address(&agent, "graphite"), address(&agent, "statsd"));
    let text = line("by.tcp", 1) + &line("by.tcp;host=web1", 2) + "by.tcp.now 3 -1\n";
    assert!(send(&lines, &text));
    assert!(!send(&lines, "wrong\n"), "who sent it is told");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let text = line("by.udp", 4);
    socket.send_to(text.trim_end().as_bytes(), &lines).unwrap();
    let packet = b"orders:1|c\norders:2|c|@0.5\nload:3|g\nwho:ada|s\nwait:320|ms\nwait:10|ms";
    socket.send_to(packet, &statsd).unwrap();
    assert!(send(&statsd, "tagged:7|g|#host:web1\n"));
    for (target, value) in [
        ("by.tcp", 1.0),
        ("by.tcp;host=web1", 2.0),
        ("by.tcp.now", 3.0),
        ("by.udp", 4.0),
        ("stats_counts.orders", 5.0),
        ("stats.gauges.load", 3.0),
        ("stats.gauges.tagged;host=web1", 7.0),
        ("stats.sets.who.count", 1.0),
        ("stats.timers.wait.upper", 320.0),
        ("stats.timers.wait.upper_50", 10.0),
        ("backup_bytes;instance=h;job=daily", 5.0),
        ("node_textfile_scrape_error;instance=h", 1.0),
        ("h.vigie-agent.graphite.received", 5.0),
        ("h.vigie-agent.graphite.refused", 1.0),
        ("h.vigie-agent.samples.lost", 0.0),
    ] {
        until(target, || values_of(&server, target).contains(&value));
    }
    let output = agent.output();
    for expected in [
        "agent: graphite: 1 sample was refused; the first: `wrong`: ",
        "half.prom`: line 2: the file ends before the line does",
    ] {
        assert_eq!(output.matches(expected).count(), 1, "{expected}: {output}");
    }
    assert!(moments_of(&server, "h.load.load.shortterm").is_empty());
    assert!(!output.contains(&key), "{output}");
}

/// Whatever was acknowledged is stored once the server is there, though both were killed, the agent twice.
#[test]
fn what_was_acknowledged_outlives_a_killed_agent_and_a_killed_server() {
    // The agent knows the server by its port, and senders the agent by its.
    let mut server = Server::at(&format!("{}:0", own_address()), &[]);
    let (key, _) = server.narrow_key();
    let ip = own_address();
    let listen = format!("{ip}:0");
    let mut agent = Agent::with(&server, &key, &["--listen-graphite", &listen]);
    let lines = address(&agent, "graphite");
    let begin = ["--listen-graphite", lines.as_str()];
    let is_over = AtomicBool::new(false);
    // None of them may be of a time to come, which a query leaves out.
    let begun = (crate::harness::now() - 600) * 1000;
    let acknowledged = std::thread::scope(|threads| {
        let senders = SENDERS.map(|sender| {
            let (lines, is_over) = (&lines, &is_over);
            threads.spawn(move || {
                let (mut numbers, mut number) = (BTreeSet::new(), 1_u32);
                while !is_over.load(Ordering::Relaxed) {
                    // Each has a time of its own; what was not acknowledged is sent again.
                    let text = format!("{sender} {number} {}\n", begun + i64::from(number));
                    if send(lines, &text) {
                        numbers.insert(number);
                        number += 1;
                    } else {
                        std::thread::yield_now();
                    }
                }
                numbers
            })
        });
        until("a first sample", || {
            !moments_of(&server, SENDERS[0]).is_empty()
        });
        let address = server.serving.address.clone();
        server.serving.signal("KILL");
        server.serving.child.wait().unwrap();
        agent.wait_for_output("samples wait in the buffer", 1);
        for _ in 0..2 {
            agent.kill();
            agent = Agent::with(&server, &key, &begin);
            agent.wait_for_output("samples of an earlier run wait to be sent", 1);
            assert!(send(&lines, &line("sent.between", 1)));
        }
        server.serving = Serving::start(&server.data(), &address, &[]);
        agent.wait_for_output("the server takes samples again", 1);
        is_over.store(true, Ordering::Relaxed);
        senders.map(|sender| sender.join().unwrap())
    });
    assert!(send(&lines, &line("sent.last", 1)));
    // In order: what was acknowledged before it is there before it.
    until("the last one", || {
        !moments_of(&server, "sent.last").is_empty()
    });
    for (sender, numbers) in SENDERS.iter().zip(&acknowledged) {
        assert!(numbers.len() > 10, "{sender}: {numbers:?}");
        let values = values_of(&server, sender);
        let stored: BTreeSet<u32> = values.iter().map(|value| *value as u32).collect();
        let lost: Vec<_> = numbers.difference(&stored).collect();
        assert!(lost.is_empty(), "{sender}: {lost:?} of {}", numbers.len());
    }
    let output = agent.output();
    assert!(
        !output.contains("lost") && !output.contains("dropped"),
        "{output}"
    );
}

/// Sums made before the agent is told to end are sent before it does.
#[test]
fn an_agent_that_ends_flushes_what_it_has() {
    let server = Server::start();
    let (key, _) = server.narrow_key();
    let arguments = ["--listen-statsd", "127.0.0.1:0", "--statsd-flush", "1h"];
    let mut agent = Agent::with(&server, &key, &arguments);
    let statsd = address(&agent, "statsd");
    assert!(send(&statsd, "orders:17|c\n"));
    agent.end();
    // A flush is of the nearest second, which may be the next one.
    until("the last sums", || {
        values_of(&server, "stats_counts.orders") == [17.0]
    });
    let output = agent.output();
    assert!(output.contains("agent: stopped after"), "{output}");
}
