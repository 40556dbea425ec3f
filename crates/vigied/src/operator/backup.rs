//! `vigied backup`: a complete copy of a data folder. A running server makes it itself, on request over the control socket;
//! otherwise this process makes it while it holds the lock of the folder.

use crate::backup::audited;
use crate::backup::make::{self, BackupSummary, CopiedKey, Source};
use crate::boot;
use crate::cli::BackupArgs;
use crate::config::Settings;
use crate::control;
use crate::data_dir;
use crate::data_dir::keys;
use crate::data_dir::private_files;
use crate::failure::coded_error::CodedError;
use crate::operator::output;
use crate::text::shell::word;
use anyhow::Context;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Interval of progress requests to the server.
const POLL: Duration = Duration::from_millis(100);

/// Makes a backup; returns the output.
pub(crate) async fn run(settings: &Settings, arguments: &BackupArgs) -> anyhow::Result<String> {
    boot::require_initialised(settings)?;
    private_files::check_folder(settings.data(), settings.allow_readable_secrets())?;
    let target = target(&arguments.target, settings.data())?;
    let holder = data_dir::holder(settings.data()).context("cannot look at the folder's lock")?;
    let made = match holder {
        Some(_) => by_the_server(settings, &target).await?,
        None => of_a_closed_folder(settings, &target).await?,
    };
    Ok(output::one(arguments.output, &made.json(&target), || {
        text(&made, &target, settings)
    }))
}

/// The absolute path of the target.
fn target(asked: &Path, data: &Path) -> anyhow::Result<PathBuf> {
    let target =
        std::path::absolute(asked).context("cannot find out where that folder would be")?;
    make::check_target(&target, data)?;
    Ok(target)
}

async fn of_a_closed_folder(settings: &Settings, target: &Path) -> anyhow::Result<BackupSummary> {
    let folder = boot::folder(settings)?;
    let clock = std::sync::Arc::new(base::time::SystemClock);
    let iam = boot::identity_of_operator(settings).await?;
    let store = boot::store(settings, &folder, clock).await?;
    let source = Source {
        data: settings.data(),
        store: &store,
        iam: &iam,
        encryption_key_file: settings.tokens.encryption_key_file.as_deref(),
    };
    let uid = rustix::process::geteuid().as_raw();
    let made = audited::make_audited(&source, target, Some(uid)).await;
    iam.close().await;
    made
}

async fn by_the_server(settings: &Settings, target: &Path) -> anyhow::Result<BackupSummary> {
    let path = target
        .to_str()
        .context("the folder's path is not UTF-8, so the server cannot be given it")?;
    let query = wire::query::encode(&[("to", path)]);
    let data = settings.data();
    let asked = control::ask(data, "POST", &format!("/backup?{query}")).with_context(|| {
        format!(
            "a server runs on this folder and does not answer at `{}`\nhint: run this as its user; if it is another version, stop it first, and run this on the closed folder",
            control::path(data).display()
        )
    })?;
    if asked.status != 202 {
        return Err(refusal(&asked.body).into());
    }
    loop {
        tokio::time::sleep(POLL).await;
        let state = control::ask(data, "GET", "/backup")
            .context("the server is gone, and there is no backup")?;
        let state: Value = serde_json::from_str(&state.body)
            .context("the server's answer about the backup is not understood")?;
        match word_of(&state, "state") {
            Some("running") => {}
            Some("done") if word_of(&state, "target") == Some(path) => {
                return BackupSummary::read(&state)
                    .context("the server's answer is not understood");
            }
            _ => return Err(failed(&state, "the backup failed").into()),
        }
    }
}

/// A string field of an answer.
fn word_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// The error in an answer, with its hint.
fn refusal(body: &str) -> CodedError {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    failed(&value, "the server made no backup")
}

/// The error that the server reports, with its code.
fn failed(value: &Value, otherwise: &str) -> CodedError {
    let error = word_of(value, "error").unwrap_or(otherwise);
    let text = match word_of(value, "hint") {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_owned(),
    };
    CodedError::new(word_of(value, "code").unwrap_or("failed"), text)
}

fn text(made: &BackupSummary, target: &Path, settings: &Settings) -> String {
    let path = word(&target.display().to_string());
    let identity = if made.has_identity {
        ""
    } else {
        "The identity is in PostgreSQL and not in this copy: make its own now, with\n  \
         pg_dump --format custom --file identity.dump DATABASE\n"
    };
    let named = settings.tokens.encryption_key_file.clone();
    let file = named.unwrap_or_else(|| keys(settings.data()).join("encryption.key"));
    let file = word(&file.display().to_string());
    let key = match made.encryption_key {
        CopiedKey::Included => String::new(),
        CopiedKey::Elsewhere => format!(
            "The encryption key is not in this copy, and without it no server starts on the copy: keep {file} with it.\n"
        ),
        CopiedKey::Missing => format!(
            "The encryption key is LOST: there is no {file}, and no server starts without it, here or on this copy.\n\
             Bring it back from an earlier backup or another node before the server ends.\n"
        ),
        CopiedKey::Wrong => format!(
            "The encryption key in {file} is ANOTHER one than that of the signing keys: no server starts with it, here or on this copy.\n\
             Bring the right one back from an earlier backup or another node before the server ends.\n"
        ),
    };
    let begin = match made.encryption_key {
        CopiedKey::Included => "To restore it, stop",
        CopiedKey::Elsewhere => "To restore it, with that key in its place, stop",
        CopiedKey::Missing | CopiedKey::Wrong => {
            "To restore it, once that key is back in its place, stop"
        }
    };
    format!(
        "The backup is complete: {path} ({} files, {} bytes).\n{identity}{key}\n\
         {begin} the server and serve the copy, or put it in the place of the data folder:\n  \
         vigied serve --data {path}\n",
        made.files, made.bytes
    )
}
