//! The commands, one file each; here only which there are and where they lead.

pub(crate) mod agent;
pub(crate) mod iam;
pub(crate) mod metrics;
pub(crate) mod tokens;
pub(crate) mod version;

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The first word after the program's name.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tokens, API keys, and the older names of organization and space commands
    #[command(subcommand)]
    Iam(iam::Iam),
    /// Cloud Foundry: the UAA token
    #[command(subcommand)]
    Cf(tokens::Cf),
    /// Send, read, list and delete metrics
    #[command(subcommand)]
    Metrics(metrics::Metrics),
    /// Send this host's own metrics until told to stop
    Agent(agent::AgentArgs),
    /// Print the version
    #[command(visible_alias = "v")]
    Version,
}

/// Runs a command.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Iam(command) => iam::run(command, context),
        Command::Cf(command) => tokens::cf(command, context),
        Command::Metrics(command) => metrics::run(command, context),
        Command::Agent(args) => agent::run(args, context),
        Command::Version => version::run(context),
    }
}
