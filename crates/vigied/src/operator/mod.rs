//! The operator's commands that change something run in the server on the folder, or on the closed database: so the server
//! knows of a change when the command returns, and no command bypasses its memory.

pub(crate) mod account;
pub(crate) mod account_deletion;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod confirm;
pub(crate) mod deleted;
mod deletion_state;
pub(crate) mod health;
pub(crate) mod identity_place;
pub(crate) mod init;
pub(crate) mod invitation;
pub(crate) mod key_file;
pub(crate) mod keys;
pub(crate) mod login_address;
pub(crate) mod output;
pub(crate) mod sender_keys;
mod sender_secret;
pub(crate) mod user;
pub(crate) mod workload_accounts;

use crate::boot;
use crate::cli::deleted::DeletedCommand;
use crate::cli::{AccountCommand, Cli, Command, InvitationCommand, KeysCommand, UserCommand};
use crate::config::Settings;
use crate::control;
use crate::data_dir::{self, DataDirError};
use crate::http::advertised_address::AdvertisedAddress;
use crate::operator::login_address::LoginAddress;
use anyhow::{Context, bail};
use base::store::SampleStore;
use clap::Parser;
use iam::Iam;
use iam::audit::{Action, Entry, Origin};
use rustix::process::geteuid;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for a server that starts or stops.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// Whether a command changes something. Commands that only read run beside a server.
pub(crate) fn is_change(command: &Command) -> bool {
    match command {
        Command::Account(AccountCommand::List { .. })
        | Command::Deleted(DeletedCommand::List { .. })
        | Command::Invitation(InvitationCommand::List { .. })
        | Command::Keys(KeysCommand::List { .. })
        | Command::User(UserCommand::List { .. }) => false,
        Command::Account(AccountCommand::Limit(arguments)) => !arguments.changes.is_empty(),
        Command::Account(AccountCommand::Addresses(arguments)) => arguments.allowed.is_some(),
        _ => true,
    }
}

/// The file with the credentials that a command made, if there is one.
pub(crate) fn key_file(command: &Command) -> Option<&Path> {
    match command {
        Command::Account(AccountCommand::Create(arguments)) => arguments.key_file.as_deref(),
        Command::User(UserCommand::NewKey { key_file, .. }) => key_file.as_deref(),
        _ => None,
    }
    .filter(|file| file.exists())
}

