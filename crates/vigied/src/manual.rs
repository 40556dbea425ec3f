//! What is made from the grammar of the command line: completion scripts and manual pages.

use crate::cli::Cli;
use anyhow::Context;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell as Generator, generate};
use std::path::{Path, PathBuf};

/// What `completion` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vigied completion bash > /usr/local/share/bash-completion/completions/vigied")]
pub(crate) struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// A shell that we have a script for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What `man` takes.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder to write them into.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
}

/// The completion script for a shell.
pub(crate) fn completion(shell: Shell) -> anyhow::Result<String> {
    let generator = match shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
    };
    let mut script = Vec::new();
    generate(generator, &mut Cli::command(), "vigied", &mut script);
    String::from_utf8(script).context("the completion script is no text")
}

/// Writes a manual page for the program and for each of its commands.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("cannot write manual pages into `{}`", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        for page in ["vigied.1", "vigied-serve.1", "vigied-account-create.1"] {
            let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
        }
        assert!(!folder.path().join("vigied-man.1").exists());
    }
}
