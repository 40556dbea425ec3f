//! Merges that failed, and how long each is not tried again: a segment that is damaged stays damaged, and each try reads its group
//! from the beginning.

use crate::day::Day;
use base::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Segments that are merged with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MergeGroup {
    /// Those with samples of many days.
    MultiDay,
    /// Those of one day.
    Day(Day),
}

/// Why a group is merged. Each fails for itself: of too many segments some may be merged without the damaged one, which a purge has to
/// read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MergeReason {
    /// It has too many segments.
    TooManySegments,
    /// It may hold deleted samples; or it has too many segments.
    Purge,
}

/// How long a merge is not tried again after its first failure. The pause doubles with each further failure.
const PAUSE_MIN_MS: i64 = 60 * 1000;

/// The longest pause after a failure.
const PAUSE_MAX_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug)]
struct Pause {
    since: Millis,
    length_ms: i64,
}

impl Pause {
    /// Where a clock that was ahead has been corrected: otherwise the merge would not be tried until it shows that time again.
    fn is_over(&self, now: Millis) -> bool {
        now < self.since || now >= self.since.plus(self.length_ms)
    }
}

/// The merges that failed at their last try.
#[derive(Debug, Default)]
pub(crate) struct FailedMerges(BTreeMap<(MergeGroup, MergeReason), Pause>);

impl FailedMerges {
    /// Forgets the groups that do not exist any more.
    pub(crate) fn retain(&mut self, groups: &BTreeSet<MergeGroup>) {
        self.0.retain(|(group, _), _| groups.contains(group));
    }

    /// Ends all pauses, for a merge that a caller waits for.
    pub(crate) fn end_pauses(&mut self) {
        for pause in self.0.values_mut() {
            pause.length_ms = 0;
        }
    }

    /// The reason to merge `group` now, or `None` during its pause. `wanted` is the reason of the pass; a failed purge is retried even
    /// when the pass only merges.
    pub(crate) fn next_try(
        &self,
        group: MergeGroup,
        wanted: MergeReason,
        now: Millis,
    ) -> Option<MergeReason> {
        let is_due = |reason| match self.0.get(&(group, reason)) {
            Some(pause) => pause.is_over(now),
            None => reason <= wanted,
        };
        [MergeReason::Purge, MergeReason::TooManySegments]
            .into_iter()
            .find(|reason| is_due(*reason))
    }

    /// Begins the pause after a failure.
    pub(crate) fn fail(&mut self, group: MergeGroup, reason: MergeReason, now: Millis) {
        let last = self.0.get(&(group, reason));
        let doubled = last.map_or(0, |pause| pause.length_ms.saturating_mul(2));
        let pause = Pause {
            since: now,
            length_ms: doubled.clamp(PAUSE_MIN_MS, PAUSE_MAX_MS),
        };
        self.0.insert((group, reason), pause);
    }

    /// Forgets the failures of what has succeeded; a purge merges too many segments as well.
    pub(crate) fn succeed(&mut self, group: MergeGroup, reason: MergeReason) {
        self.0
            .retain(|(of, failed), _| *of != group || *failed > reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeReason::{Purge, TooManySegments};

    const DAMAGED: MergeGroup = MergeGroup::Day(Day(1));

    #[test]
    fn pauses_double_up_to_a_day_and_begin_anew_after_a_success() {
        let (mut failed, mut now) = (FailedMerges::default(), 5);
        let mut lengths = Vec::new();
        let mut fail = |failed: &mut FailedMerges| {
            failed.fail(DAMAGED, TooManySegments, Millis(now));
            let begin = now;
            let is_due = |at: i64| {
                failed.next_try(DAMAGED, TooManySegments, Millis(at)) == Some(TooManySegments)
            };
            now = (0..=11)
                .map(|doublings| begin + (PAUSE_MIN_MS << doublings).min(PAUSE_MAX_MS))
                .find(|end| is_due(*end))
                .unwrap();
            assert!(!is_due(begin) && !is_due(now - 1));
            (now - begin) / PAUSE_MIN_MS
        };
        for _ in 0..13 {
            lengths.push(fail(&mut failed));
        }
        assert_eq!(
            lengths,
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]
        );
        failed.succeed(DAMAGED, TooManySegments);
        assert_eq!(fail(&mut failed), 1);
    }

    #[test]
    fn a_failed_purge_is_owed_to_its_group_and_does_not_keep_its_newest_from_merging() {
        let mut failed = FailedMerges::default();
        let (during, after) = (Millis(PAUSE_MIN_MS - 1), Millis(PAUSE_MIN_MS));
        failed.fail(DAMAGED, Purge, Millis(0));
        for wanted in [TooManySegments, Purge] {
            assert_eq!(
                failed.next_try(DAMAGED, wanted, during),
                Some(TooManySegments)
            );
            assert_eq!(failed.next_try(DAMAGED, wanted, after), Some(Purge));
            assert_eq!(
                failed.next_try(MergeGroup::MultiDay, wanted, during),
                Some(wanted)
            );
        }
        failed.fail(DAMAGED, TooManySegments, Millis(0));
        assert_eq!(failed.next_try(DAMAGED, Purge, during), None);
        failed.succeed(DAMAGED, TooManySegments);
        assert_eq!(
            failed.next_try(DAMAGED, TooManySegments, after),
            Some(Purge)
        );
        failed.fail(DAMAGED, TooManySegments, Millis(0));
        failed.succeed(DAMAGED, Purge);
        assert_eq!(
            failed.next_try(DAMAGED, TooManySegments, during),
            Some(TooManySegments)
        );
    }

    #[test]
    fn a_pause_ends_when_somebody_asks_when_the_clock_was_ahead_and_with_its_group() {
        let paused = || {
            let mut failed = FailedMerges::default();
            failed.fail(DAMAGED, TooManySegments, Millis(5));
            failed
        };
        let next =
            |failed: &FailedMerges, now| failed.next_try(DAMAGED, TooManySegments, Millis(now));
        assert_eq!(next(&paused(), 5), None);
        assert_eq!(
            next(&paused(), 4),
            Some(TooManySegments),
            "the clock was ahead"
        );
        let mut failed = paused();
        failed.end_pauses();
        assert_eq!(next(&failed, 5), Some(TooManySegments));
        let mut failed = paused();
        failed.retain(&BTreeSet::from([DAMAGED]));
        assert_eq!(next(&failed, 5), None);
        failed.retain(&BTreeSet::from([MergeGroup::MultiDay]));
        assert_eq!(next(&failed, 5), Some(TooManySegments));
    }
}
