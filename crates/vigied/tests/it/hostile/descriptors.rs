//! Silent connections hold every file descriptor that the server may open: what it has acknowledged is kept, it says what is
//! short, and it goes on by itself once they are gone.

use super::honest::{answer, connect_from};
use crate::harness::{Reply, Server, Serving, now};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const SILENT: Ipv4Addr = Ipv4Addr::new(127, 0, 66, 1);

/// Samples of one batch; six of them make a flush due, and twelve make a sender flush.
const BATCH: i64 = 500;

/// Nothing but the descriptors is short, and no stage times out during the test.
const FLAGS: [&str; 8] = [
    "--set",
    "limits.head_seconds=3600",
    "--set",
    "limits.idle_seconds=3600",
    "--set",
    "limits.operations_seconds=3600",
    "--set",
    "storage.flush_samples=3000",
];

/// A sender with a connection that is open already, and what was acknowledged to it.
struct Sender {
    stream: TcpStream,
    head: String,
    next: i64,
    acknowledged: BTreeMap<i64, i64>,
}

impl Sender {
    fn new(server: &Server) -> Self {
        Self {
            stream: connect_from(HONEST, server).unwrap(),
            head: format!(
                "Host: vigie\r\nX-Auth-User-Token: apikey {}\r\nX-Auth-Scope-Id: s-{}\r\n",
                server.owner.api_key, server.owner.space
            ),
            next: now() - 86_400,
            acknowledged: BTreeMap::new(),
        }
    }

    fn ask(&mut self, request: &str, body: &str) -> (u16, String) {
        let head = &self.head;
        let body = match body {
            "" => "\r\n".to_owned(),
            json => {
                let length = json.len();
                format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}")
            }
        };
        let text = format!("{request} HTTP/1.1\r\n{head}{body}");
        self.stream.write_all(text.as_bytes()).unwrap();
        answer(&mut self.stream).unwrap()
    }

    fn send(&mut self) -> (u16, String) {
        let stamps = self.next..self.next + BATCH;
        self.next = stamps.end;
        let sample = |at: i64| json!({"name": "sent.load", "value": at % 1000, "timestamp": at});
        let body: Value = stamps.clone().map(sample).collect();
        let answered = self.ask("POST /v1/metrics", &body.to_string());
        if answered.0 == 200 {
            self.acknowledged.extend(stamps.map(|at| (at, at % 1000)));
        }
        answered
    }

    /// Everything that was acknowledged is read.
    fn check(&mut self) {
        let path = "/v1/metrics?target=sent.load&from=-2d&until=now&maxDataPoints=1000000";
        let (status, text) = self.ask(&format!("GET {path}"), "");
        assert_eq!(status, 200, "{text}");
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let rows: Value = serde_json::from_str(body).unwrap();
        let points = rows[0]["datapoints"].as_array().unwrap();
        let pair = |point: &Value| Some((point[1].as_i64()?, point[0].as_f64()? as i64));
        let read: BTreeMap<i64, i64> = points.iter().filter_map(pair).collect();
        let lost = |(at, value): &(&i64, &i64)| read.get(at) != Some(value);
        let lost: Vec<_> = self.acknowledged.iter().filter(lost).collect();
        assert!(lost.is_empty(), "acknowledged, and not read: {lost:?}");
    }
}

/// A connection that asks once, so that it is known to be accepted, and is silent from then on.
fn silent(server: &Server) -> TcpStream {
    let mut stream = connect_from(SILENT, server).unwrap();
    let ask = b"GET /health/live HTTP/1.1\r\nHost: vigie\r\n\r\n";
    stream.write_all(ask).unwrap();
    assert_eq!(answer(&mut stream).unwrap().0, 200);
    stream
}

/// The numbers of the open descriptors of the server.
fn descriptors(process: i32) -> BTreeSet<u64> {
    let entries = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let number = |name: std::ffi::OsString| name.to_str().unwrap().parse().unwrap();
    entries
        .map(|entry| number(entry.unwrap().file_name()))
        .collect()
}

/// Leaves the server no descriptor: connections take all numbers up to one, and the limit forbids those from it on.
fn take_all(server: &Server) -> Vec<TcpStream> {
    let process = i32::try_from(server.serving.child.id()).unwrap();
    let mut connections = Vec::new();
    let mut without_gap = 0;
    for count in 1..500 {
        connections.push(silent(server));
        let open = descriptors(process);
        let free = (0..).find(|number| !open.contains(number)).unwrap();
        // Numbers are given from below: those in use leave no gap once enough were given.
        if count < 20 || open.last() > Some(&free) {
            without_gap = 0;
            continue;
        }
        // One that is only just being closed would leave a gap afterwards: several connections later it is closed.
        without_gap += 1;
        if without_gap < 5 {
            continue;
        }
        let limit = Rlimit {
            current: Some(free),
            maximum: Some(free),
        };
        prlimit(Pid::from_raw(process), Resource::Nofile, limit).unwrap();
        return connections;
    }
    panic!("the numbers of open descriptors never were without a gap");
}

/// An operator's connection on which nothing has been asked yet.
fn operators_connection(server: &Server) -> UnixStream {
    let stream = UnixStream::connect(server.data().join("operations.sock")).unwrap();
    // Connections are accepted in their order: once a later one has its answer, this one has its descriptor.
    assert_eq!(server.operations("/health/live").status, 200);
    stream
}

fn figures(mut operator: UnixStream) -> String {
    operator
        .write_all(b"GET /metrics HTTP/1.0\r\n\r\n")
        .unwrap();
    let mut bytes = Vec::new();
    operator.read_to_end(&mut bytes).unwrap();
    let reply = Reply::read(&bytes);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text()
}

#[test]
fn without_a_descriptor_nothing_acknowledged_is_lost_and_the_server_goes_on_once_there_are_some() {
    let mut server = Server::with(&FLAGS);
    let mut sender = Sender::new(&server);
    let (status, text) = sender.send();
    assert_eq!(status, 200, "{text}");
    let operator = operators_connection(&server);
    let mut connections = take_all(&server);

    // The log is open, and takes samples until a flush has to make its next file.
    let refused = (0..100)
        .map(|count| {
            // What the server does now and then may have had a descriptor until then, which it has given back: this one takes it.
            if count % 10 == 9 {
                connections.push(connect_from(SILENT, &server).unwrap());
            }
            sender.send()
        })
        .find(|(status, _)| *status != 200);
    let (status, text) = refused.expect("a flush found a descriptor");
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("out of descriptors or memory"), "{text}");
    assert!(text.contains("retry-after: "), "{text}");
    let log = &server.serving;
    log.wait_for_log("the store is out of file descriptors or memory");
    let text = figures(operator);
    for line in ["vigie_store_out_of_room 1", "vigie_store_poisoned 0"] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    sender.check();

    drop(connections);
    log.wait_for_log("the store has file descriptors and memory again");
    let (status, text) = sender.send();
    assert_eq!(status, 200, "{text}");
    sender.check();
    // Whoever is new is served as well.
    drop(silent(&server));
    let text = server.operations("/metrics").text();
    for line in ["vigie_store_out_of_room 0", "vigie_store_poisoned 0"] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }

    server.serving.child.kill().unwrap();
    server.serving.child.wait().unwrap();
    server.serving = Serving::start(&server.data(), "127.0.0.1:0", &[]);
    sender.stream = connect_from(HONEST, &server).unwrap();
    sender.check();
}
