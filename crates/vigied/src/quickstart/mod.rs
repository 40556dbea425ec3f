//! `vigied quickstart`: a server on this machine, and a tour of it with the real command line.
//!
//! The tour is in `tour.rs`. A second run uses the same data.

mod command;
mod running_command;
mod screen;
mod tour;

use crate::boot;
use crate::cli::{QuickstartArgs, SettingArgs};
use crate::config::Settings;
use crate::data_dir;
use crate::data_dir::key_of_node;
use crate::data_dir::tour_folder::KEY_FILE;
use crate::lifecycle::serve;
use crate::lifecycle::shutdown::{self, Plan};
use crate::operator::init;
use crate::text::shell::word;
use anyhow::{Context, bail};
use engine::FormatError;
use iam::bootstrap::Request;
use running_command::{RunningCommand, Stopped};
use screen::ReaderGone;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tour::Tour;

/// Runs the tour, then serves until Ctrl-C unless `--once` is given.
pub(crate) async fn run(
    arguments: &QuickstartArgs,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let vigie = command_line()?;
    let data = std::path::absolute(&arguments.data).context("cannot resolve the data folder")?;
    let is_new = initialise(settings).await?;
    let signal = shutdown::signal(Plan::new(settings.shutdown))?;
    let (ready, address) = tokio::sync::oneshot::channel::<SocketAddr>();
    let (done, finished) = tokio::sync::oneshot::channel::<()>();
    let once = arguments.once;
    let place = data.clone();
    let running_command = Arc::new(RunningCommand::default());
    let (held, stopping) = (Arc::clone(&running_command), Arc::clone(&running_command));
    let tour = tokio::spawn(async move {
        let address = address.await.context("the server did not start")?;
        let tour = Tour {
            vigie,
            data: place,
            address,
            is_new,
            running_command: held,
        };
        let walked = tokio::task::spawn_blocking(move || tour.walk(once)).await?;
        // Stop the server after `--once`, and after a tour that failed.
        if once || walked.is_err() {
            let _ = done.send(());
        }
        walked
    });
    let stop = async move {
        tokio::select! {
            // Stop the agent first, so that the server still receives its remaining samples.
            () = signal => stopping.stop().await,
            // While the server runs on, the sender stays open and sends nothing.
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
        Err(error) if error.is::<ReaderGone>() => {}
        Err(error) if !running_command.is_stopped() && !error.is::<Stopped>() => return Err(error),
        Ok(()) if !running_command.is_stopped() => {}
        _ => screen::say(&format!(
            "\nStopped. The data stays in {}; the same command goes on with it.",
            data.display()
        ))?,
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
    let this_program = std::env::current_exe().context("cannot find this program's own file")?;
    let sibling = this_program.with_file_name("vigie");
    if sibling.exists() {
        return Ok(sibling);
    }
    bail!(
        "the command line `vigie` is not beside `{}`\nhint: build both with `cargo build --release`, or run `cargo xtask quickstart`",
        this_program.display()
    )
}

/// The error for samples in the format of another build: the tour can be repeated, so nobody needs to export them.
fn unreadable(error: FormatError, data: &Path) -> anyhow::Error {
    match &error {
        FormatError::OtherVersion(_) => {
            anyhow::anyhow!(
                "`{0}` is from a tour of another build, whose samples this one does not read; nothing was touched\nhint: begin anew: `rm -r {1}`, then `vigied quickstart` again",
                data.display(),
                word(&data.display().to_string()),
            )
        }
        FormatError::Unreadable(_) => error.into(),
    }
}

/// Creates the first account unless an earlier run did; returns whether it is new.
async fn initialise(settings: &Settings) -> anyhow::Result<bool> {
    let key = settings.data().join(KEY_FILE);
    let data = settings.data().display();
    if key.exists() {
        let samples = engine::check_format(&data_dir::samples(settings.data()));
        samples.map_err(|error| unreadable(error, settings.data()))?;
        return Ok(false);
    }
    if data_dir::database(settings.data()).exists() {
        bail!(
            "`{data}` was made by `vigied init`, and the tour has no key to it\nhint: take another folder with `--data DIR`, or serve this one with `vigied serve --data {data}`"
        );
    }
    if settings.database().is_none() {
        key_of_node::refuse(settings.data())?;
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
