//! A server that comes back at the addresses it had, on the same data, however it ended.

use super::Listeners;
use crate::harness::{Server, Serving, until};
use crate::undisturbed::own_address;
use serde_json::json;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// Deeper than any name here.
const DEPTH: usize = 9;

pub(crate) struct Lasting {
    pub(crate) listeners: Listeners,
    /// It may send to the first space, speaks for this machine, and is shown by what shows one.
    pub(crate) key: String,
    listen: String,
    flags: Vec<String>,
    /// Samples taken before it was killed, and acknowledged with it.
    before: usize,
}

/// Addresses that nobody listens at, one for each setting.
fn free(ip: Ipv4Addr, settings: &[&str]) -> Vec<String> {
    // All are taken until the last is found, so that none is found twice.
    let (mut tcp, mut udp) = (Vec::new(), Vec::new());
    let mut take = |setting: &str| {
        let address = if matches!(setting, "collectd.listen" | "statsd.udp_listen") {
            udp.push(UdpSocket::bind((ip, 0)).unwrap());
            udp.last().unwrap().local_addr()
        } else {
            tcp.push(TcpListener::bind((ip, 0)).unwrap());
            tcp.last().unwrap().local_addr()
        };
        address.unwrap().to_string()
    };
    settings.iter().map(|setting| take(setting)).collect()
}

impl Lasting {
    /// Opens these listeners.
    pub(crate) fn open(listeners: &[&str]) -> Self {
        let address = own_address();
        let server = Server::start();
        let (key, id) = server.narrow_key();
        let names: Vec<&str> = ["listen"].iter().chain(listeners).copied().collect();
        let mut addresses = free(address, &names).into_iter();
        let listen = addresses.next().unwrap();
        let mut settings = vec![format!("senders.sources=127.0.0.0/8={id}")];
        settings.extend(
            listeners
                .iter()
                .zip(addresses)
                .map(|(listener, at)| format!("{listener}={at}")),
        );
        let flags = settings
            .into_iter()
            .flat_map(|setting| ["--set".to_owned(), setting]);
        let mut lasting = Self {
            listeners: Listeners { server },
            key,
            listen,
            flags: flags.collect(),
            before: 0,
        };
        lasting.end();
        lasting.start();
        lasting
    }

    fn end(&mut self) {
        let child = &mut self.listeners.server.serving.child;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it where it was.
    pub(crate) fn start(&mut self) {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let data = self.listeners.server.data();
        self.listeners.server.serving = Serving::start(&data, &self.listen, &flags);
    }

    /// How many samples the server says that it has taken by this listener since it started.
    pub(crate) fn accepted(&self, listener: &str) -> usize {
        let token = self.listeners.server.token();
        let senders = self
            .listeners
            .server
            .metrics(&token, "GET", "/v1/metrics/senders");
        let senders = senders.send().json();
        let all = senders["senders"].as_array().unwrap().iter();
        let matching = all.filter(|sender| sender["listener"] == listener);
        let counts = matching.map(|sender| sender["accepted"].as_u64().unwrap());
        usize::try_from(counts.sum::<u64>()).unwrap()
    }

    /// Waits until it has taken so many.
    pub(crate) fn wait_until_accepted(&self, listener: &str, count: usize) {
        until(&format!("{count} samples by {listener}"), || {
            self.accepted(listener) >= count
        });
    }

    /// How many samples can be read, those that were only sent to wait for the log aside.
    pub(crate) fn readable_samples(&self) -> usize {
        let targets = (2..DEPTH).map(|depth| vec!["*"; depth].join("."));
        let series = targets.flat_map(|target| self.listeners.values(&target));
        series.map(|(_, values)| values.len()).sum()
    }

    /// How many samples it found in its log when it started. Two of one name and time are two here, and one where they are read.
    fn recovered(&self) -> usize {
        self.listeners.server.serving.wait_for_log("recovered: ");
        let log = self.listeners.server.serving.log();
        let (_, rest) = log.split_once("; replayed ").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    /// Kills it while it is sent to. What it had said until then that it took by this listener is there, as is seen when it is
    /// started with no listener open; and it is killed once more. How many samples can be read.
    pub(crate) fn kill(&mut self, listener: &str) -> usize {
        let taken = self.accepted(listener);
        // Samples that nobody is told of are on stable storage a moment later. This one comes after them in the log, and is there
        // when it is acknowledged.
        let token = self.listeners.server.token();
        let last = self.listeners.server.metrics(&token, "POST", "/v1/metrics");
        let last = last.json(&json!([{"name": "last", "value": 1}])).send();
        assert_eq!(last.status, 200, "{}", last.text());
        self.before += taken + 1;
        self.end();
        let data = self.listeners.server.data();
        self.listeners.server.serving = Serving::start(&data, "127.0.0.1:0", &[]);
        let (before, recovered) = (self.before, self.recovered());
        assert!(
            recovered >= before,
            "{before} were taken, {recovered} are there"
        );
        let there = self.readable_samples();
        assert!(there > 0);
        self.end();
        there
    }

    /// Kills it so often, each time when it has taken so many more, and starts it again; the sender comes back by itself.
    pub(crate) fn is_killed_under(&mut self, listener: &str, times: usize, count: usize) {
        for _ in 0..times {
            self.wait_until_accepted(listener, count);
            self.kill(listener);
            self.start();
        }
        self.wait_until_accepted(listener, count);
    }
}
