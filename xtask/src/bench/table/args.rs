//! The words of `cargo xtask bench table`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How the table is made.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// The commit that is compared with
    #[arg(long, default_value = "68a11b5")]
    pub(super) commit: String,
    /// A checkout of that commit, whose folder `benches` is written over; without it one is made under the target folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) baseline: Option<PathBuf>,
    /// This tree's program `cost`, where it is built already (in release, like all of them)
    #[arg(long, value_name = "FILE")]
    pub(super) cost: Option<PathBuf>,
    /// That commit's program `cost`, where it is built already
    #[arg(long, value_name = "FILE")]
    pub(super) baseline_cost: Option<PathBuf>,
    /// That commit's server, where it is built already; `VIGIED` names this tree's
    #[arg(long, value_name = "FILE")]
    pub(super) baseline_vigied: Option<PathBuf>,
    /// How often each is measured, before and now in turn; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    pub(super) pairs: u8,
    /// Measure these alone
    #[arg(long, value_delimiter = ',')]
    pub(super) rows: Vec<Part>,
}

/// Rows that are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// A sample of a known series
    Known,
    /// A series' first sample
    New,
    /// A sample of a JSON body
    Json,
    /// One thread and two
    Threads,
    /// The start with a million series, and the memory of each
    Start,
    /// `POST /v1/metrics` of 2000 samples, the whole process
    Post,
    /// A connection for each request, or one for all
    Connection,
    /// A stranger's write beside the costliest listing
    Listing,
    /// A stranger's write beside a flush of four million samples, and beside flushes and compactions
    Jobs,
    /// 10 000 silent connections and 1000 slow ones
    Crowd,
}
