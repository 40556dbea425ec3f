//! How a signal stops the agent.

use crate::error::Failure;
use agent::Notifier;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;

/// Stops at the first SIGINT or SIGTERM; a second one ends the process at once.
pub(super) fn stop_on_signals(notifier: &Arc<Notifier>) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::failed(format!("cannot listen for signals: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let notifier = Arc::clone(notifier);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                if notifier.is_stopped() {
                    // Cannot fail for these two signals; if it did, the stop that has begun would still end the process.
                    drop(signal_hook::low_level::emulate_default_handler(signal));
                }
                notifier.stop();
            }
        })
        .map(drop)
        .map_err(failed)
}
