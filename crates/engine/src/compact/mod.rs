//! Rewriting segments: merging those of one day into fewer.

mod copy;
pub(crate) mod merge;
mod merge_run;
mod run;
mod series_union;
mod unwinding;

use base::time::Millis;
use std::time::Duration;

/// When the bytes of deleted samples are worth rewriting days for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purge {
    /// Whenever there are any.
    Now,
    /// Once in a while, or when deletions have become many: each costs every day that its series have samples on.
    WhenWorthIt,
}

/// In the background, days are rewritten because of deletions no more often than this.
const PURGE_INTERVAL_MS: i64 = 24 * 3600 * 1000;

/// More deletions of ranges than this are purged soon: every read of their series asks each of them.
pub(crate) const TOMBSTONES_MAX: usize = 64;

/// How soon, after the last time: days are shared, and nobody may have them rewritten all the time.
pub(crate) const PURGE_SOON: Duration = Duration::from_secs(60);

impl Purge {
    /// Whether to purge, the last time having been `last`.
    pub(crate) fn is_due(self, now: Millis, last: Option<Millis>, tombstones: usize) -> bool {
        let interval = if tombstones > TOMBSTONES_MAX {
            i64::try_from(PURGE_SOON.as_millis()).unwrap_or(PURGE_INTERVAL_MS)
        } else {
            PURGE_INTERVAL_MS
        };
        // A clock that was ahead and has been set right would otherwise put off all purges until the time it once said.
        self == Self::Now || last.is_none_or(|last| now < last || now >= last.plus(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_is_due_after_its_interval_and_when_the_clock_was_ahead() {
        let due = |now: i64, last: Option<i64>, tombstones: usize| {
            Purge::WhenWorthIt.is_due(Millis(now), last.map(Millis), tombstones)
        };
        assert!(due(0, None, 0));
        assert!(!due(PURGE_INTERVAL_MS, Some(1), 0));
        assert!(due(PURGE_INTERVAL_MS, Some(0), 0));
        let many = TOMBSTONES_MAX + 1;
        assert!(!due(59_999, Some(0), many));
        assert!(due(60_000, Some(0), many));
        for tombstones in [0, many] {
            assert!(!due(5, Some(5), tombstones));
            assert!(due(5, Some(6), tombstones), "the clock was ahead");
            assert!(due(0, Some(i64::MAX), tombstones), "far ahead");
        }
        assert!(Purge::Now.is_due(Millis(5), Some(Millis(5)), 0));
    }
}
