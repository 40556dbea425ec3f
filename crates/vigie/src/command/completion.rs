//! `completion`: prints a script with which a shell completes commands, flags, and names from the server.

mod script;

use self::script::{Shell, script};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  echo 'source <(vigie completion bash)' >> ~/.bashrc
  echo 'autoload -U compinit; compinit; . <(vigie completion zsh)' >> ~/.zshrc
  vigie completion fish > ~/.config/fish/completions/vigie.fish")]
#[command(after_long_help = "\
The script asks `vigie` for the words that could come next. `vigie` asks the server for the names of spaces, \
organizations, regions, accounts, users, API keys and metrics, with the token of the login; the functions of targets it knows \
itself. Pressing Tab never renews \
the token, and an answer that takes longer than a second is left out.

Examples:
  echo 'source <(vigie completion bash)' >> ~/.bashrc
  echo 'autoload -U compinit; compinit; . <(vigie completion zsh)' >> ~/.zshrc
  vigie completion fish > ~/.config/fish/completions/vigie.fish")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for a shell.
pub(crate) fn run(args: &CompletionArgs, context: &Context) -> Result<(), Failure> {
    let script = script(args.shell, context.name);
    context.output.generated(script.as_bytes())
}
