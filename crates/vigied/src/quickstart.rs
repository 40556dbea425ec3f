//! `vigied quickstart`: a server of one's own on this machine, and a tour of it with the real command line.
//!
//! The tour itself is in `tour.rs`. A second run goes on with the same data.

mod tour;

use crate::boot;
use crate::cli::{QuickstartArgs, SettingArgs};
use crate::config::Settings;
use crate::data_dir;
use crate::init;
use crate::serve;
use anyhow::{Context, bail};
use iam::bootstrap::Request;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tour::Tour;

pub(crate) use tour::word;

/// The owner's API key lies in the data folder, readable by its owner alone: this server is for one person's own use.
const KEY_FILE: &str = "quickstart-key";

/// How long the agent may take to stop; what it has not sent by then lies in its buffer.
const AGENT_STOP_LIMIT: Duration = Duration::from_secs(2);

/// Runs the tour, and serves on until Ctrl-C unless it is for once.
pub(crate) async fn run(
    arguments: &QuickstartArgs,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let vigie = command_line()?;
    let data = std::path::absolute(&arguments.data).context("cannot resolve the data folder")?;
    let is_new = initialise(settings).await?;
    let signal = serve::stop_signal().await?;
    let (ready, address) = tokio::sync::oneshot::channel::<SocketAddr>();
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let once = arguments.once;
    let place = data.clone();
    let is_stopped = Arc::new(AtomicBool::new(false));
    let (stopping, stopped) = (Arc::clone(&is_stopped), Arc::clone(&is_stopped));
    let tour = tokio::spawn(async move {
        let address = address.await.context("the server did not start")?;
        let tour = Tour {
            vigie,
            data: place,
            address,
            is_new,
            is_stopped: stopped,
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
            () = signal => stopping.store(true, Ordering::Relaxed),
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
    match tour.await? {
        Ok(Some(agent)) => stop_agent(agent)?,
        Ok(None) => {}
        // Whoever stops the tour half-way has stopped the command it was at, too: that is no failure.
        Err(_) if is_stopped.load(Ordering::Relaxed) => {}
        Err(error) => return Err(error),
    }
    if is_stopped.load(Ordering::Relaxed) {
        tour::say(&format!(
            "\nStopped. The data stays in {}; the same command goes on with it.",
            data.display()
        ))?;
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
        "the command line `vigie` is not beside `{}`\nhint: build both with `cargo build --release`, or run `cargo xtask quickstart`",
        own.display()
    )
}

/// Makes the first account, unless an earlier run did; says whether it is new.
async fn initialise(settings: &Settings) -> anyhow::Result<bool> {
    let key = settings.data().join(KEY_FILE);
    if key.exists() {
        return Ok(false);
    }
    let data = settings.data().display();
    if data_dir::database(settings.data()).exists() {
        bail!(
            "`{data}` was made by `vigied init`, and the tour has no key to it\nhint: take another folder with `--data DIR`, or serve this one with `vigied serve --data {data}`"
        );
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
    let made = init::create(settings, &folder, request).await?;
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)
        .with_context(|| format!("cannot create `{}`", key.display()))?;
    let opening = made.opening.context("the owner got no API key")?;
    file.write_all(opening.api_key.expose().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write `{}`", key.display()))?;
    Ok(true)
}

/// Asks the agent to stop, and sees to it. Ctrl-C in a terminal has told it already.
fn stop_agent(mut agent: Child) -> anyhow::Result<()> {
    if let Some(pid) = i32::try_from(agent.id()).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        let _ = kill_process(pid, Signal::TERM);
    }
    let begin = Instant::now();
    while agent
        .try_wait()
        .context("cannot wait for the agent")?
        .is_none()
    {
        if begin.elapsed() > AGENT_STOP_LIMIT {
            agent.kill().context("cannot stop the agent")?;
            agent.wait().context("cannot wait for the agent")?;
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
