//! Senders that speak no HTTP: real sockets against the real server.

mod arrivals;
mod behind_proxy;
mod bounds;
mod carbon_client;
mod certificates;
mod first_line;
mod graphyte_client;
mod identity;
mod key_before_names;
mod killed;
mod lasting;
mod lumberjack;
mod lumberjack_client;
mod network;
mod network_client;
mod no_identity;
mod other_node;
mod pickles;
mod slow;
mod statsd;
mod statsd_client;
mod tls;
mod tokens;
mod withdrawn;

pub(crate) use bounds::LIMITS;
pub(crate) use key_before_names::allow as allow_keys_before_names;
pub(crate) use statsd::LIMITS as STATSD_LIMITS;

use crate::harness::{Reply, Server, Serving, init, until};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

/// A server with some listeners, and the key that speaks for this machine where one does.
pub(crate) struct Listeners {
    pub(crate) server: Server,
}

/// The flags that open every listener.
pub(crate) const ALL: [&str; 12] = [
    "--set",
    "graphite.listen=127.0.0.1:0",
    "--set",
    "graphite.udp_listen=127.0.0.1:0",
    "--set",
    "pickle.listen=127.0.0.1:0",
    "--set",
    "statsd.listen=127.0.0.1:0",
    "--set",
    "statsd.udp_listen=127.0.0.1:0",
    "--set",
    "collectd.listen=127.0.0.1:0",
];

impl Listeners {
    pub(crate) fn open(flags: &[&str]) -> Self {
        let flags: Vec<&str> = ALL.iter().chain(flags).copied().collect();
        Self {
            server: Server::with(&flags),
        }
    }

