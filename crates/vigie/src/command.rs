//! The list of commands and their dispatch; each command has a file of its own.
//!
//! A command is a file with its arguments (`…Args`, whose comments are its `--help`) and a function `run` that takes them and the
//! [`Context`]: it says what it is about to do, asks the server, and prints ([`crate::output`]). It is a variant and an arm of the enum of
//! its first word. `CONTRIBUTING.md` has the steps for a new one.

pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod api;
pub(crate) mod api_key;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod deleted;
mod export;
pub(crate) mod iam;
mod import;
mod invitation;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
mod may_delete;
mod members;
pub(crate) mod metrics;
pub(crate) mod no_effect;
pub(crate) mod org;
pub(crate) mod regions;
mod result_writer;
pub(crate) mod role;
mod roles;
mod service_api_key;
pub(crate) mod service_id;
pub(crate) mod space;
pub(crate) mod status;
pub(crate) mod target;
pub(crate) mod tokens;
pub(crate) mod user;
pub(crate) mod version;

use crate::context::{Context, Name};
use crate::error::Failure;
use clap::Subcommand;

/// The first word after the program's name.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Login(login::LoginArgs),
    /// End the session, here and at the server
    Logout,
    Target(target::TargetArgs),
    /// Show who is logged in, where, and until when
    Status,
    Api(api::ApiArgs),
    /// List the regions of the server
    Regions,
    /// Tokens, API keys, service IDs, and the older names of `account` commands
    #[command(subcommand)]
    Iam(iam::Iam),
    /// Accounts, organizations, spaces, users and roles
    #[command(subcommand)]
    Account(account::Account),
    /// Cloud Foundry: the UAA token
    #[command(subcommand)]
    Cf(tokens::cf::Cf),
    /// Send, read, list and delete metrics
    #[command(subcommand)]
    Metrics(metrics::Metrics),
    /// Import old samples, from the files and servers of other programs
    #[command(subcommand)]
    Import(import::Import),
    Export(export::ExportArgs),
    Agent(agent::AgentArgs),
    Config(config::ConfigArgs),
    Completion(completion::CompletionArgs),
    #[command(hide = true)]
    Man(man::ManArgs),
    #[command(hide = true)]
    Plugin(no_effect::plugin::PluginArgs),
    #[command(hide = true)]
    Update(no_effect::update::UpdateArgs),
    /// Print the version
    #[command(visible_alias = "v")]
    Version,
}

/// Runs a command. `grammar` is that of the whole command line.
pub(crate) fn run(
    command: &Command,
    context: &Context,
    grammar: fn(Name) -> clap::Command,
) -> Result<(), Failure> {
    match command {
        Command::Login(args) => login::run(args, context),
        Command::Logout => logout::run(context),
        Command::Target(args) => target::run(args, context),
        Command::Status => status::run(context),
        Command::Api(args) => api::run(args, context),
        Command::Regions => regions::run(context),
        Command::Iam(command) => iam::run(command, context),
        Command::Account(command) => account::run(command, context),
        Command::Cf(command) => tokens::cf::run(command, context),
        Command::Metrics(command) => metrics::run(command, context),
        Command::Import(command) => import::run(command, context),
        Command::Export(args) => export::run(args, context),
        Command::Agent(args) => agent::run(args, context),
        Command::Config(args) => config::run(args, context),
        Command::Completion(args) => completion::run(args, context),
        Command::Man(args) => man::run(args, grammar(context.name)),
        Command::Plugin(args) => no_effect::plugin::run(args, context),
        Command::Update(args) => no_effect::update::run(args, context),
        Command::Version => version::run(context),
    }
}
