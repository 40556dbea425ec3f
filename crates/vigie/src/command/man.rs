//! `man`: writes the manual pages, for packagers.

use crate::error::Failure;
use clap::Args;
use std::path::PathBuf;

/// Write the manual pages
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder to write them into
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
}

/// Writes a page for the program and for each of its commands.
pub(crate) fn run(args: &ManArgs, grammar: clap::Command) -> Result<(), Failure> {
    let grammar = grammar.version(env!("NAMED_VERSION"));
    clap_mangen::generate_to(grammar, &args.into)
        .map_err(|error| Failure::file("write manual pages into", &args.into, &error))
}
