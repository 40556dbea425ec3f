//! How the threads of the agent wake one another, and how a signal stops them: nobody sleeps deaf.

use crate::error::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    news: u64,
}

/// Rung when there is something new, and for the last time when it is time to stop.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

impl Bell {
    // Two plain fields are never left half-changed by a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is time to stop.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// There is something new.
    pub(crate) fn ring(&self) {
        self.state().news += 1;
        self.changed.notify_all();
    }

    /// Whether it is time to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// How often it has rung for something new.
    pub(crate) fn news(&self) -> u64 {
        self.state().news
    }

    /// Waits, but not beyond the stop; says whether that has come.
    pub(crate) fn rest(&self, time: Duration) -> bool {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, time, |state| !state.stopped);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stopped
    }

    /// Waits for something newer than `seen`, or for the stop.
    pub(crate) fn listen(&self, seen: u64) {
        let state = self.state();
        let waited = self
            .changed
            .wait_while(state, |state| !state.stopped && state.news == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Stops at the first SIGINT or SIGTERM; a second one ends the process at once, as if nobody had listened.
pub(crate) fn ring_on_signals(bell: &Arc<Bell>) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::failed(format!("cannot listen for signals: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let bell = Arc::clone(bell);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in &mut signals {
                if bell.is_stopped() {
                    // Cannot fail for these two; if it did, the stop already under way would end the process.
                    drop(signal_hook::low_level::emulate_default_handler(signal));
                }
                bell.stop();
            }
        })
        .map(drop)
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_stop_ends_every_wait() {
        let bell = Bell::default();
        std::thread::scope(|threads| {
            let resting = threads.spawn(|| bell.rest(Duration::from_secs(60)));
            let listening = threads.spawn(|| bell.listen(bell.news()));
            let started = Instant::now();
            bell.stop();
            assert!(resting.join().unwrap());
            listening.join().unwrap();
            assert!(started.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn news_wake_who_listens_and_not_who_rests() {
        let bell = Bell::default();
        let seen = bell.news();
        bell.ring();
        bell.listen(seen);
        assert!(!bell.rest(Duration::from_millis(1)));
    }
}