    /// As [`Self::open`], and a key that may only send to the first space speaks for a network. Also the key's id.
    pub(crate) fn with_source(network: &str, flags: &[&str]) -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let owner = init(&data);
        let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &[]);
        let first = Server {
            serving,
            owner: owner.clone(),
            folder: tempfile::tempdir().unwrap(),
        };
        let (_, id) = first.narrow_key();
        drop(first);
        let source = format!("senders.sources={network}={id}");
        let flags: Vec<&str> = ALL
            .iter()
            .chain(&["--set", source.as_str()])
            .chain(flags)
            .copied()
            .collect();
        let serving = crate::harness::Serving::start(&data, "127.0.0.1:0", &flags);
        let server = Server {
            serving,
            owner,
            folder,
        };
        (Self { server }, id)
    }

    /// Where a listener is, as the log says.
    pub(crate) fn address(&self, listener: &str) -> String {
        listener_address(&self.server.serving, listener)
    }

    pub(crate) fn connect(&self) -> Sender {
        Sender::new(&self.address("graphite.listen"))
    }

    pub(crate) fn pickle(&self) -> TcpStream {
        TcpStream::connect(self.address("pickle.listen")).unwrap()
    }

    pub(crate) fn datagram(&self, bytes: &[u8]) {
        self.datagram_to("graphite.udp_listen", bytes);
    }

    pub(crate) fn datagram_to(&self, listener: &str, bytes: &[u8]) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(bytes, self.address(listener)).unwrap();
    }

    /// Ends the server by a signal, and serves the same data again with these flags alone.
    pub(crate) fn restarted(self, signal: &str, flags: &[&str]) -> Self {
        let Server {
            mut serving,
            owner,
            folder,
        } = self.server;
        serving.signal(signal);
        serving.child.wait().unwrap();
        drop(serving);
        let serving =
            crate::harness::Serving::start(&folder.path().join("data"), "127.0.0.1:0", flags);
        Self {
            server: Server {
                serving,
                owner,
                folder,
            },
        }
    }

    /// The values of each series of a pattern, by name, ordered by time.
    pub(crate) fn values(&self, target: &str) -> BTreeMap<String, Vec<f64>> {
        let token = self.server.token();
        let path = format!("/v1/metrics?target={target}&from=-1d&until=%2B1min&as=sent");
        let reply: Reply = self.server.metrics(&token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let all = reply.json();
        let series = all.as_array().unwrap().iter().map(|entry| {
            let points = entry["datapoints"].as_array().unwrap();
            let values = points.iter().filter_map(|point| point[0].as_f64());
            (
                entry["target"].as_str().unwrap().to_owned(),
                values.collect(),
            )
        });
        series.collect()
    }

    /// Counted for the domain: samples that were not stored for this reason.
    pub(crate) fn rejected(&self, reason: &str) -> u64 {
        let metrics = self.server.operations("/metrics").text();
        let label = format!("reason=\"{reason}\"}} ");
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("vigie_samples_rejected_total"));
        let counts = lines.filter_map(|line| line.split_once(&label)?.1.parse::<u64>().ok());
        counts.sum()
    }

    /// How many samples of the pattern are stored.
    pub(crate) fn stored(&self, target: &str) -> usize {
        let token = self.server.token();
        let path = format!("/v1/metrics?target={target}&from=-1d&as=sent");
        let reply: Reply = self.server.metrics(&token, "GET", &path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let all = reply.json();
        let series = all.as_array().unwrap().iter();
        let points = series.map(|series| {
            let points = series["datapoints"].as_array().unwrap();
            points.iter().filter(|point| !point[0].is_null()).count()
        });
        points.sum()
    }

    /// Waits until so many are.
    pub(crate) fn wait_for(&self, target: &str, count: usize) {
        until(&format!("{count} of {target}"), || {
            self.stored(target) >= count
        });
        assert_eq!(self.stored(target), count);
    }

    /// The sum over the reasons of what was not stored.
    pub(crate) fn not_stored(&self, listener: &str, reason: &str) -> u64 {
        let line = format!(
            "vigie_senders_not_stored_total{{listener=\"{listener}\",reason=\"{reason}\"}} "
        );
        let metrics = self.server.operations("/metrics").text();
        let found = metrics
            .lines()
            .find_map(|metric| metric.strip_prefix(line.as_str()));
        found.map_or(0, |count| count.parse().unwrap())
    }

    /// A new key of the owner with this in its request, and its id.
    pub(crate) fn key(&self, more: &serde_json::Value) -> (String, String) {
        let token = self.server.token();
        let info = self
            .server
            .request("GET", "/identity/userinfo")
            .bearer(&token);
        let mut body = json!({"name": "k", "iam_id": info.send().json()["iam_id"]});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        let made = self
            .server
            .request("POST", "/v1/apikeys")
            .bearer(&token)
            .json(&body)
            .send();
        assert_eq!(made.status, 201, "{}", made.text());
        let text = |field: &str| made.json()[field].as_str().unwrap().to_owned();
        (text("apikey"), text("id"))
    }
}

/// Where a listener of a server is, as its log says.
fn listener_address(serving: &Serving, listener: &str) -> String {
    let name = format!("\"{listener}\"");
    serving.wait_for_log(&format!("{name} address="));
    let log = serving.log();
    let is_it =
        |line: &&str| line.contains("a listener for senders is open") && line.contains(&name);
    let line = log.lines().find(is_it);
    let line = line.unwrap_or_else(|| panic!("no `{listener}` in {log}"));
    let rest = line.split("address=").nth(1).unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

/// A connection of lines.
pub(crate) struct Sender {
    pub(crate) stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Sender {
    pub(crate) fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(300)))
            .unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap());
        Self { stream, answers }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next line of the server; empty at the end.
    pub(crate) fn answer(&mut self) -> String {
        let mut line = String::new();
        // A reset is an end, too.
        let _ = self.answers.read_line(&mut line);
        line.trim_end().to_owned()
    }

    /// Shows a credential, and is let in.
    pub(crate) fn auth(&mut self, credential: &str) -> String {
        self.send(&format!("AUTH {credential}\n"));
        let answer = self.answer();
        assert!(answer.starts_with("OK "), "{answer}");
        answer
    }
}

/// So many lines of one name, a second apart, up to now.
pub(crate) fn lines(name: &str, count: i64) -> String {
    let now = crate::harness::now();
    (0..count)
        .map(|at| format!("{name} {at} {}\n", now - 3000 + at))
        .collect()
}
