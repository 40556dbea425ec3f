//! Notifies the threads of the agent of new data, and stops them: no wait continues after the stop.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    notifications: u64,
}

/// Notifies of new data, and of the stop.
#[derive(Debug, Default)]
pub struct Notifier {
    state: Mutex<State>,
    changed: Condvar,
}

impl Notifier {
    // A panic never leaves these two plain fields half-changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops all waits.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// Stops all waits when what this returns is dropped: where a thread ends unexpectedly, the others are not left waiting for it.
    pub fn stop_when_dropped(&self) -> StopWhenDropped<'_> {
        StopWhenDropped(self)
    }

    /// Announces new data.
    pub fn notify(&self) {
        self.state().notifications += 1;
        self.changed.notify_all();
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// How often new data was announced.
    pub fn notifications(&self) -> u64 {
        self.state().notifications
    }

    /// Waits for the duration or the stop; returns whether it was stopped.
    pub fn sleep(&self, time: Duration) -> bool {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, time, |state| !state.stopped);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.stopped
    }

    /// Waits for an announcement after number `seen`, or for the stop.
    pub fn wait_for_next(&self, seen: u64) {
        let state = self.state();
        let waited = self
            .changed
            .wait_while(state, |state| !state.stopped && state.notifications == seen);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Stops all waits when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct StopWhenDropped<'a>(&'a Notifier);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_thread_that_panics_leaves_nobody_waiting() {
        let notifier = Notifier::default();
        std::thread::scope(|threads| {
            let panicking = threads.spawn(|| {
                let _stops = notifier.stop_when_dropped();
                assert!(notifier.is_stopped(), "as it must not be");
            });
            assert!(notifier.sleep(Duration::from_secs(60)));
            assert!(panicking.join().is_err());
        });
    }

    #[test]
    fn a_stop_ends_every_wait() {
        let notifier = Notifier::default();
        std::thread::scope(|threads| {
            let resting = threads.spawn(|| notifier.sleep(Duration::from_secs(60)));
            let listening = threads.spawn(|| notifier.wait_for_next(notifier.notifications()));
            let started = Instant::now();
            notifier.stop();
            assert!(resting.join().unwrap());
            listening.join().unwrap();
            assert!(started.elapsed() < Duration::from_secs(30));
        });
    }

    #[test]
    fn a_notification_ends_a_wait_and_not_a_sleep() {
        let notifier = Notifier::default();
        let seen = notifier.notifications();
        notifier.notify();
        notifier.wait_for_next(seen);
        assert!(!notifier.sleep(Duration::from_millis(1)));
    }
}
