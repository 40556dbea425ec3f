//! `metrics schemas`: how far apart the values of series stand in Graphite's view, and what several samples become, by name, in the
//! words of carbon's two files.

mod comparison;
mod conf;
mod domain_rules;
mod get;
mod import;
mod known;
mod rule_change;
mod set;
mod unset;

pub(crate) use known::{KnownRule, known_rules};

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `schemas`.
#[derive(Debug, Subcommand)]
pub(crate) enum Schemas {
    Get(get::GetArgs),
    Set(set::SetArgs),
    Unset(unset::UnsetArgs),
    Import(import::ImportArgs),
}

/// Runs one of them.
pub(crate) fn run(command: &Schemas, context: &Context) -> Result<(), Failure> {
    match command {
        Schemas::Get(args) => get::run(args, context),
        Schemas::Set(args) => set::run(args, context),
        Schemas::Unset(args) => unset::run(args, context),
        Schemas::Import(args) => import::run(args, context),
    }
}