/// Runs a command of the command line; returns its output.
pub(crate) async fn run(settings: &Settings, command: &Command) -> anyhow::Result<String> {
    boot::require_initialised(settings)?;
    if !is_change(command) {
        let iam = boot::identity_of_operator(settings).await?;
        let text = perform(&CommandContext::closed(settings), &iam, command).await;
        iam.close().await;
        return text;
    }
    match command {
        Command::Account(AccountCommand::Delete(arguments))
            if !account_deletion::is_confirmed(settings, arguments).await? =>
        {
            return Ok(account_deletion::declined(arguments));
        }
        Command::Deleted(DeletedCommand::Purge(arguments))
            if !deleted::is_confirmed(settings, arguments).await? =>
        {
            return Ok(deleted::declined(arguments));
        }
        _ => {}
    }
    let begun = Instant::now();
    loop {
        match data_dir::holder(settings.data()).context("cannot look at the folder's lock")? {
            None => match on_closed_database(settings, command).await {
                // Another process was faster.
                Err(error) if is_locked(&error) && begun.elapsed() < PATIENCE => {}
                done => return done,
            },
            Some(process) => match control::send(settings.data(), &arguments()?) {
                Ok(answer) => return answer,
                Err(error) if !is_soon(&error) || begun.elapsed() > PATIENCE => {
                    return Err(error).with_context(|| {
                        format!("the server on this folder (process {process}) cannot be reached\nhint: run this as its user; if it is another version, stop it first, and run this while it is down")
                    });
                }
                // The server is starting or stopping.
                Err(_) => {}
            },
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the socket may appear soon.
fn is_soon(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

fn is_locked(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<DataDirError>(),
        Some(DataDirError::Locked { .. })
    )
}

/// Runs a command on the closed database, with the lock of the folder, so that no server starts meanwhile.
async fn on_closed_database(settings: &Settings, command: &Command) -> anyhow::Result<String> {
    // The folder is missing if the server runs on another machine and shares its database.
    let folder = match settings.data().exists() {
        true => Some(boot::folder(settings)?),
        false => None,
    };
    let iam = boot::identity_of_operator(settings).await?;
    let origin = Origin::operator(Some(geteuid().as_raw()));
    let text = origin
        .scope(perform(&CommandContext::closed(settings), &iam, command))
        .await;
    iam.close().await;
    drop(folder);
    text
}

/// Runs a command in the server.
pub(crate) async fn run_in_server(
    (settings, advertised_address): (&Settings, &AdvertisedAddress),
    iam: &Iam,
    store: &Arc<dyn SampleStore>,
    arguments: &[String],
    uid: Option<u32>,
) -> anyhow::Result<String> {
    let program = std::iter::once("vigied").chain(arguments.iter().map(String::as_str));
    let cli = Cli::try_parse_from(program).map_err(|_| {
        anyhow::anyhow!("the server does not know this command: it is of another version\nhint: restart the server with this one")
    })?;
    // Read recent changes of other nodes, as a command on the closed database does.
    iam.read_changes().await?;
    let context = CommandContext {
        settings,
        login_address: LoginAddress::of_server(advertised_address),
        store: Some(store),
    };
    let work = perform(&context, iam, &cli.command);
    Origin::operator(uid).scope(work).await
}

/// The context of a command.
struct CommandContext<'a> {
    settings: &'a Settings,
    /// The server's address to print.
    login_address: LoginAddress,
    /// The store, if the command runs in the server.
    store: Option<&'a Arc<dyn SampleStore>>,
}

impl<'a> CommandContext<'a> {
    /// For a closed folder.
    fn closed(settings: &'a Settings) -> Self {
        Self {
            settings,
            login_address: LoginAddress::of_settings(settings),
            store: None,
        }
    }
}

/// Runs a command; returns its output.
async fn perform(
    context: &CommandContext<'_>,
    iam: &Iam,
    command: &Command,
) -> anyhow::Result<String> {
    let CommandContext {
        settings,
        login_address,
        store,
    } = context;
    match command {
        Command::Account(command) => {
            account::perform((settings, login_address), iam, *store, command).await
        }
        Command::Deleted(command) => deleted::perform(settings, iam, command).await,
        Command::Invitation(command) => invitation::perform(login_address, iam, command).await,
        Command::Keys(command) => keys::perform(settings, store.is_some(), iam, command).await,
        Command::SenderSecret(arguments) => sender_secret::perform(settings, iam, arguments).await,
        Command::User(command) => user::perform(login_address, iam, command).await,
        _ => bail!("this command cannot be run by a running server"),
    }
}

/// Records in the audit what the operator did to files of the folder. The change is already made, so a failure is only
/// reported.
pub(crate) async fn enter(settings: &Settings, action: Action, target: &str) -> String {
    let entered = async {
        let iam = boot::identity_of_operator(settings).await?;
        let entry = async { iam.enter(Entry::by_operator(action).on(target)).await };
        let origin = Origin::operator(Some(geteuid().as_raw()));
        let entered = origin.scope(entry).await;
        iam.close().await;
        anyhow::Ok(entered?)
    };
    match entered.await {
        Ok(()) => String::new(),
        Err(error) => format!("It is not entered in the audit: {error:#}\n"),
    }
}

/// The arguments of this process for the server, which has another working directory: the path of the key file is made
/// absolute.
fn arguments() -> anyhow::Result<Vec<String>> {
    let given = std::env::args_os().skip(1);
    let read = |word: std::ffi::OsString| word.into_string().ok();
    let read: Option<Vec<String>> = given.map(read).collect();
    let read = read.context("an argument is not valid text")?;
    let here = std::env::current_dir().context("cannot find the working directory")?;
    Ok(with_full_path(read, "--key-file", &here))
}

/// The arguments with an absolute path after `flag`.
fn with_full_path(arguments: Vec<String>, flag: &str, here: &Path) -> Vec<String> {
    let full = |path: &str| here.join(path).display().to_string();
    let mut is_path = false;
    let each = arguments.into_iter().map(|word| {
        if std::mem::take(&mut is_path) {
            return full(&word);
        }
        is_path = word == flag;
        let joined = word
            .strip_prefix(flag)
            .and_then(|rest| rest.strip_prefix('='));
        joined.map_or_else(|| word.clone(), |path| format!("{flag}={}", full(path)))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_for_a_key_is_named_in_full() {
        let named = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            with_full_path(words, "--key-file", Path::new("/srv/ops"))
        };
        assert_eq!(
            named(&[
                "account",
                "create",
                "A",
                "--key-file",
                "key.json",
                "key.json"
            ]),
            [
                "account",
                "create",
                "A",
                "--key-file",
                "/srv/ops/key.json",
                "key.json"
            ]
        );
        assert_eq!(
            named(&["--key-file=keys/a.json", "--key-file=/b.json"]),
            ["--key-file=/srv/ops/keys/a.json", "--key-file=/b.json"]
        );
        assert_eq!(named(&["--key-file"]), ["--key-file"]);
    }
}
