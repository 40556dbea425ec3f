//! When background purges are due, and in which order they take what waits for one.

use crate::failed_merges::MergeGroup;
use crate::purge_budget::PurgeBudget;
use base::time::Millis;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The least time between two background purges, unless many deletions of ranges wait or the last purge has left something.
const PURGE_INTERVAL_MS: i64 = 24 * 3600 * 1000;

/// Where more deletions of ranges than this are pending, a purge is due at once: every read of their series checks each of them.
pub(crate) const TOMBSTONES_MAX: usize = 64;

/// Where the last purge has left something because its budget was used up, the next one is due after this time.
pub(crate) const PURGE_SOON: Duration = Duration::from_secs(60);

/// A group that has waited for so long is purged first, however little that frees.
const LONG_WAIT_MS: i64 = 24 * 3600 * 1000;

/// A group of which a purge would free something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PurgeCandidate {
    pub(crate) group: MergeGroup,
    /// Bytes that are rewritten when it is purged.
    pub(crate) rewritten: u64,
    /// The most bytes of it that are rewritten at once.
    pub(crate) costliest: u64,
    /// About how many of these bytes are freed.
    pub(crate) freed: u64,
}

impl PurgeCandidate {
    fn freed_permille(&self) -> u64 {
        let permille = u128::from(self.freed) * 1000 / u128::from(self.rewritten.max(1));
        u64::try_from(permille).unwrap_or(u64::MAX)
    }
}

/// The state that one pass of purges leaves for the next.
#[derive(Debug, Default)]
pub(crate) struct PurgeSchedule {
    /// When the last purge was done.
    last: Option<Millis>,
    /// Since when each group waits.
    waiting: BTreeMap<MergeGroup, Millis>,
    pub(crate) budget: PurgeBudget,
}

impl PurgeSchedule {
    /// Whether to purge in the background, where so many deletions of ranges wait.
    pub(crate) fn is_due(&self, now: Millis, tombstones: usize) -> bool {
        let interval = if tombstones > TOMBSTONES_MAX || self.budget.is_used_up() {
            i64::try_from(PURGE_SOON.as_millis()).unwrap_or(PURGE_INTERVAL_MS)
        } else {
            PURGE_INTERVAL_MS
        };
        // Where a clock that was ahead has been corrected: otherwise no purge would be due until it shows that time again.
        let is_over = |last: Millis| now < last || now >= last.plus(interval);
        self.last.is_none_or(is_over)
    }

    /// The candidates in the order in which they are purged: what has waited for long, then what frees the largest share.
    pub(crate) fn ordered(
        &mut self,
        now: Millis,
        mut candidates: Vec<PurgeCandidate>,
    ) -> Vec<MergeGroup> {
        let groups = candidates.iter().map(|candidate| candidate.group);
        let groups: BTreeSet<MergeGroup> = groups.collect();
        self.waiting
            .retain(|group, since| groups.contains(group) && *since <= now);
        for candidate in &candidates {
            self.waiting.entry(candidate.group).or_insert(now);
        }
        candidates.sort_by_key(|candidate| {
            let since = self.waiting.get(&candidate.group).copied().unwrap_or(now);
            let overdue_since = match now >= since.plus(LONG_WAIT_MS) {
                true => since.0,
                false => i64::MAX,
            };
            (overdue_since, Reverse(candidate.freed_permille()))
        });
        candidates.iter().map(|candidate| candidate.group).collect()
    }

    /// A group was purged: later deletions in it wait from now on.
    pub(crate) fn purged(&mut self, group: MergeGroup) {
        self.waiting.remove(&group);
    }

    /// A pass is done, or has used up its budget.
    pub(crate) const fn end_pass(&mut self, now: Millis) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;

    #[test]
    fn a_purge_is_due_after_its_interval_and_when_the_clock_was_ahead() {
        let due = |now: i64, last: Option<i64>, tombstones: usize| {
            let schedule = PurgeSchedule {
                last: last.map(Millis),
                ..PurgeSchedule::default()
            };
            schedule.is_due(Millis(now), tombstones)
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
        let mut late_schedule = PurgeSchedule::default();
        late_schedule.end_pass(Millis(0));
        assert!(!late_schedule.is_due(Millis(60_000), 0));
        assert!(!late_schedule.budget.allows(1));
        assert!(
            late_schedule.is_due(Millis(60_000), 0),
            "something was left"
        );
    }

    fn candidate(day: i32, freed: u64) -> PurgeCandidate {
        PurgeCandidate {
            group: MergeGroup::Day(Day(day)),
            rewritten: 1000,
            costliest: 1000,
            freed,
        }
    }

    #[test]
    fn what_frees_most_comes_first_until_something_has_waited_for_a_day() {
        let mut schedule = PurgeSchedule::default();
        let day = |day: i32| MergeGroup::Day(Day(day));
        let little = candidate(1, 1);
        let first = schedule.ordered(Millis(0), vec![little, candidate(2, 500)]);
        assert_eq!(first, [day(2), day(1)]);
        schedule.purged(day(2));
        let next = schedule.ordered(
            Millis(5),
            vec![little, candidate(2, 500), candidate(3, 999)],
        );
        assert_eq!(next, [day(3), day(2), day(1)]);
        let all = vec![little, candidate(2, 500), candidate(3, 999)];
        let overdue = schedule.ordered(Millis(LONG_WAIT_MS), all.clone());
        assert_eq!(overdue, [day(1), day(3), day(2)]);
        schedule.purged(day(1));
        let later = schedule.ordered(Millis(LONG_WAIT_MS + 5), all.clone());
        assert_eq!(later, [day(3), day(2), day(1)], "of the same age");
        let set_right = schedule.ordered(Millis(1), all);
        assert_eq!(set_right, [day(3), day(2), day(1)], "the clock was ahead");
    }
}
