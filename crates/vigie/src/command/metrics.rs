//! `metrics`: one command per file, and their shared code.

mod arrivals;
mod branch;
mod caret;
mod delete;
mod drawing;
mod find;
mod first_line;
mod functions;
mod get;
mod get_args;
mod input;
mod input_format;
mod json_input;
pub(super) mod list;
mod one_form;
pub(super) mod patterns;
pub(super) mod pipe;
mod progress;
mod readings;
mod recognise;
mod rejects;
mod rendered;
pub(super) mod replaces;
pub(crate) mod schemas;
mod send;
mod senders;
mod server_clock;
mod settings;
mod span;
mod sparklines;
pub(super) mod stop;
mod table_lines;
mod tail;
mod tally;
mod time_range;
mod unit;
mod unmatched;
mod unpacking;
mod watch;
pub(crate) mod zone;

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `metrics`.
#[derive(Debug, Subcommand)]
pub(crate) enum Metrics {
    Send(send::SendArgs),
    /// Read samples, or functions of them: as a table, sparkline, chart, picture, CSV or JSON
    Get(get::GetArgs),
    Tail(tail::TailArgs),
    Functions(functions::FunctionsArgs),
    Find(find::FindArgs),
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Delete(delete::DeleteArgs),
    Senders(senders::SendersArgs),
    Rejects(rejects::RejectsArgs),
    Settings(settings::SettingsArgs),
    /// Show or change the interval between values, and how samples are combined, by name
    #[command(subcommand)]
    Schemas(schemas::Schemas),
}

/// Runs one of them.
pub(crate) fn run(command: &Metrics, context: &Context) -> Result<(), Failure> {
    match command {
        Metrics::Send(args) => send::run(args, context),
        Metrics::Get(args) => get::run(args, context),
        Metrics::Tail(args) => tail::run(args, context),
        Metrics::Functions(args) => functions::run(args, context),
        Metrics::Find(args) => find::run(args, context),
        Metrics::List(args) => list::run(args, context),
        Metrics::Delete(args) => delete::run(args, context),
        Metrics::Senders(args) => senders::run(args, context),
        Metrics::Rejects(args) => rejects::run(args, context),
        Metrics::Settings(args) => settings::run(args, context),
        Metrics::Schemas(command) => schemas::run(command, context),
    }
}
