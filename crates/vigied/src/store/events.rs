//! Logs failures of the store's background work.

use base::error_chain::Chain;
use engine::events::{Event, Events};

/// Logs the store's events.
#[derive(Debug)]
pub(crate) struct Log;

impl Events for Log {
    fn on_event(&self, event: Event<'_>) {
        match event {
            Event::Failed { work, error } => {
                tracing::error!(%work, error = %Chain(error), "the store failed in the background");
            }
            Event::Panicked { thread } => tracing::error!(
                thread,
                hint = "report it; the thread restarts by itself, and if the store takes no writes from now on, restart: all that was acknowledged is recovered",
                "a thread of the store has panicked"
            ),
            Event::HeldBack { days } => tracing::warn!(
                days,
                hint = "see whether the clock and `storage.retention_days` are right; if so, nothing needs to be done",
                "days past the retention are kept for now"
            ),
            // Events that the store may add later.
            _ => {}
        }
    }
}
