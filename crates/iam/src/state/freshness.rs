//! When the node last learned of changes from its database, and whether there is, or may be, a change of its own that it could
//! not read.

use base::time::Millis;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// No task watches.
const NEVER: i64 = i64::MAX;

/// The state.
#[derive(Debug)]
pub(crate) struct Freshness {
    /// When the latest answered query for changes began; epoch milliseconds.
    at: AtomicI64,
    /// How often a change was committed here and could not be read.
    unread: AtomicU64,
    /// How many of these were read later.
    caught_up: AtomicU64,
}

/// A query for changes, from its beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeQuery {
    at: Millis,
    unread: u64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            at: AtomicI64::new(NEVER),
            unread: AtomicU64::new(0),
            caught_up: AtomicU64::new(0),
        }
    }
}

impl Freshness {
    /// Marks the beginning of the watch: the directory was read just before. A watch that begins again changes nothing.
    pub(crate) fn begin(&self, now: Millis) {
        let relaxed = Ordering::Relaxed;
        let _ = (self.at).compare_exchange(NEVER, now.0, relaxed, relaxed);
    }

    /// Begins a query.
    pub(crate) fn ask(&self, now: Millis) -> ChangeQuery {
        ChangeQuery {
            at: now,
            unread: self.unread.load(Ordering::Acquire),
        }
    }

    /// All changes from before the query are known.
    pub(crate) fn answered(&self, query: ChangeQuery) {
        self.caught_up.fetch_max(query.unread, Ordering::Release);
        if self.at.load(Ordering::Relaxed) != NEVER {
            self.at.store(query.at.0, Ordering::Relaxed);
        }
    }

    /// A change exists that could not be read.
    pub(crate) fn mark_behind(&self) {
        self.unread.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.caught_up.load(Ordering::Acquire) < self.unread.load(Ordering::Acquire)
    }

    /// The age of the last answered query; 0 if no task watches.
    pub(crate) fn age_seconds(&self, now: Millis) -> i64 {
        let at = self.at.load(Ordering::Relaxed);
        now.0.saturating_sub(at).max(0) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_makes_good_only_what_was_there_when_it_was_asked_for() {
        let freshness = Freshness::default();
        freshness.mark_behind();
        let query = freshness.ask(Millis(0));
        freshness.mark_behind();
        freshness.answered(query);
        assert!(freshness.is_behind());
        freshness.answered(freshness.ask(Millis(0)));
        assert!(!freshness.is_behind());
    }

    #[test]
    fn its_age_is_that_of_the_question() {
        let freshness = Freshness::default();
        assert_eq!(freshness.age_seconds(Millis(900_000)), 0);
        freshness.begin(Millis(1_000));
        let query = freshness.ask(Millis(5_000));
        assert_eq!(freshness.age_seconds(Millis(7_000)), 6);
        freshness.answered(query);
        assert_eq!(freshness.age_seconds(Millis(7_000)), 2);
        freshness.begin(Millis(7_000));
        assert_eq!(freshness.age_seconds(Millis(7_000)), 2, "begun again");
    }
}
