//! Rewriting segments: merging those of one day into fewer.

pub(crate) mod merge;
mod run;

use base::time::Millis;

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

/// More deletions of ranges than this are purged at once: every read asks each of them.
const TOMBSTONES_MAX: usize = 64;

impl Purge {
    /// Whether to purge, the last time having been `last`.
    pub(crate) fn is_due(self, now: Millis, last: Option<Millis>, tombstones: usize) -> bool {
        self == Self::Now
            || tombstones > TOMBSTONES_MAX
            || last.is_none_or(|last| now >= last.plus(PURGE_INTERVAL_MS))
    }
}
