//! A failure that lasts for a while: it can be reported when it begins and when it is over, instead of each time it is met.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often something has failed since it last worked.
#[derive(Debug, Default)]
pub struct FailureStreak(AtomicU64);

impl FailureStreak {
    /// It works.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// It has failed; whether that is new.
    pub fn record_failure(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// It has worked; how often it had failed, where that is new.
    pub fn record_success(&self) -> Option<u64> {
        let failed = self.0.swap(0, Ordering::Relaxed);
        (failed > 0).then_some(failed)
    }

    /// Whether it failed last.
    pub fn is_failing(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_beginning_and_its_end_are_told_once() {
        let streak = FailureStreak::new();
        assert_eq!(streak.record_success(), None);
        assert!(streak.record_failure() && !streak.record_failure() && !streak.record_failure());
        assert!(streak.is_failing());
        assert_eq!(streak.record_success(), Some(3));
        assert_eq!(streak.record_success(), None);
        assert!(!streak.is_failing() && streak.record_failure());
    }
}
