//! Debian's `collectd`, unmodified, with its plugin `network` as the guide configures it: signed, encrypted, and in clear.

use super::Doors;
use super::network::with_user;
use crate::limits::until;
use std::process::{Child, Command, Stdio};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The block of the guide, for this server and secret.
fn block(doors: &Doors, level: &str, secret: &str) -> String {
    let guide = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guides/senders-collectd.md"
    );
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, block) = guide.split_once("```\nLoadPlugin network\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let address = doors.address("collectd.listen");
    let port = address.rsplit_once(':').unwrap().1;
    let block = block
        .replace("vigie.example.org", "127.0.0.1")
        .replace("25826", port)
        .replace("\"Encrypt\"", &format!("\"{level}\""))
        .replace("SECRET", secret);
    format!("LoadPlugin network\n{block}")
}

/// What it measures under this name is read back.
fn sends(doors: &Doors, host: &str, level: &str, secret: &str) {
    let collectd = std::env::var_os("VIGIE_TEST_COLLECTD").unwrap();
    // The plugin `csv` writes into no folder whose name begins with a dot.
    let folder = tempfile::Builder::new().prefix("collectd").tempdir();
    let folder = folder.unwrap();
    let config = folder.path().join("collectd.conf");
    let text = format!(
        "Hostname \"{host}\"\nFQDNLookup false\nBaseDir \"{0}\"\nPIDFile \"{0}/pid\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval 1\nLoadPlugin load\nLoadPlugin uptime\nLoadPlugin csv\n<Plugin csv>\n  DataDir \"{0}/csv\"\n</Plugin>\n{1}",
        folder.path().display(),
        block(doors, level, secret),
    );
    std::fs::write(&config, text).unwrap();
    let command = Command::new(&collectd)
        .args(["-f", "-C"])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let running = Running(command.unwrap());
    // It sends what it has when its packet is full, or when it ends; by the files it is known that it has something.
    let measured = |plugin: &str| folder.path().join("csv").join(host).join(plugin).is_dir();
    until("something is measured", || {
        measured("load") && measured("uptime")
    });
    let term = Command::new("kill")
        .arg(running.0.id().to_string())
        .status();
    assert!(term.unwrap().success());
    for value in ["load.load.shortterm", "load.load.longterm", "uptime.uptime"] {
        let name = format!("{}.{value}", host.replace('.', "_"));
        until(&name, || doors.stored(&name) > 0);
    }
}

#[test]
fn debians_collectd_sends_signed_encrypted_and_in_clear() {
    if std::env::var_os("VIGIE_TEST_COLLECTD").is_none() {
        testing::skipped(
            "debians_collectd_sends_signed_encrypted_and_in_clear",
            "no collectd",
        );
        return;
    }
    let (doors, secret, _) = with_user(&["--set", "collectd.security_level=sign"]);
    sends(&doors, "signed.example.org", "Sign", &secret);
    sends(&doors, "sealed.example.org", "Encrypt", &secret);
    let (doors, _) = Doors::with_source("127.0.0.1", &[]);
    sends(&doors, "clear.example.org", "None", "none");
}
