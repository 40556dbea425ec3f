//! When a connection of the pool was last found silent. Something between drops connections without a word, and seldom one alone: those
//! that were free before are given up unasked, so that whoever needs a connection does not wait for one silent one after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The moment, shared by the connections of a pool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Silence(Arc<Mutex<Option<Instant>>>);

impl Silence {
    /// A connection that was asked at this moment has not answered.
    pub(crate) fn noted(&self, asked_at: Instant) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (*last).max(Some(asked_at));
    }

    /// Whether a connection that has been free for so long at `now` was free when another one turned out to be silent.
    pub(crate) fn concerns(&self, free_for: Duration, now: Instant) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| now.saturating_duration_since(last) <= free_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_after_the_silence_is_asked_and_what_was_free_is_not() {
        let (silence, begin) = (Silence::default(), Instant::now());
        let after = |seconds: u64| begin + Duration::from_secs(seconds);
        let concerns = |free_since: u64, now: u64| {
            silence.concerns(Duration::from_secs(now - free_since), after(now))
        };
        assert!(!concerns(0, 100), "none is silent");
        silence.noted(after(10));
        silence.noted(after(5));
        assert!(concerns(0, 11) && concerns(10, 11) && concerns(9, 100));
        assert!(!concerns(11, 11) && !concerns(12, 100));
    }
}
