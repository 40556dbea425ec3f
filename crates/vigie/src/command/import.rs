//! `import`: old samples, from the files and servers of other programs. One command per file, and their shared code.

mod arguments;
mod body_outcome;
mod delivery;
mod graphite;
mod input_kind;
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
    Whisper(whisper::WhisperArgs),
    Graphite(graphite::GraphiteArgs),
    Prometheus(prometheus::PrometheusArgs),
    Samples(samples::SamplesArgs),
}

/// The lowest priority among programs that share a processor fairly.
const NICENESS: i32 = 19;

/// Leaves the processors to whoever wants one: nobody waits for old samples, and the server may be on this machine. Where it is
/// refused, the import goes on all the same. Threads that are started later inherit it.
fn yield_to_others() {
    // A thread that is only *nice* still keeps its processor to the end of a time slice, some milliseconds, while a server's thread
    // that has just woken up waits. An idle one is interrupted at once.
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
        let _ = thread_priority::set_thread_priority_and_policy(
            thread_priority::thread_native_id(),
            ThreadPriority::Min,
            ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle),
        );
    }
    let _ = rustix::process::nice(NICENESS);
}

/// Runs one of them.
pub(crate) fn run(command: &Import, context: &Context) -> Result<(), Failure> {
    yield_to_others();
    match command {
        Import::Whisper(args) => whisper::run(args, context),
        Import::Graphite(args) => graphite::run(args, context),
        Import::Prometheus(args) => prometheus::run(args, context),
        Import::Samples(args) => samples::run(args, context),
    }
}
