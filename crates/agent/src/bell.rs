//! A signal between the threads of the agent, which also stops them: no wait continues after the stop.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    news: u64,
}

/// Rung for new data, and to stop.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

impl Bell {
    // A panic never leaves these two plain fields half-changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops all waits.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// Announces new data.
    pub fn ring(&self) {
        self.state().news += 1;
        self.changed.notify_all();
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// How often new data was announced.
    pub fn news(&self) -> u64 {
        self.state().news
    }

    /// Waits for the duration or the stop; returns whether it was stopped.
    pub fn rest(&self, time: Duration) -> bool {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, time, |state| !state.stopped);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stopped
    }

    /// Waits for an announcement after number `seen`, or for the stop.
    pub fn listen(&self, seen: u64) {
        let state = self.state();
        let waited = self
            .changed
            .wait_while(state, |state| !state.stopped && state.news == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
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
