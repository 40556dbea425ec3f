//! The arguments of `vigied completion` and `vigied man`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The arguments of `completion`.
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

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder to write them into.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
}
