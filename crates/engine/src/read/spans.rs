//! The time ranges of a series that deletions hide.

use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::time::{Millis, TimeRange};

/// A deletion of a range as one series sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deletion {
    /// The sequence of its record in the log.
    pub(crate) sequence: u64,
    pub(crate) range: TimeRange,
}

/// The deletions that concern `series`.
pub(crate) fn deletions(tombstones: &[Tombstone], series: SeriesRef) -> Vec<Deletion> {
    tombstones
        .iter()
        .filter(|tombstone| tombstone.series.contains(series.0))
        .map(|tombstone| Deletion {
            sequence: tombstone.sequence,
            range: tombstone.range,
        })
        .collect()
}

/// Disjoint ranges in ascending order, so that one binary search decides whether an instant is hidden.
#[derive(Debug, Default)]
pub(crate) struct Spans(Vec<TimeRange>);

impl Spans {
    /// The spans hidden in a source in which deletions up to record `purged` are applied.
    pub(crate) fn later_than(deletions: &[Deletion], purged: u64) -> Self {
        let later = deletions
            .iter()
            .filter(|deletion| deletion.sequence > purged);
        let mut ranges: Vec<TimeRange> = later.map(|deletion| deletion.range).collect();
        ranges.retain(|range| range.from <= range.until);
        ranges.sort_unstable_by_key(|range| range.from);
        let mut joined: Vec<TimeRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.from <= last.until.plus(1) => {
                    last.until = last.until.max(range.until);
                }
                _ => joined.push(range),
            }
        }
        Self(joined)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them has this instant.
    pub(crate) fn contains(&self, at: Millis) -> bool {
        let at_or_before = self.0.partition_point(|span| span.from <= at);
        let last = at_or_before
            .checked_sub(1)
            .and_then(|index| self.0.get(index));
        last.is_some_and(|last| last.contains(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_any_of_them_hides_is_hidden(
            deletions in prop::collection::vec((0_u64..4, 0_i64..60, -3_i64..20), 0..12),
            purged in 0_u64..4,
        ) {
            let range = |from: i64, until: i64| TimeRange { from: Millis(from), until: Millis(until) };
            let deletions: Vec<Deletion> = deletions
                .into_iter()
                .map(|(sequence, from, length)| Deletion { sequence, range: range(from, from + length) })
                .collect();
            let spans = Spans::later_than(&deletions, purged);
            for at in (-2..90).map(Millis) {
                let mut later = deletions.iter().filter(|deletion| deletion.sequence > purged);
                prop_assert_eq!(spans.contains(at), later.any(|deletion| deletion.range.contains(at)));
            }
            prop_assert!(spans.0.is_sorted_by(|left, right| left.until.plus(1) < right.from));
        }
    }

    #[test]
    fn ranges_without_end_are_joined_like_others() {
        let deletion = |sequence| Deletion {
            sequence,
            range: TimeRange::ALL,
        };
        let spans = Spans::later_than(&[deletion(2), deletion(3)], 1);
        assert!(spans.contains(Millis(i64::MIN)) && spans.contains(Millis(i64::MAX)));
        assert!(Spans::later_than(&[deletion(1)], 1).is_empty());
    }
}
