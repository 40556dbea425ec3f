//! Shows a command of the tour as a person would type it, runs it, and shows its output.

use super::running_command::{RunningCommand, Stopped};
use super::screen::say;
use crate::text::shell::word;
use anyhow::{Context, bail};
use rustix::process::Signal;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Variables that would lead the command line to another server.
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

/// The command line with the tour's own login, so that it changes no other login.
pub(super) struct CommandLine<'a> {
    pub(super) program: &'a Path,
    pub(super) configuration: PathBuf,
    pub(super) running_command: &'a RunningCommand,
}

impl CommandLine<'_> {
    /// The command, ready to start.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .env("VIGIE_HOME", &self.configuration)
            .stdin(Stdio::null());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command that draws directly on the screen.
    pub(super) fn show(&self, arguments: &[&str]) -> anyhow::Result<()> {
        announce(arguments)?;
        self.running_command
            .start(&mut self.command(arguments), |_| ())?;
        check(arguments, self.running_command.wait()?)
    }

    /// Runs a command, and prints its output after `shorten`.
    pub(super) fn show_short(
        &self,
        arguments: &[&str],
        shorten: impl FnOnce(&str) -> String,
    ) -> anyhow::Result<()> {
        announce(arguments)?;
        let mut command = self.command(arguments);
        let output = self
            .running_command
            .start(command.stdout(Stdio::piped()), |child| child.stdout.take())?;
        let mut text = String::new();
        if let Some(mut output) = output {
            output
                .read_to_string(&mut text)
                .context("cannot read what `vigie` prints")?;
        }
        check(arguments, self.running_command.wait()?)?;
        say(&shorten(&text))
    }
}

fn check(arguments: &[&str], status: ExitStatus) -> anyhow::Result<()> {
    if status.success() {
        return Ok(());
    }
    // Ctrl-C reaches both processes, and the command may end first.
    if status.signal() == Some(Signal::INT.as_raw()) {
        return Err(Stopped.into());
    }
    bail!("`vigie {}` failed", arguments.join(" "))
}

fn announce(arguments: &[&str]) -> anyhow::Result<()> {
    let words: Vec<String> = arguments.iter().map(|argument| word(argument)).collect();
    say(&format!("$ vigie {}", words.join(" ")))
}
