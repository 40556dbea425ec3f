//! One reading after another, until a signal, or the end of whoever reads the output.

use crate::command::metrics::stop::StopFlag;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::figures::in_words;
use crate::output::when_stdout_closes;
use crate::printable_text::escaped;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls `read` at this interval. It is given how long ago the last reading began that succeeded; a first one that fails ends it.
pub(in crate::command::metrics) fn repeat(
    every: Duration,
    context: &Context,
    mut read: impl FnMut(Option<Duration>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stop = StopFlag::on_signals()
        .map_err(|error| Failure::failed(format!("no signal can be waited for: {error}")))?;
    let closed = Arc::clone(&stop);
    when_stdout_closes(move || closed.request("SIGPIPE"));
    let (mut read_at, mut is_reported) = (None, false);
    loop {
        let begun = Instant::now();
        match read(read_at.map(|at: Instant| at.elapsed())) {
            Ok(()) => {
                read_at = Some(begun);
                is_reported = false;
            }
            Err(failure) if read_at.is_some() && is_transient(&failure) => {
                // Once only, so that it does not fill a log.
                if !is_reported {
                    context.output.warn(escaped!(
                        "{}; trying again every {}",
                        failure.message,
                        in_words(every.as_secs())
                    ));
                }
                is_reported = true;
            }
            Err(failure) => return Err(failure),
        }
        if !stop.wait(every.saturating_sub(begun.elapsed())) {
            return Ok(());
        }
    }
}

/// Whether the next attempt may succeed.
fn is_transient(failure: &Failure) -> bool {
    failure.kind == Kind::Unreachable || matches!(failure.status, Some(429 | 503))
}
