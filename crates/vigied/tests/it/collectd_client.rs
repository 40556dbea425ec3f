//! Debian's `collectd`, unmodified, with the configuration of the guide: what it measures is read back by token, under the names that
//! its `write_graphite` makes.

use crate::harness::Server;
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The block of the guide, at this server.
fn node(url: &str, key: &str, format: &str) -> String {
    let guide = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guides/senders-collectd.md"
    );
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, block) = guide.split_once("```\nLoadPlugin write_http\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let block = block
        .replace("https://vigie.example.org", url)
        .replace("\"KEY\"", &format!("\"{key}\""))
        .replace("\"JSON\"", &format!("\"{format}\""));
    format!("LoadPlugin write_http\n{block}")
}

#[test]
fn debians_collectd_writes_in_both_forms_as_the_guide_says() {
    let Some(collectd) = std::env::var_os("VIGIE_TEST_COLLECTD") else {
        testing::skipped(
            "debians_collectd_writes_in_both_forms_as_the_guide_says",
            "no collectd",
        );
        return;
    };
    let server = Server::start();
    let token = server.token();
    let (key, _) = server.narrow_key();
    for (format, name) in [
        ("JSON", "web1.example.org"),
        ("Command", "web2.example.org"),
    ] {
        // The plugin `csv` writes into no folder whose name begins with a dot.
        let folder = tempfile::Builder::new().prefix("collectd").tempdir();
        let folder = folder.unwrap();
        let config = folder.path().join("collectd.conf");
        let text = format!(
            "Hostname \"{name}\"\nFQDNLookup false\nBaseDir \"{0}\"\nPIDFile \"{0}/pid\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval 1\nLoadPlugin load\nLoadPlugin uptime\nLoadPlugin csv\n<Plugin csv>\n  DataDir \"{0}/csv\"\n</Plugin>\n{1}",
            folder.path().display(),
            node(&server.serving.url(), &key, format),
        );
        std::fs::write(&config, text).unwrap();
        let command = Command::new(&collectd)
            .args(["-f", "-C"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let running = Running(command.unwrap());
        let host = name.replace('.', "_");
        let begun = Instant::now();
        // It sends what it has when its buffer is full, or when it ends; by the files it is known that it has something.
        let measured = |plugin: &str| folder.path().join("csv").join(name).join(plugin).is_dir();
        while !measured("load") || !measured("uptime") {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "nothing is measured"
            );
            std::thread::yield_now();
        }
        let term = Command::new("kill")
            .arg(running.0.id().to_string())
            .status();
        assert!(term.unwrap().success());
        for value in ["load.load.shortterm", "load.load.longterm", "uptime.uptime"] {
            loop {
                let path = format!("/v1/metrics?target={host}.{value}&from=-10min&until=%2B1min");
                let reply = server.metrics(&token, "GET", &path).send();
                let text = reply.text();
                let rows = if reply.status == 200 {
                    reply.json()
                } else {
                    Value::Null
                };
                if rows[0]["datapoints"]
                    .as_array()
                    .is_some_and(|own| !own.is_empty())
                {
                    break;
                }
                assert!(
                    begun.elapsed() < Duration::from_secs(60),
                    "{host}.{value}: {text}"
                );
                std::thread::yield_now();
            }
        }
    }
}
