//! The tour: what happens, step by step, with the real command line, each command shown as it is typed.

use super::KEY_FILE;
use super::leash::{Leash, Stopped};
use crate::private_files;
use anyhow::{Context, bail};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;

/// The bundled series: name, text, first and last day.
const SERIES: [(&str, &str, &str, &str); 2] = [
    (
        "nab.ec2.cpu-utilization",
        include_str!("../../assets/nab/ec2_cpu_utilization_5f5533.csv"),
        "20140214",
        "20140301",
    ),
    (
        "nab.ec2.request-latency",
        include_str!("../../assets/nab/ec2_request_latency_system_failure.csv"),
        "20140307",
        "20140322",
    ),
];

/// Looks at this host before its chart is drawn, one a second: enough to see it move.
const LOOKS: &str = "12";

/// What would lead the command line elsewhere than to this server.
const FOREIGN: [&str; 10] = [
    "VIGIE_API_KEY",
    "IBMCLOUD_API_KEY",
    "BLUEMIX_API_KEY",
    "VIGIE_API",
    "IAM_ENDPOINT",
    "VIGIE_QUIET",
    "IBMCLOUD_QUIET",
    "VIGIE_TRACE",
    "IBMCLOUD_TRACE",
    "BLUEMIX_TRACE",
];

/// What the tour knows.
pub(super) struct Tour {
    pub(super) vigie: PathBuf,
    pub(super) data: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) is_new: bool,
    pub(super) leash: Arc<Leash>,
}

impl Tour {
    /// The steps. Unless it is for once, the agent goes on behind them.
    pub(super) fn walk(&self, once: bool) -> anyhow::Result<()> {
        let url = format!("http://{}", self.address);
        self.greet(&url)?;
        self.log_in(&url)?;
        self.send()?;
        self.read()?;
        self.by_hand(&url)?;
        if once {
            say(&format!(
                "\nThat was all, and the server ends here. This brings it back, with its data,\nand with the tokens above:\n\n    {} serve --data {} --listen {}\n",
                word(&self.vigie.with_file_name("vigied").display().to_string()),
                word(&self.data.display().to_string()),
                self.address,
            ))?;
            return Ok(());
        }
        self.start_agent()?;
        self.stay(&url)
    }

    fn greet(&self, url: &str) -> anyhow::Result<()> {
        let data = if self.is_new {
            "Its data is new, and lies in"
        } else {
            "It goes on with the data in"
        };
        say(&format!(
            "\nVigie: log in, get a token, and send and read metrics with it.\n\nThe server is up: {url}\n{data} {}\nLines that begin with $ are commands you can type yourself; the end says how.",
            self.data.display()
        ))
    }

    fn log_in(&self, url: &str) -> anyhow::Result<()> {
        let key = format!("@{}", self.data.join(KEY_FILE).display());
        self.step(
            "1. Log in",
            "The API key opens an account. Metrics belong to a space (here `dev`)\nof an organization (here `vigie`).",
        )?;
        self.show(&[
            "login", "-a", url, "--apikey", &key, "-r", "local", "-o", "vigie", "-s", "dev",
        ])?;
        self.step(
            "2. Get a token",
            "It expires after an hour, and the command line renews it.\nThe second one is for Cloud Foundry's interfaces; both open the metrics.",
        )?;
        self.show(&["iam", "oauth-tokens"])
    }

    fn send(&self) -> anyhow::Result<()> {
        self.step(
            "3. Send metrics",
            "Two weeks of a real server's CPU and of a real service's latency, from the\nNumenta Anomaly Benchmark. The receipt says what became of every sample.",
        )?;
        for (name, text, ..) in SERIES {
            self.feed(
                &[
                    "metrics", "send", "--file", "-", "--format", "csv", "--name", name,
                ],
                text,
            )?;
        }
        self.step(
            "4. Send this machine's own metrics",
            &format!("The agent looks {LOOKS} times, once a second."),
        )?;
        self.show(&["agent", "--interval", "1s", "--looks", LOOKS])
    }

    fn read(&self) -> anyhow::Result<()> {
        self.step(
            "5. Read them back",
            "First what there is. Then three charts: the two series, and this machine's\nprocessor while the agent looked.",
        )?;
        self.show(&["metrics", "list", "--depth", "2"])?;
        for (name, _, from, until) in SERIES {
            self.show(&[
                "metrics", "get", name, "--from", from, "--until", until, "--format", "chart",
            ])?;
        }
        self.show(&[
            "metrics",
            "get",
            "*.cpu-0.cpu-user",
            "--from",
            "-15s",
            "--format",
            "chart",
        ])
    }

