//! `metrics`: one command per file, and their shared code.

mod branch;
mod delete;
mod drawing;
mod first_line;
mod get;
mod get_args;
mod input;
mod input_format;
mod json_input;
mod list;
mod one_form;
mod pipe;
mod progress;
mod readings;
mod recognise;
mod replaces;
mod schemas;
mod send;
mod server_clock;
mod settings;
mod span;
mod sparklines;
mod stop;
mod tally;
mod time_range;
mod unit;
mod unmatched;
mod unpacking;
mod watch;
mod zone;

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `metrics`.
#[derive(Debug, Subcommand)]
pub(crate) enum Metrics {
    /// Send samples: from arguments, a file or standard input
    Send(send::SendArgs),
    /// Read samples: as a table, sparkline, chart, CSV or JSON
    Get(get::GetArgs),
    /// Show the tree of metric names
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Delete metrics, or their samples of a time
    Delete(delete::DeleteArgs),
    /// Show or change how samples are read
    Settings(settings::SettingsArgs),
    /// Show or change how far apart values stand, and what several samples become, by name
    #[command(subcommand)]
    Schemas(schemas::Schemas),
}

/// Runs one of them.
pub(crate) fn run(command: &Metrics, context: &Context) -> Result<(), Failure> {
    match command {
        Metrics::Send(args) => send::run(args, context),
        Metrics::Get(args) => get::run(args, context),
        Metrics::List(args) => list::run(args, context),
        Metrics::Delete(args) => delete::run(args, context),
        Metrics::Settings(args) => settings::run(args, context),
        Metrics::Schemas(command) => schemas::run(command, context),
    }
}
