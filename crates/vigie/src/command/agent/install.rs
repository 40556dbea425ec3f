//! `agent install`: writes what keeps an agent running after this terminal is closed. The key is in a file of its own that nobody
//! else can read, never in the unit, which everybody can.

mod args;
mod cron;
mod key;
mod paths;
mod pinned_scope;
mod quoting;
mod seen;
mod service;
mod unit;
mod writing;

pub(super) use self::args::InstallArgs;

use self::key::KeySource;
use self::paths::InstallPaths;
use self::service::AgentService;
use self::writing::{WriteOutcome, write};
use super::run_args::RunArgs;
use crate::address;
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use clap::Parser as _;
use serde::Serialize;

/// The agent's arguments alone, to check them.
#[derive(Debug, clap::Parser)]
#[command(name = "vigie agent", no_binary_name = true, disable_help_flag = true)]
struct Arguments {
    #[command(flatten)]
    run: RunArgs,
}

/// The printed service file, for programs.
#[derive(Serialize)]
struct PrintedService<'a> {
    text: &'a str,
}

/// The installed service, for programs.
#[derive(Serialize)]
struct InstalledService<'a> {
    file: Option<String>,
    key_file: String,
    next: &'static [&'static str],
    text: &'a str,
}

/// Writes the file, or prints it.
pub(super) fn run(args: &InstallArgs, context: &Context) -> Result<(), Failure> {
    let run = check(args)?;
    let paths = InstallPaths::of(args, context)?;
    let server = match context.env.get(env::API) {
        Some(typed) => address::complete(typed)?,
        None => context.api_endpoint().map_err(|failure| {
            failure
                .hint("or name the server in `VIGIE_API`, for example `VIGIE_API=https://SERVER`")
        })?,
    };
    let arguments =
        pinned_scope::arguments(&args.arguments, &run, (&server, paths.is_system), context)?;
    let key = KeySource::find(args, context, &paths)?;
    let agent = AgentService {
        program: program()?,
        server,
        key_file: paths::text(key.path())?,
        ca_file: context
            .env
            .get(env::CA_FILE)
            .map(paths::absolute)
            .transpose()?,
        arguments: &arguments,
    };
    let text = match (args.cron, paths.is_system) {
        (true, is_system) => cron::line(&agent, is_system)?,
        (false, true) => unit::of_machine(&agent)?,
        (false, false) => unit::of_user(&agent)?,
    };
    let output = &context.output;
    if paths.is_system && !args.cron {
        refuse_or_warn(args, output, seen::check(&agent, &run, args.root.is_none()))?;
    }
    refuse_or_warn(args, output, key.check(&paths, output))?;
    if args.print {
        key.print_key_location(output);
        if output.is_json() {
            return output.json(&PrintedService { text: &text });
        }
        return output.text(&PrintableText::lines(&text));
    }
    key.keep(&paths, output)?;
    let next = paths.next();
    // A user's own table of cron is not a file that one writes.
    let file = paths.file.as_ref().map(|path| paths.below_root(path));
    let written = file
        .as_ref()
        .map(|path| write(path, text.as_bytes(), 0o644, args.force))
        .transpose()
        .map_err(|failure| paths.needs_root(failure))?;
    if output.is_json() {
        return output.json(&InstalledService {
            file: file.map(|path| path.display().to_string()),
            key_file: key.path().display().to_string(),
            next,
            text: &text,
        });
    }
    if let (Some(path), Some(written)) = (&file, written) {
        output.say(match written {
            WriteOutcome::New => escaped!("Wrote `{}`:", path.display()),
            WriteOutcome::Same => {
                escaped!("`{}` is there already, and is the same:", path.display())
            }
        })?;
    } else {
        output.say("Add this line with `crontab -e`:")?;
    }
    output.say("")?;
    output.text(&PrintableText::lines(&text))?;
    if !next.is_empty() {
        output.say("")?;
        output.say("Start it:")?;
        for command in next {
            output.say(escaped!("  {}", command))?;
        }
    }
    Ok(())
}

/// A printed unit may be meant for another machine: a reason why it cannot run on this one is told, and is no failure.
fn refuse_or_warn(
    args: &InstallArgs,
    output: &Output,
    checked: Result<(), Failure>,
) -> Result<(), Failure> {
    match checked {
        Err(failure) if args.print => {
            output.warn(failure.message);
            for hint in failure.hints {
                output.note(escaped!("hint: {}", hint));
            }
            Ok(())
        }
        checked => checked,
    }
}

/// Checks whether the agent could be run like this; its arguments.
fn check(args: &InstallArgs) -> Result<RunArgs, Failure> {
    let parsed = Arguments::try_parse_from(&args.arguments);
    let arguments = parsed.map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.trim_start_matches("error: ");
        Failure::usage(escaped!("after `--`: {}", first))
            .hint("what follows it is given to `vigie agent`, which `vigie agent --help` explains")
    })?;
    let run = arguments.run;
    run.check()?;
    run.listeners.check()?;
    if run.print || run.is_counted() {
        return Err(Failure::usage(
            "after `--`: what is installed cannot print, or stop after some readings",
        ));
    }
    if args.cron && !run.listeners.is_empty() {
        return Err(Failure::usage(
            "what cron starts ends after a reading, so nobody could send to it",
        )
        .hint("leave `--cron` out, for a unit of systemd"));
    }
    let buffer = run.buffer.as_deref();
    let named = [buffer, run.textfiles.folder(), Some(run.proc.as_path())];
    if let Some(path) = named.into_iter().flatten().find(|path| path.is_relative()) {
        return Err(Failure::usage(escaped!(
            "after `--`: `{}` is a path from this folder, and what is installed runs elsewhere",
            path.display()
        ))
        .hint("name the whole path, from `/` on"));
    }
    Ok(run)
}

/// The path of this program.
fn program() -> Result<String, Failure> {
    let path = std::env::current_exe()
        .map_err(|error| Failure::failed(format!("cannot find this program's file: {error}")))?;
    paths::text(&path)
}