    /// The same with nothing but `curl`, to be pasted into any shell.
    fn by_hand(&self, url: &str) -> anyhow::Result<()> {
        self.step(
            "6. The same by hand",
            "Paste this into any shell. The token is the one above, and good for as long.",
        )?;
        let token = self.answer(&["iam", "token"])?;
        let space = self.answer(&["account", "space", "dev", "--guid"])?;
        say(&format!("TOKEN='{token}'\nSPACE='{space}'"))?;
        for (what, address, more) in [
            (
                "send",
                "/v1/metrics",
                r#" \
  -d '[{"name":"hello.world","value":42}]'"#,
            ),
            ("read", "/v1/metrics?target=hello.*&from=-1h", ""),
            ("list", "/v1/metrics/list?query=*", ""),
            ("delete", "/v1/metrics/list?query=hello.*", " -X DELETE"),
        ] {
            say(&format!(
                r#"
# {what}
curl -sSw '\n' '{url}{address}' \
  -H "X-Auth-User-Token: iam $TOKEN" -H "X-Auth-Scope-Id: s-$SPACE"{more}"#
            ))?;
        }
        Ok(())
    }

    /// Starts the agent that goes on; what it says is kept beside the data.
    fn start_agent(&self) -> anyhow::Result<()> {
        let log = private_files::open_to_write(&self.data, "agent.log")?;
        log.set_len(0).context("cannot empty the agent's log")?;
        let mut agent = self.command(&["agent"]);
        self.leash
            .start(agent.stdout(Stdio::null()).stderr(log), |_| ())
    }

    fn stay(&self, url: &str) -> anyhow::Result<()> {
        let programs = self.vigie.parent().unwrap_or(&self.vigie);
        self.step(
            "7. Go on",
            &format!(
                "The server stays at {url}, and the agent sends every 10 s.\nFrom another terminal:"
            ),
        )?;
        say(&format!(
            "    export PATH={}:\"$PATH\"\n    export VIGIE_HOME={}\n    vigie status\n    vigie metrics send room.temperature=21.5\n    vigie metrics get '*.load.load.*' --format sparkline\n\nWhat to read next: docs/guides/central-path.md\nCtrl-C ends the server and the agent.",
            word(&programs.display().to_string()),
            word(&self.configuration().display().to_string()),
        ))
    }

    /// The tour's own login, so that it touches nobody else's.
    fn configuration(&self) -> PathBuf {
        self.data.join("cli")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.vigie);
        command
            .args(arguments)
            .env("VIGIE_HOME", self.configuration())
            .stdin(Stdio::null());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
    }

    /// Begins a step, unless the tour was stopped: then what a command was at has ended, too, and nothing follows.
    fn step(&self, title: &str, text: &str) -> anyhow::Result<()> {
        if self.leash.is_stopped() {
            return Err(Stopped.into());
        }
        say(&format!("\n{title}\n\n{text}\n"))
    }

    fn show(&self, arguments: &[&str]) -> anyhow::Result<()> {
        announce(arguments)?;
        self.leash.start(&mut self.command(arguments), |_| ())?;
        check(arguments, self.leash.wait()?)?;
        say("")
    }

    fn feed(&self, arguments: &[&str], text: &str) -> anyhow::Result<()> {
        announce(arguments)?;
        let mut command = self.command(arguments);
        let input = self
            .leash
            .start(command.stdin(Stdio::piped()), |child| child.stdin.take())?;
        if let Some(mut input) = input {
            input
                .write_all(text.as_bytes())
                .context("cannot hand the series over")?;
        }
        check(arguments, self.leash.wait()?)?;
        say("")
    }

    /// What a command prints, without its line end.
    fn answer(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.command(arguments);
        let output = self
            .leash
            .start(command.stdout(Stdio::piped()), |child| child.stdout.take())?;
        let mut text = String::new();
        if let Some(mut output) = output {
            output
                .read_to_string(&mut text)
                .context("cannot read what `vigie` prints")?;
        }
        check(arguments, self.leash.wait()?)?;
        Ok(text.trim_end().to_owned())
    }
}

fn check(arguments: &[&str], status: ExitStatus) -> anyhow::Result<()> {
    if status.success() {
        return Ok(());
    }
    // Ctrl-C reaches the command as well as us, and it may be the first to end.
    if status.signal() == Some(Signal::INT.as_raw()) {
        return Err(Stopped.into());
    }
    bail!("`vigie {}` failed", arguments.join(" "))
}

fn announce(arguments: &[&str]) -> anyhow::Result<()> {
    let words: Vec<String> = arguments.iter().map(|argument| word(argument)).collect();
    say(&format!("$ vigie {}", words.join(" ")))
}

/// One word of a shell's line, in quotes where it needs them.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | ':' | '@' | '=')
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A line on standard output. Whoever has stopped reading has stopped the tour.
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_those_a_shell_reads_back() {
        assert_eq!(word("--format"), "--format");
        assert_eq!(word("/srv/vigie-data"), "/srv/vigie-data");
        assert_eq!(word("*.cpu-0"), "'*.cpu-0'");
        assert_eq!(word("it's here"), r"'it'\''s here'");
        assert_eq!(word(""), "''");
    }
}
