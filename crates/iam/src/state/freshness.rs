//! When the node last learned of changes from its database, and whether there is, or may be, a change of its own that it could
//! not read.

use base::time::Clock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// No task watches.
const NEVER: i64 = -1;

/// A moment, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Since 1970, as the clock is set.
    time: i64,
    /// Since the clock began to run; never negative.
    uptime: i64,
}

impl Moment {
    /// The current moment.
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self {
            time: clock.now().0,
            uptime: i64::try_from(clock.uptime().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// The milliseconds since an earlier moment, by whichever says more: the time may have been set back, and the uptime may have
    /// stood still while the machine slept.
    fn since(self, earlier: Self) -> i64 {
        let by_time = self.time.saturating_sub(earlier.time);
        let by_uptime = self.uptime.saturating_sub(earlier.uptime);
        // Another thread may have got an answer to a query of just after this moment.
        by_time.max(by_uptime).max(0)
    }
}

/// The state.
#[derive(Debug)]
pub(crate) struct Freshness {
    /// When the latest answered query for changes began: the time, written before the uptime. Whoever reads one of two queries
    /// and the other of the next takes the directory for older, never for younger.
    time: AtomicI64,
    uptime: AtomicI64,
    /// How often a change was committed here and could not be read.
    unread: AtomicU64,
    /// How many of these were read later.
    caught_up: AtomicU64,
}

/// A query for changes, from its beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeQuery {
    at: Moment,
    unread: u64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            time: AtomicI64::new(0),
            uptime: AtomicI64::new(NEVER),
            unread: AtomicU64::new(0),
            caught_up: AtomicU64::new(0),
        }
    }
}

impl Freshness {
    /// Marks the beginning of the watch: the directory was read just before. A watch that begins again changes nothing.
    pub(crate) fn begin(&self, now: Moment) {
        if !self.is_watched() {
            self.set(now);
        }
    }

    fn is_watched(&self) -> bool {
        self.uptime.load(Ordering::Relaxed) != NEVER
    }

    fn set(&self, at: Moment) {
        self.time.store(at.time, Ordering::Relaxed);
        self.uptime.store(at.uptime, Ordering::Release);
    }

    /// Begins a query.
    pub(crate) fn ask(&self, now: Moment) -> ChangeQuery {
        ChangeQuery {
            at: now,
            unread: self.unread.load(Ordering::Acquire),
        }
    }

    /// All changes from before the query are known.
    pub(crate) fn answered(&self, query: ChangeQuery) {
        self.caught_up.fetch_max(query.unread, Ordering::Release);
        if self.is_watched() {
            self.set(query.at);
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
    pub(crate) fn age_seconds(&self, now: Moment) -> i64 {
        // Before the time, which is written first.
        let uptime = self.uptime.load(Ordering::Acquire);
        if uptime == NEVER {
            return 0;
        }
        let time = self.time.load(Ordering::Relaxed);
        now.since(Moment { time, uptime }) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::{ManualClock, Millis};

    /// The moment at which both say so many seconds.
    fn second(number: i64) -> Moment {
        at(number, number)
    }

    /// The moment at which the time and the uptime are so many seconds.
    fn at(time: i64, uptime: i64) -> Moment {
        Moment {
            time: time * 1000,
            uptime: uptime * 1000,
        }
    }

    #[test]
    fn an_answer_makes_good_only_what_was_there_when_it_was_asked_for() {
        let freshness = Freshness::default();
        freshness.mark_behind();
        let query = freshness.ask(second(0));
        freshness.mark_behind();
        freshness.answered(query);
        assert!(freshness.is_behind());
        freshness.answered(freshness.ask(second(0)));
        assert!(!freshness.is_behind());
    }

    #[test]
    fn its_age_is_that_of_the_query() {
        let freshness = Freshness::default();
        assert_eq!(freshness.age_seconds(second(900)), 0);
        freshness.begin(second(1));
        let query = freshness.ask(second(5));
        assert_eq!(freshness.age_seconds(second(7)), 6);
        freshness.answered(query);
        assert_eq!(freshness.age_seconds(second(7)), 2);
        freshness.begin(second(7));
        assert_eq!(freshness.age_seconds(second(7)), 2, "begun again");
    }

    #[test]
    fn neither_a_clock_set_back_nor_a_sleep_makes_it_younger() {
        let freshness = Freshness::default();
        freshness.begin(at(10_000, 50));
        assert_eq!(freshness.age_seconds(at(6_400, 350)), 300, "set back");
        assert_eq!(freshness.age_seconds(at(13_600, 51)), 3_600, "slept");
        let query = freshness.ask(at(6_400, 350));
        freshness.answered(query);
        assert_eq!(freshness.age_seconds(at(6_402, 352)), 2, "answered");
        assert_eq!(freshness.age_seconds(at(6_399, 349)), 0, "of just before");
    }

    #[test]
    fn a_moment_is_that_of_the_clock() {
        let clock = ManualClock::at(Millis::from_secs(1_000));
        let earlier = Moment::of(&clock);
        clock.advance(-3_600_000);
        assert_eq!(Moment::of(&clock).since(earlier), 0);
        clock.advance(5_000);
        assert_eq!(Moment::of(&clock).since(earlier), 5_000);
    }
}
