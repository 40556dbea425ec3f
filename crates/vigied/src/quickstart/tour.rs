//! The steps of the tour, with the real command line; each command is shown as typed.
//!
//! The output fits on one screen. A line after `$` can be pasted into a shell after the `export` lines at the end, which set
//! the path of the command line and the tour's login.

use super::KEY_FILE;
use super::command::CommandLine;
use super::running_command::{RunningCommand, Stopped};
use super::screen::{last_paragraph, receipt, say, title, without_tokens};
use crate::data_dir::private_files;
use crate::text::shell::word;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

/// The bundled series.
const SERIES: &str = include_str!("../../assets/nab/nyc_taxi_november.csv");
/// Its name as a metric.
const METRIC: &str = "nyc.taxi.passengers";
/// A function of it.
const DAILY: &str = r#"movingAverage(nyc.taxi.passengers,"1d")"#;

/// How often the agent reads the host: every second, enough to see values change.
const READINGS: &str = "5";

/// The state of the tour.
pub(super) struct Tour {
    pub(super) vigie: PathBuf,
    pub(super) data: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) is_new: bool,
    pub(super) running_command: Arc<RunningCommand>,
}

impl Tour {
    /// Runs the steps. Unless `once` is set, the agent keeps running afterwards.
    pub(super) fn walk(&self, once: bool) -> anyhow::Result<()> {
        let url = format!("http://{}", self.address);
        self.greet(&url)?;
        self.log_in(&url)?;
        self.send()?;
        self.read()?;
        self.by_hand(&url)?;
        if !once {
            self.start_agent()?;
        }
        self.part(&url, once)
    }

    fn greet(&self, url: &str) -> anyhow::Result<()> {
        let data = if self.is_new {
            "Its data is new, and lies in"
        } else {
            "It goes on with the data in"
        };
        say(&format!(
            "The server is up at {url}. {data} `{}`.\nLines that begin with $ can be typed again, after those at the end.",
            self.data.display()
        ))
    }

    fn log_in(&self, url: &str) -> anyhow::Result<()> {
        let key = format!("@{}", self.data.join(KEY_FILE).display());
        self.step("1. Log in: to an account, and in it to an organization and a space")?;
        self.vigie().show_short(
            &[
                "login", "-a", url, "--apikey", &key, "-o", "vigie", "-s", "dev",
            ],
            last_paragraph,
        )?;
        self.step("2. Get a token: it expires, and the command line renews it")?;
        self.vigie()
            .show_short(&["iam", "oauth-tokens"], without_tokens)
    }

    fn send(&self) -> anyhow::Result<()> {
        let file = self.data.join("nyc-taxi.csv");
        std::fs::write(&file, SERIES)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        self.step(
            "3. Send: two weeks of taxi passengers in New York, and this machine's own metrics",
        )?;
        let file = file.display().to_string();
        self.vigie().show_short(
            &["metrics", "send", "--file", &file, "--name", METRIC],
            receipt,
        )?;
        self.vigie()
            .show(&["agent", "--interval", "1s", "--readings", READINGS])
    }

    fn read(&self) -> anyhow::Result<()> {
        self.step("4. Read: on Thursday the 27th, Thanksgiving, few people go to work")?;
        self.vigie().show(&["metrics", "list", "--depth", "1"])?;
        // A day's mean: without the nights, the holiday is what is left.
        self.vigie().show(&[
            "metrics", "get", DAILY, "--from", "20141124", "--until", "20141130", "--format",
            "chart", "--height", "7",
        ])?;
        self.vigie().show(&[
            "metrics",
            "get",
            "*.load.load.shortterm",
            "--from",
            "-1min",
            "--format",
            "sparkline",
        ])
    }

    /// The same with `curl` only.
    fn by_hand(&self, url: &str) -> anyhow::Result<()> {
        self.step("5. The same by hand: what any program can do")?;
        say(&format!(
            r#"$ SPACE="X-Auth-Scope-Id: s-$(vigie account space dev --guid)"
$ TOKEN=$(vigie iam token --header)    # X-Auth-User-Token: iam ...
$ curl -H "$TOKEN" -H "$SPACE" '{url}/v1/metrics' -d '[{{"name":"hello.world","value":42}}]'
$ curl -H "$TOKEN" -H "$SPACE" '{url}/v1/metrics?target=hello.*&from=-1h'
$ curl -H "$TOKEN" -H "$SPACE" '{url}/v1/metrics/list?query=hello.*' -X DELETE"#
        ))
    }

    /// Starts the agent that keeps running; its output goes to a log beside the data.
    fn start_agent(&self) -> anyhow::Result<()> {
        let log = private_files::open_to_write(&self.data, "agent.log")?;
        log.set_len(0).context("cannot empty the agent's log")?;
        let mut agent = self.vigie().command(&["agent"]);
        self.running_command
            .start(agent.stdout(Stdio::null()).stderr(log), |_| ())
    }

    /// Prints what to do next, whether the server keeps running or not.
    fn part(&self, url: &str, once: bool) -> anyhow::Result<()> {
        let programs = self.vigie.parent().unwrap_or(&self.vigie);
        let path = |path: &Path| word(&path.display().to_string());
        let exports = format!(
            "export PATH={}:\"$PATH\" VIGIE_HOME={}",
            path(programs),
            path(&self.configuration())
        );
        let guide = "Next: docs/guides/central-path.md";
        if once {
            self.step(
                "6. Go on: the server ends here; this starts it again, with all of the above",
            )?;
            let data = path(&self.data);
            return say(&format!(
                "{exports}\nvigied serve --data {data} --listen {} &\n{guide}",
                self.address
            ));
        }
        self.step(
            "6. Go on: the server stays, and the agent sends every 10 s; from another terminal",
        )?;
        say(&format!(
            "{exports}\nvigie status\n{guide}. Ctrl-C ends the server at {url}, and the agent."
        ))
    }

    fn configuration(&self) -> PathBuf {
        self.data.join("cli")
    }

    fn vigie(&self) -> CommandLine<'_> {
        CommandLine {
            program: &self.vigie,
            configuration: self.configuration(),
            running_command: &self.running_command,
        }
    }

    /// Begins a step, unless the tour was stopped: then its command has ended as well, and nothing follows.
    fn step(&self, heading: &str) -> anyhow::Result<()> {
        if self.running_command.is_stopped() {
            return Err(Stopped.into());
        }
        say(&format!("\n{}", title(heading)))
    }
}
