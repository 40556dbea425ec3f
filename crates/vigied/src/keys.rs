//! `vigied keys`: the signing keys of a data folder, also while a server runs on it. A change is told to that server at once,
//! and the command says whether it was obeyed.

use crate::cli::{KeysCommand, Output};
use crate::columns::columns;
use crate::config::Place;
use crate::config::Settings;
use crate::operations::client;
use crate::{boot, data_dir, operator, private_files};
use anyhow::{Context, bail};
use base::time::{Clock, SystemClock};
use iam::audit::Action;
use iam::token::key_folder::{self, StoredKey};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a server may take to obey.
const OBEY_LIMIT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Runs a command of `vigied keys`; returns what it prints.
pub(crate) fn run(settings: &Settings, command: &KeysCommand) -> anyhow::Result<String> {
    boot::require_initialised(settings)?;
    private_files::check_folder(settings.data(), settings.allow_readable_secrets())?;
    let folder = data_dir::keys(settings.data());
    match command {
        KeysCommand::List { output, .. } => Ok(list(&folder, *output)?),
        KeysCommand::Rotate { .. } => {
            let kid = key_folder::create(&folder, SystemClock.now())?;
            let entered = enter(settings, Action::SigningKeyMade, &kid)?;
            let told = tell(settings, |keys| keys.last() == Some(&kid))?;
            Ok(format!(
                "Made the signing key {kid}\n{entered}{told}Tokens of the older keys are good until they expire; `vigied keys retire KID` ends one at once.\n"
            ))
        }
        KeysCommand::Retire { kid, .. } => {
            key_folder::retire(&folder, kid)?;
            let told = tell(settings, |keys| !keys.contains(kid));
            let entered = enter(settings, Action::SigningKeyRetired, kid)?;
            let told = told?;
            Ok(format!(
                "Retired the signing key {kid}: no token it has signed opens anything\n{entered}{told}"
            ))
        }
    }
}

fn list(folder: &Path, output: Output) -> anyhow::Result<String> {
    let keys = key_folder::list(folder)?;
    let signing = keys.iter().rev().find(|key| !key.is_retired).cloned();
    let state = |key: &StoredKey| match key.is_retired {
        true => "retired",
        false if Some(key) == signing.as_ref() => "signs",
        false => "verifies",
    };
    if output == Output::Json {
        let rows: Vec<Value> = keys
            .iter()
            .map(|key| json!({"kid": key.kid, "state": state(key)}))
            .collect();
        return Ok(format!("{:#}\n", Value::Array(rows)));
    }
    let rows: Vec<[String; 2]> = keys
        .iter()
        .map(|key| [key.kid.clone(), state(key).to_owned()])
        .collect();
    Ok(columns(["Key", "State"], &rows))
}

/// Enters it in the audit, of which the keys need nothing: one that was stolen goes also while the database is away.
fn enter(settings: &Settings, action: Action, kid: &str) -> anyhow::Result<String> {
    Ok(crate::runtime()?.block_on(operator::enter(settings, action, kid)))
}

/// Has the server on the folder read its keys again, and waits until it has.
fn tell(settings: &Settings, obeyed: impl Fn(&[String]) -> bool) -> anyhow::Result<String> {
    let data = settings.data();
    let Some(process) = data_dir::holder(data).context("cannot look at the folder's lock")? else {
        return Ok("No server runs on this folder.\n".to_owned());
    };
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let pid = pid.context("the folder's lock names no process")?;
    kill_process(pid, Signal::HUP).with_context(|| {
        format!("the change is made, but the server (process {process}) could not be told\nhint: run `kill -HUP {process}` as its user, or restart it")
    })?;
    let Place::Socket(socket) = settings.operations() else {
        return Ok(format!(
            "The server (process {process}) was told to read its keys again; its log says whether it has.\n"
        ));
    };
    let begun = Instant::now();
    loop {
        if in_force(&socket).is_some_and(|keys| obeyed(&keys)) {
            return Ok(format!(
                "The server (process {process}) has read its keys again.\n"
            ));
        }
        if begun.elapsed() > OBEY_LIMIT {
            bail!(
                "the change is made, but the server (process {process}) does not show it\nhint: its log says why; a restart takes it up for sure"
            );
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// The keys that the server says it uses.
fn in_force(socket: &Path) -> Option<Vec<String>> {
    let text = client::get(socket, "/health/ready").ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    let keys = value.get("signing_keys")?.as_array()?.iter();
    Some(
        keys.filter_map(|key| key.as_str().map(str::to_owned))
            .collect(),
    )
}
