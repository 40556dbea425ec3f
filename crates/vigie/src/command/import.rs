//! `import`: old samples, from the files and servers of other programs. One command per file, and their shared code.

mod arguments;
mod body_outcome;
mod delivery;
mod graphite;
mod lines;
mod pace;
mod progress;
mod prometheus;
mod reasons;
mod run;
mod samples;
mod state;
mod tally;
mod whisper;

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Import the files of Whisper, in which Graphite keeps samples
    Whisper(whisper::WhisperArgs),
    /// Import from a server that answers as Graphite does
    Graphite(graphite::GraphiteArgs),
    /// Import what Prometheus or VictoriaMetrics has exported
    Prometheus(prometheus::PrometheusArgs),
    /// Import what `vigie export` has written
    Samples(samples::SamplesArgs),
}

/// The lowest priority that a program can have.
const NICENESS: i32 = 19;

/// Runs one of them.
pub(crate) fn run(command: &Import, context: &Context) -> Result<(), Failure> {
    // Nobody waits for old samples, and the server may be on this machine. Where it is refused, the import goes on all the same.
    let _ = rustix::process::nice(NICENESS);
    match command {
        Import::Whisper(args) => whisper::run(args, context),
        Import::Graphite(args) => graphite::run(args, context),
        Import::Prometheus(args) => prometheus::run(args, context),
        Import::Samples(args) => samples::run(args, context),
    }
}
