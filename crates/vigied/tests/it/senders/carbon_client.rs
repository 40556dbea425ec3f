//! carbon's relay, unmodified, as the guide configures it: by pickles, and by lines with a key before each name.

use super::{Listeners, key_before_names, lines};
use crate::harness::until;
use crate::running::Running;
use crate::undisturbed::own_address;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;

/// One that runs.
pub(super) struct Relay {
    _running: Running,
    folder: tempfile::TempDir,
    takes_lines_at: String,
}

/// Whether there is one; if not, the test is skipped, visibly.
pub(super) fn is_here(test: &str) -> bool {
    let is_here = std::env::var_os("VIGIE_TEST_CARBON").is_some();
    if !is_here {
        testing::skipped(test, "no carbon relay");
    }
    is_here
}

/// The guide's settings of a relay.
fn block() -> String {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/senders.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, block) = guide.split_once("```\n[relay]\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    format!("[relay]\n{block}")
}

impl Relay {
    /// Starts one that relays to an address by `pickle` or `line`.
    pub(super) fn start(protocol: &str, to: &str) -> Self {
        let program = PathBuf::from(std::env::var_os("VIGIE_TEST_CARBON").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let address = own_address().to_string();
        let free = TcpListener::bind((address.as_str(), 0)).unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        // Where it sends to first: its own address is not to be replaced again.
        let settings = block()
            .replace("127.0.0.1:2004", to)
            .replace(
                "RECEIVER_INTERFACE = 127.0.0.1",
                &format!("RECEIVER_INTERFACE = {address}"),
            )
            .replace("2013", &port)
            .replace("2014", "0")
            .replace("PROTOCOL = pickle", &format!("PROTOCOL = {protocol}"));
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("carbon.conf"), settings).unwrap();
        // It reads them, though a relay stores nothing.
        std::fs::write(
            file("storage-schemas.conf"),
            "[all]\npattern = .*\nretentions = 60s:1d\n",
        )
        .unwrap();
        let mut command = Command::new(program.with_file_name("python"));
        command
            .arg(&program)
            .arg(format!("--config={}", file("carbon.conf").display()))
            .arg(format!("--pidfile={}", file("pid").display()))
            .arg(format!("--logdir={}", folder.path().display()))
            .args(["--nodaemon", "start"])
            .env("GRAPHITE_ROOT", folder.path())
            .env("GRAPHITE_CONF_DIR", folder.path());
        let running = Running::start_into(&mut command, &file("said"));
        Self {
            _running: running,
            takes_lines_at: format!("{address}:{port}"),
            folder,
        }
    }

    /// Gives it these lines to relay, when it is there.
    pub(super) fn take(&self, lines: &str) {
        let mut stream = None;
        until("the relay is there", || {
            stream = TcpStream::connect(&self.takes_lines_at).ok();
            stream.is_some()
        });
        stream.unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// How often it has said this.
    pub(super) fn log_count(&self, text: &str) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("said")).unwrap();
        log.matches(text).count()
    }
}

#[test]
fn carbons_relay_sends_pickles_from_an_address_that_is_known() {
    if !is_here("carbons_relay_sends_pickles_from_an_address_that_is_known") {
        return;
    }
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let relay = Relay::start("pickle", &listeners.address("pickle.listen"));
    relay.take(&lines("relayed.a", 2000));
    relay.take(&lines("relayed.b;host=web1", 10));
    listeners.wait_for("relayed.a", 2000);
    listeners.wait_for("relayed.b;host=web1", 10);
}

#[test]
fn carbons_relay_sends_lines_from_an_address_and_with_a_key_before_each_name() {
    if !is_here("carbons_relay_sends_lines_from_an_address_and_with_a_key_before_each_name") {
        return;
    }
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let relay = Relay::start("line", &listeners.address("graphite.listen"));
    relay.take(&lines("relayed.a", 500));
    listeners.wait_for("relayed.a", 500);
    // Of several senders, over the one connection that it has.
    let listeners = Listeners::open(&[]);
    key_before_names::allow(&listeners, true);
    let relay = Relay::start("line", &listeners.address("graphite.listen"));
    for name in ["keyed.a", "keyed.b"] {
        let (key, _) = listeners.server.narrow_key();
        relay.take(&lines(&format!("{key}.{name}"), 500));
    }
    listeners.wait_for("keyed.a", 500);
    listeners.wait_for("keyed.b", 500);
}
