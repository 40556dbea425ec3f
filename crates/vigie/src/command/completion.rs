//! `completion`: what a shell needs to complete commands and flags.

use crate::cli;
use crate::context::Context;
use crate::error::Failure;
use clap::{Args, ValueEnum};
use clap_complete::{Shell as Generator, generate};

/// What `completion` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie completion bash > ~/.local/share/bash-completion/completions/vigie
  vigie completion zsh > \"${fpath[1]}/_vigie\"
  vigie completion fish > ~/.config/fish/completions/vigie.fish")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script for a shell.
pub(crate) fn run(args: &CompletionArgs, context: &Context) -> Result<(), Failure> {
    let generator = match args.shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
    };
    let mut script = Vec::new();
    generate(
        generator,
        &mut cli::grammar(context.name),
        context.name.text(),
        &mut script,
    );
    context.output.generated(&script)
}
