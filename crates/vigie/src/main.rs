//! `vigie`, the command line of Vigie: log in, get a token, send, read, list and delete metrics.
//!
//! It is only a client: it keeps a login in a configuration directory and speaks HTTP. It stores no metrics and verifies no tokens.
//!
//! *The original* is `ibmcloud`, the command line of IBM Cloud, by whose names (`bx`, `bluemix`) and rules old scripts call this program.
//!
//! `iam token` with a valid token must be fast: parse the arguments, read one small file, print one line. So nothing is set up before
//! it is needed: no TLS, no client, no second file.

mod address;
mod argument;
mod chart;
mod cli;
mod client;
mod command;
mod completion;
mod config;
mod context;
mod duration;
mod env;
mod error;
mod figures;
mod foreign_login;
mod links;
mod listings;
mod loopback;
mod missing_role;
mod monitoring;
mod name;
mod origin;
mod output;
mod pages;
mod printable_text;
mod prompt;
mod proxy;
mod receipt;
#[cfg(test)]
mod reference;
mod refused_key;
mod screen;
mod secret_argument;
mod session;
mod stray_variables;
mod targeting;
mod token;
mod trace;
mod transport;
mod trust;

use crate::cli::Cli;
use crate::context::{Context, Name};
use crate::env::Env;
use crate::error::{Failure, Kind};
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let name = Name::of(arguments.first().map(std::ffi::OsString::as_os_str));
    if let Some(code) = completion::answer(name, &arguments, cli::grammar) {
        return code;
    }
    // Determined before parsing, because errors of the parser need it.
    let quiet = arguments
        .iter()
        .any(|argument| argument == "-q" || argument == "--quiet");
    let cli = match Cli::read(name, arguments.clone()) {
        Ok(cli) => cli,
        Err(error) => {
            let format = cli::format_of(&arguments);
            let output = Output::new(name, format, quiet, &Env::of_process(), None);
            return usage_error(name, &output, &error, &arguments);
        }
    };
    ignore_file_size_signal();
    let env = Env::of_process();
    let context = match Context::new(name, env, cli.output, cli.quiet) {
        Ok(context) => context,
        Err(failure) => {
            Output::new(name, cli.output, cli.quiet, &Env::of_process(), None).failure(&failure);
            return exit(name, failure.kind);
        }
    };
    if name == Name::Vigie {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        for warning in stray_variables::warnings(names) {
            context.output.warn(warning);
        }
    }
    match command::run(&cli.command, &context, cli::grammar) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.kind != Kind::BrokenPipe {
                context.output.failure(&failure);
            }
            exit(name, failure.kind)
        }
    }
}

/// Handles `SIGXFSZ`, so that a write beyond the limit on the size of files returns an error instead of killing the process.
fn ignore_file_size_signal() {
    let seen = Arc::default();
    drop(signal_hook::flag::register(
        signal_hook::consts::SIGXFSZ,
        seen,
    ));
}

/// Requested help is a result; everything else is wrong usage.
fn usage_error(
    name: Name,
    output: &Output,
    error: &clap::Error,
    arguments: &[OsString],
) -> ExitCode {
    let text = error.render();
    let help = |text: &str| {
        output
            .text(&PrintableText::lines(text))
            .map_or_else(|failure| exit(name, failure.kind), |()| ExitCode::SUCCESS)
    };
    if !error.use_stderr() {
        return help(&text.to_string());
    }
    let text = on_one_line(text.to_string(), arguments);
    let is_without_command = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_without_command && (name != Name::Vigie || !output.is_json()) {
        // IBM Cloud's CLI prints its help when called without arguments; scripts use this to check that it exists.
        return match name {
            Name::Original(_) => help(&text),
            Name::Vigie => {
                output::to_stderr(&PrintableText::lines(&text));
                exit(name, Kind::Usage)
            }
        };
    }
    let message = text.trim_end().trim_start_matches("error: ");
    output.failure(&match name {
        Name::Vigie if output.is_json() => usage(error, message),
        Name::Vigie => Failure::usage(PrintableText::lines(message)),
        Name::Original(_) => Failure::usage(escaped!(
            "Incorrect Usage: {}",
            PrintableText::lines(message)
        )),
    });
    exit(name, Kind::Usage)
}

/// Wrong usage, for programs: the parser's lines below the error become the hint.
fn usage(error: &clap::Error, message: &str) -> Failure {
    let code = error::code::of_usage(error.kind());
    if code == error::code::MISSING_COMMAND {
        return Failure::usage("the command line ends before its command")
            .coded(code)
            .hint("`vigie --help` lists the commands");
    }
    let (fault, below) = message.split_once("\n\n").unwrap_or((message, ""));
    let failure = Failure::usage(PrintableText::lines(fault.trim())).coded(code);
    match below.trim() {
        "" => failure,
        below => failure.hint(PrintableText::lines(below)),
    }
}

/// Removes line ends from arguments that an error repeats, because they may come from untrusted input.
fn on_one_line(text: String, arguments: &[OsString]) -> String {
    arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .flat_map(|argument| {
            // The parser may repeat a flag without its value, or the value alone.
            let (flag, value) = argument.split_once('=').unwrap_or_default();
            [argument, flag, value]
        })
        .filter(|argument| argument.contains('\n'))
        .fold(text, |text, argument| {
            text.replace(argument, &printable_text::printable(argument))
        })
}

/// IBM Cloud's CLI uses only exit code 1 for failures.
fn exit(name: Name, kind: Kind) -> ExitCode {
    let code = match (name, kind) {
        (Name::Original(_), kind) if !matches!(kind, Kind::Usage | Kind::BrokenPipe) => 1,
        _ => kind.exit_code(),
    };
    ExitCode::from(code)
}
