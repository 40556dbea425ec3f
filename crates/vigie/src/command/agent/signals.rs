//! How a signal stops the agent.

use crate::error::Failure;
use crate::output::Output;
use agent::Notifier;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::time::Duration;

/// An agent ends within this time after a signal, whatever the server and the disk do; its unit allows ten seconds more.
const END_MAX: Duration = Duration::from_secs(20);

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

/// Waits for the stop, and then for the end, which `over` announces. If that does not come, ends the process as the signal would.
pub(super) fn end_in_time(notifier: &Notifier, over: &Notifier, output: &Output) {
    notifier.sleep(Duration::MAX);
    if over.sleep(END_MAX) {
        return;
    }
    output.warn(format!(
        "agent: the server or the disk did not answer within {} s; what is in the buffer waits there for the next start",
        END_MAX.as_secs()
    ));
    drop(signal_hook::low_level::emulate_default_handler(SIGTERM));
}
