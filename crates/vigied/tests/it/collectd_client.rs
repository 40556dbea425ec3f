//! Debian's `collectd`, unmodified, with the configurations of the guide: what it measures is read back by token, under the names
//! that its `write_graphite` makes.

use crate::harness::{Server, until};
use crate::running::Running;
use crate::senders::Listeners;
use std::path::PathBuf;
use std::process::Command;

/// One that runs.
#[derive(Debug)]
pub(crate) struct Collectd {
    running: Running,
    folder: tempfile::TempDir,
    host: String,
}

/// Whether there is one; if not, the test is skipped, visibly.
pub(crate) fn is_here(test: &str) -> bool {
    let is_here = std::env::var_os("VIGIE_TEST_COLLECTD").is_some();
    if !is_here {
        testing::skipped(test, "no collectd");
    }
    is_here
}

/// The block of the guide for a plugin.
pub(crate) fn block(plugin: &str) -> String {
    let guide = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guides/senders-collectd.md"
    );
    let guide = std::fs::read_to_string(guide).unwrap();
    let begin = format!("```\nLoadPlugin {plugin}\n");
    let (_, block) = guide.split_once(&begin).unwrap();
    let (block, _) = block.split_once("```").unwrap();
    format!("LoadPlugin {plugin}\n{block}")
}

impl Collectd {
    /// Starts one that measures each so many seconds, also into files, and sends as the block says.
    pub(crate) fn start(host: &str, interval: &str, block: &str) -> Self {
        // The plugin `csv` writes into no folder whose name begins with a dot.
        let folder = tempfile::Builder::new().prefix("collectd").tempdir();
        let folder = folder.unwrap();
        let config = folder.path().join("collectd.conf");
        let text = format!(
            "Hostname \"{host}\"\nFQDNLookup false\nBaseDir \"{0}\"\nPIDFile \"{0}/pid\"\nTypesDB \"/usr/share/collectd/types.db\"\nInterval {interval}\nLoadPlugin load\nLoadPlugin uptime\nLoadPlugin memory\nLoadPlugin csv\n<Plugin csv>\n  DataDir \"{0}/csv\"\n</Plugin>\n{block}",
            folder.path().display(),
        );
        std::fs::write(&config, text).unwrap();
        let collectd = std::env::var_os("VIGIE_TEST_COLLECTD").unwrap();
        let mut command = Command::new(collectd);
        command.args(["-f", "-C"]).arg(config);
        Self {
            running: Running::start(&mut command),
            folder,
            host: host.to_owned(),
        }
    }

    fn measured(&self, plugin: &str) -> PathBuf {
        self.folder.path().join("csv").join(&self.host).join(plugin)
    }

    /// The times of what it has measured of the load, in milliseconds, by its own files.
    pub(crate) fn load_times(&self) -> Vec<i64> {
        let files = self.measured("load").read_dir().unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let text: String = files
            .into_iter()
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        // The last line may not be whole yet.
        let (whole, _) = text.rsplit_once('\n').unwrap();
        let times = whole
            .lines()
            .filter_map(|line| line.split_once(',')?.0.parse::<f64>().ok());
        times
            .map(|seconds| (seconds * 1000.0).round() as i64)
            .collect()
    }

    /// Ends it, once it has measured something: it sends what it has when its buffer is full, or when it ends.
    pub(crate) fn end(&self) {
        until("something is measured", || {
            self.measured("load").is_dir() && self.measured("uptime").is_dir()
        });
        self.running.end();
    }

    /// Ends it, and waits until what it has measured is read back.
    pub(crate) fn arrives(self, listeners: &Listeners) {
        self.end();
        for value in ["load.load.shortterm", "load.load.longterm", "uptime.uptime"] {
            let name = format!("{}.{value}", self.host.replace('.', "_"));
            until(&name, || listeners.stored(&name) > 0);
        }
    }
}

#[test]
fn debians_collectd_writes_in_both_forms_as_the_guide_says() {
    if !is_here("debians_collectd_writes_in_both_forms_as_the_guide_says") {
        return;
    }
    let listeners = Listeners {
        server: Server::start(),
    };
    let (key, _) = listeners.server.narrow_key();
    for (format, host) in [
        ("JSON", "web1.example.org"),
        ("Command", "web2.example.org"),
    ] {
        let block = block("write_http")
            .replace("https://vigie.example.org", &listeners.server.serving.url())
            .replace("\"KEY\"", &format!("\"{key}\""))
            .replace("\"JSON\"", &format!("\"{format}\""));
        Collectd::start(host, "1", &block).arrives(&listeners);
    }
}

/// With the key in its `Prefix`, where the space takes that.
#[test]
fn debians_collectd_writes_lines_with_a_key_before_each_name() {
    if !is_here("debians_collectd_writes_lines_with_a_key_before_each_name") {
        return;
    }
    let listeners = Listeners::open(&[]);
    let (key, _) = listeners.server.narrow_key();
    crate::senders::allow_keys_before_names(&listeners, true);
    let address = listeners.address("graphite.listen");
    let (host, port) = address.rsplit_once(':').unwrap();
    let block = write_graphite((host, port), &key);
    Collectd::start("web3.example.org", "1", &block).arrives(&listeners);
}

/// The guide's block for `write_graphite`, for this address and key.
pub(crate) fn write_graphite((host, port): (&str, &str), key: &str) -> String {
    block("write_graphite")
        .replace("vigie.example.org", host)
        .replace("2003", port)
        .replace("KEY", key)
}
