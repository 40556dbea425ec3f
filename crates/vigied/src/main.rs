//! `vigied`: the Vigie server. This file only dispatches; `ARCHITECTURE.md` is the map.

mod app;
mod backup;
mod boot;
mod cli;
mod config;
mod control;
mod data_dir;
mod failure;
mod http;
mod lifecycle;
mod mail;
mod net;
mod operations;
mod operator;
mod query;
mod quickstart;
mod request;
mod route;
mod self_metrics;
mod senders;
mod store;
mod text;

use anyhow::Context;
use clap::Parser;
use cli::{Cli, Command, ConfigCommand, OperationsCommand, Output, SettingArgs};
use config::{ConfigError, Layers, Resolved, Settings};
use data_dir::private_files;
use failure::coded_error::CodedError;
use lifecycle::{logging, serve, shutdown};
use operator::identity_place::with_database_of_server;
use operator::{audit, health, init, output, sender_keys, workload_accounts};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::of_usage(&error),
    };
    match run(cli) {
        Ok(code) => code,
        Err(error) => failure::of(&error),
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Init(arguments) => {
            let (settings, resolved) = settings(&arguments.settings)?;
            start_quiet_logging(&settings, &resolved)?;
            let made = runtime()?.block_on(init::init(&settings, &arguments))?;
            print_opening(
                &made.text,
                made.kept.as_deref(),
                "the account is made, but its password and API key could not be shown\nhint: nobody knows them; move the data folder away and run `vigied init` again",
            )?;
        }
        Command::Audit(arguments) => {
            let (settings, _) = settings(&arguments.database.settings())?;
            let settings = with_database_of_server(settings);
            let mut out = std::io::BufWriter::new(std::io::stdout());
            let done = runtime()?.block_on(audit::run(&settings, &arguments, &mut out));
            match done
                .as_ref()
                .map_err(|error| error.downcast_ref::<std::io::Error>())
            {
                // The reader has closed the pipe.
                Err(Some(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                _ => done?,
            }
        }
        Command::Backup(arguments) => {
            let (settings, resolved) = settings(&arguments.database.settings())?;
            start_quiet_logging(&settings, &resolved)?;
            let settings = with_database_of_server(settings);
            print(&runtime()?.block_on(operator::backup::run(&settings, &arguments))?)?;
        }
        command @ (Command::Account(_)
        | Command::Deleted(_)
        | Command::Invitation(_)
        | Command::Keys(_)
        | Command::SenderSecret(_)
        | Command::User(_)) => {
            let (settings, resolved) = settings(&operators_database(&command))?;
            start_quiet_logging(&settings, &resolved)?;
            let settings = with_database_of_server(settings);
            let text = runtime()?.block_on(operator::run(&settings, &command))?;
            if operator::is_change(&command) {
                print_opening(
                    &text,
                    operator::key_file(&command),
                    "the command was carried out, but its answer could not be shown\nhint: what exists is shown by `vigied account list`, `vigied user list` and `vigied keys list`; a code or key is made anew by running the command again",
                )?;
            } else {
                print(&text)?;
            }
        }
        Command::Serve(arguments) => {
            let (settings, _) = settings(&arguments.settings)?;
            start_logging(&settings)?;
            let stop = shutdown::signal(shutdown::Plan::new(settings.shutdown))?;
            let runtime = runtime()?;
            let served = runtime.block_on(async {
                let ready = |address| {
                    print_once(&format!("{address}\n")).context("cannot print the address")
                };
                serve::serve(&settings, ready, stop).await
            });
            // Dropping the runtime would wait for threads that may be stuck.
            runtime.shutdown_background();
            served?;
        }
        Command::Quickstart(arguments) => {
            let (settings, _) = settings(&quickstart::setting_arguments(&arguments))?;
            start_logging(&settings)?;
            let runtime = runtime()?;
            let walked = runtime.block_on(quickstart::run(&arguments, &settings));
            runtime.shutdown_background();
            return walked;
        }
        Command::Operations(OperationsCommand::Token { database, output }) => {
            let (settings, _) = settings(&database.settings())?;
            let settings = with_database_of_server(settings);
            boot::require_initialised(&settings)?;
            private_files::check_folder(settings.data(), settings.allow_readable_secrets())?;
            let token = operations::token::make(settings.data())?;
            let action = iam::audit::Action::OperationsTokenMade;
            let entering = operator::enter(&settings, action, "operations.token");
            // Standard output is for the token alone.
            let text = runtime()?.block_on(entering);
            let _ = write!(std::io::stderr(), "{text}");
            let facts = serde_json::json!({"token": token.expose()});
            let text = output::one(output.output, &facts, || format!("{}\n", token.expose()));
            print_once(&text).context(
                "the token is made, but could not be shown\nhint: run the command again for another",
            )?;
        }
        Command::Config(ConfigCommand::Check {
            settings: arguments,
            output,
        }) => {
            let (settings, resolved) = settings(&arguments)?;
            for stray in config::unknown_variables(std::env::vars_os()) {
                // Warnings go to standard error in both forms of output.
                let _ = writeln!(std::io::stderr(), "warning: {stray}");
            }
            // The files may be those of another machine, for which the settings are.
            if let Err(error) = net::tls::Tls::of(&settings) {
                let _ = writeln!(
                    std::io::stderr(),
                    "warning: no server starts here: {error:#}"
                );
            }
            let issuers = boot::workloads::complaints(&settings)?;
            let accounts = boot::workloads::fixed_accounts(&settings)?;
            let runtime = runtime()?;
            let accounts = runtime.block_on(workload_accounts::complaints(&settings, accounts));
            let keys = runtime.block_on(sender_keys::complaints(&settings));
            for complaint in issuers.into_iter().chain(accounts).chain(keys) {
                let _ = writeln!(std::io::stderr(), "warning: {complaint}");
            }
            match output {
                Output::Text => print(&config::check::as_text(&settings, &resolved))?,
                Output::Json => print(&format!(
                    "{:#}\n",
                    config::check::as_json(&settings, &resolved)
                ))?,
            }
        }
        Command::Config(ConfigCommand::Reference) => print(&config::check::reference())?,
        Command::Routes(arguments) => print(&routes(arguments.output))?,
        Command::Health(arguments) => {
            let (settings, _) = settings(&arguments.database.settings())?;
            let output = arguments.output.output;
            print(&health::ask(&settings, arguments.wait, output)?)?;
        }
        Command::Completion(arguments) => print(&cli::generated::completion(arguments.shell)?)?,
        Command::Man(arguments) => cli::generated::write(&arguments.into)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the log, and warns of variables that look like settings.
fn start_logging(settings: &Settings) -> anyhow::Result<()> {
    start_logging_at(&settings.log_level, settings)
}

/// Starts the log for a command that prints its own output: unless a level is set, it logs only warnings and errors.
fn start_quiet_logging(settings: &Settings, resolved: &[Resolved]) -> anyhow::Result<()> {
    let is_set = resolved
        .iter()
        .any(|entry| entry.setting.key == "log.level" && entry.source != config::Source::Default);
    let level = if is_set { &settings.log_level } else { "warn" };
    start_logging_at(level, settings)
}

fn start_logging_at(level: &str, settings: &Settings) -> anyhow::Result<()> {
    logging::start(level, settings.log_format)?;
    for stray in config::unknown_variables(std::env::vars_os()) {
        tracing::warn!("a variable is not used: {stray}");
    }
    Ok(())
}

/// The database of an operator's command.
fn operators_database(command: &Command) -> SettingArgs {
    match command {
        Command::Account(command) => command.database().settings(),
        Command::Deleted(command) => command.database().settings(),
        Command::Invitation(command) => command.database().settings(),
        Command::Keys(command) => command.database().settings(),
        Command::SenderSecret(arguments) => arguments.database.settings(),
        Command::User(command) => command.database().settings(),
        _ => SettingArgs::default(),
    }
}

/// Prints output that can be requested again: a closed pipe is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match print_once(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot print the answer"),
    }
}

/// Prints credentials. If a file has them, they are not lost with the output.
fn print_opening(text: &str, kept: Option<&Path>, lost: &'static str) -> anyhow::Result<()> {
    let Some(file) = kept else {
        return print_once(text).context(lost);
    };
    print(text).with_context(|| {
        format!(
            "the account is made, and what opens it is in `{}`",
            file.display()
        )
    })
}

/// Prints output that is shown only once: if nobody can see it, that is an error.
fn print_once(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Resolves the settings of the three layers.
fn settings(arguments: &SettingArgs) -> anyhow::Result<(Settings, Vec<Resolved>)> {
    let environment = config::environment(std::env::vars_os());
    let flags = arguments.flags();
    let data = flags
        .iter()
        .rev()
        .find(|(key, ..)| key == "data")
        .map(|(.., value)| value.clone())
        .or_else(|| environment.get("VIGIE_DATA").cloned())
        .unwrap_or_else(|| "vigie-data".to_owned());
    let data = std::path::Path::new(&data);
    let file = match &arguments.config {
        Some(path) => {
            private_files::check_no_link_inside(path, data)?;
            Some(config::read_file(path)?)
        }
        None => config::read_file_of_folder(data)?,
    };
    let resolved = config::resolve(&Layers {
        file,
        environment,
        flags,
    })
    .map_err(|error| match error {
        ConfigError::Flag { .. } => CodedError::usage("invalid_value", error.to_string()).into(),
        other => anyhow::Error::new(other),
    })?;
    Ok((Settings::new(&resolved)?, resolved))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A thread that is never idle sees after so many polls who else has sent something. One poll may take half a millisecond.
        .event_interval(4)
        .build()
        .context("cannot start the runtime")
}

fn routes(output: Output) -> String {
    let table = route::table();
    match output {
        Output::Json => {
            let rows: Vec<serde_json::Value> = table
                .iter()
                .map(|route| {
                    serde_json::json!({
                        "method": route.verb,
                        "path": route.path,
                        "guard": route.guard.word(),
                        "errors": route.form.word(),
                        "work": route.work.word(),
                        "body": route.body_limit.word(),
                    })
                })
                .collect();
            format!("{:#}\n", serde_json::Value::Array(rows))
        }
        Output::Text => {
            let row = |route: &request::routes::Route| {
                [
                    route.verb,
                    route.path,
                    route.guard.word(),
                    route.form.word(),
                    route.work.word(),
                    route.body_limit.word(),
                ]
                .map(str::to_owned)
            };
            let rows: Vec<_> = table.iter().map(row).collect();
            let heads = ["Method", "Path", "Guard", "Errors", "Work", "Body"];
            text::columns::columns(heads, &rows)
        }
    }
}
