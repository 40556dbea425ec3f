//! A stop flag set by signals, which also ends waits between attempts.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The first signal, once one has arrived.
#[derive(Debug, Default)]
pub(crate) struct StopFlag {
    signal: Mutex<Option<&'static str>>,
    changed: Condvar,
}

impl StopFlag {
    /// A flag that the first SIGINT or SIGTERM sets; a second one ends the process.
    pub(crate) fn on_signals() -> io::Result<Arc<Self>> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let stop = Arc::new(Self::default());
        let shared = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || {
            for signal in &mut signals {
                if shared.signal().is_some() {
                    // Cannot fail for these two signals; if it did, the first one would still end the process.
                    drop(signal_hook::low_level::emulate_default_handler(signal));
                }
                shared.request(match signal {
                    SIGINT => "SIGINT",
                    _ => "SIGTERM",
                });
            }
        })?;
        Ok(stop)
    }

    /// Sets the flag.
    pub(crate) fn request(&self, name: &'static str) {
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        signal.get_or_insert(name);
        self.changed.notify_all();
    }

    /// The signal, if one has arrived.
    pub(crate) fn signal(&self) -> Option<&'static str> {
        *self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits; returns `false`, early, when a signal has arrived.
    pub(crate) fn wait(&self, span: Duration) -> bool {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(signal, span, |signal| signal.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_none()
    }
}
