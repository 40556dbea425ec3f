//! The arguments of `vigied health`.

use super::output::OutputArgs;
use super::settings::DatabaseArgs;
use clap::Args;

/// The arguments of `health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Ask again until it is ready, for this many seconds at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
