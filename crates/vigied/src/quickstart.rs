//! `vigied quickstart`: the whole path on this machine, with the real command line, shown step by step.
//!
//! It serves, logs in, prints the token, loads two real series, sends this host's own metrics, draws both, and prints
//! the `curl` commands to go on with. A second run goes on with the same data.

use crate::boot;
use crate::cli::{QuickstartArgs, SettingArgs};
use crate::config::Settings;
use crate::init;
use crate::serve;
use anyhow::{Context, bail};
use iam::bootstrap::Request;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

/// The bundled series: name, text, first and last day.
const SERIES: [(&str, &str, &str, &str); 2] = [
    (
        "nab.ec2.cpu-utilization",
        include_str!("../assets/nab/ec2_cpu_utilization_5f5533.csv"),
        "20140214",
        "20140301",
    ),
    (
        "nab.ec2.request-latency",
        include_str!("../assets/nab/ec2_request_latency_system_failure.csv"),
        "20140307",
        "20140322",
    ),
];

/// Looks at this host before its chart is drawn.
const LOOKS: usize = 3;

/// The owner's API key lies in the data folder, readable by its owner alone: this server is for one person's own use.
const KEY_FILE: &str = "quickstart-key";

/// Runs the tour, and serves on until Ctrl-C unless it is for once.
pub(crate) async fn run(
    arguments: &QuickstartArgs,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let vigie = command_line()?;
    initialise(settings).await?;
    let signal = serve::stop_signal().await?;
    let (ready, address) = tokio::sync::oneshot::channel::<SocketAddr>();
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let once = arguments.once;
    let data = std::path::absolute(&arguments.data).context("cannot resolve the data folder")?;
    let tour = tokio::spawn(async move {
        let address = address.await.context("the server did not start")?;
        let tour = Tour {
            vigie,
            data,
            address,
        };
        let walked = tokio::task::spawn_blocking(move || tour.walk(once)).await?;
        match walked {
            Ok(Some(agent)) => Ok(Some(agent)),
            // Nothing goes on: neither after a tour for once nor after one that failed.
            ended => {
                let _ = done.send(());
                ended
            }
        }
    });
    let stop = async move {
        tokio::select! {
            () = signal => {}
            // Sent when the tour is all there is; kept silent, not dropped, when the server goes on.
            Ok(()) = finished => {}
        }
    };
    let announce = |address| {
        ready
            .send(address)
            .map_err(|_| anyhow::anyhow!("the tour ended before it began"))
    };
    serve::serve(settings, announce, stop).await?;
    if let Some(mut agent) = tour.await?? {
        agent.kill().context("cannot stop the agent")?;
        agent.wait().context("cannot wait for the agent")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings of the tour.
pub(crate) fn setting_arguments(arguments: &QuickstartArgs) -> SettingArgs {
    SettingArgs {
        data: Some(arguments.data.clone()),
        listen: Some(arguments.listen.clone()),
        log_level: Some("warn".to_owned()),
        ..SettingArgs::default()
    }
}

fn command_line() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let beside = own.with_file_name("vigie");
    if beside.exists() {
        return Ok(beside);
    }
    bail!(
        "the command line `vigie` is not beside {}\nhint: build both with `cargo build --release`, or run `cargo xtask quickstart`",
        own.display()
    )
}

/// Makes the first account, unless an earlier run did.
async fn initialise(settings: &Settings) -> anyhow::Result<()> {
    let key = settings.data().join(KEY_FILE);
    if key.exists() {
        return Ok(());
    }
    let folder = boot::folder(settings)?;
    let request = Request {
        account: "Vigie".to_owned(),
        region: Some("local".to_owned()),
        org: "vigie".to_owned(),
        space: "dev".to_owned(),
        owner: "owner@vigie.local".to_owned(),
        password: None,
    };
    let made = init::create(settings, &folder, request).await.context(
        "the data folder was not made by `vigied quickstart`\nhint: choose another with `--data DIR`, or serve it with `vigied serve`",
    )?;
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)
        .with_context(|| format!("cannot create {}", key.display()))?;
    let opening = made.opening.context("the owner got no API key")?;
    file.write_all(opening.api_key.expose().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", key.display()))
}

struct Tour {
    vigie: PathBuf,
    data: PathBuf,
    address: SocketAddr,
}

impl Tour {
    /// The steps. Returns the agent that goes on, unless it is for once.
    fn walk(&self, once: bool) -> anyhow::Result<Option<Child>> {
        let url = format!("http://{}", self.address);
        let key = format!("@{}", self.data.join(KEY_FILE).display());
        say("1. Log in to a region, an organization and a space")?;
        self.show(&[
            "login", "-a", &url, "--apikey", &key, "-r", "local", "-o", "vigie", "-s", "dev",
        ])?;
        say("2. The token, which expires")?;
        self.show(&["iam", "oauth-tokens"])?;
        say("3. Send metrics: two real series of the Numenta Anomaly Benchmark")?;
        for (name, text, ..) in SERIES {
            self.feed(
                &[
                    "metrics", "send", "--file", "-", "--format", "csv", "--name", name,
                ],
                text,
            )?;
        }
        say("4. The agent sends this host's own metrics")?;
        for _ in 0..LOOKS {
            self.show(&["agent", "--once"])?;
        }
        say("5. Read them back")?;
        for (name, _, from, until) in SERIES {
            self.show(&[
                "metrics", "get", name, "--from", from, "--until", until, "--format", "chart",
            ])?;
        }
        self.show(&[
            "metrics",
            "get",
            "*.load.load.shortterm",
            "--from",
            "-10min",
            "--format",
            "chart",
        ])?;
        self.show(&["metrics", "list", "*"])?;
        say("6. The same by hand")?;
        self.show(&["iam", "token", "--curl"])?;
        if once {
            return Ok(None);
        }
        let agent = self
            .command(&["agent"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the agent")?;
        say(&format!(
            "Serving on {url}, and the agent sends every 10 s. Use the command line from another terminal:\n\n    export IBMCLOUD_CONFIG_HOME={}\n\nCtrl-C ends both; the data stays in {}.",
            self.configuration().display(),
            self.data.display()
        ))?;
        Ok(Some(agent))
    }

    /// The tour's own login, so that it touches nobody else's.
    fn configuration(&self) -> PathBuf {
        self.data.join("cli")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.vigie);
        command
            .args(arguments)
            .env_remove("VIGIE_HOME")
            .env_remove("VIGIE_API_KEY")
            .env("IBMCLOUD_CONFIG_HOME", self.configuration())
            .stdin(Stdio::null());
        command
    }

    fn show(&self, arguments: &[&str]) -> anyhow::Result<()> {
        announce(arguments)?;
        let status = self
            .command(arguments)
            .status()
            .context("cannot run `vigie`")?;
        check(arguments, status.success())
    }

    fn feed(&self, arguments: &[&str], text: &str) -> anyhow::Result<()> {
        announce(arguments)?;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot run `vigie`")?;
        if let Some(mut input) = child.stdin.take() {
            input
                .write_all(text.as_bytes())
                .context("cannot hand the series over")?;
        }
        let status = child.wait().context("cannot wait for `vigie`")?;
        check(arguments, status.success())
    }
}

fn check(arguments: &[&str], success: bool) -> anyhow::Result<()> {
    if success {
        return Ok(());
    }
    bail!("`vigie {}` failed", arguments.join(" "))
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "\n{text}\n").context("cannot write to standard output")
}

fn announce(arguments: &[&str]) -> anyhow::Result<()> {
    let quoted = |word: &&str| {
        if word.contains(['*', ' ']) {
            format!("'{word}'")
        } else {
            (*word).to_owned()
        }
    };
    let words: Vec<String> = arguments.iter().map(quoted).collect();
    writeln!(std::io::stdout(), "$ vigie {}", words.join(" "))
        .context("cannot write to standard output")
}
