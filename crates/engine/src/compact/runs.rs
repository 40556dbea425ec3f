//! Parts the segments of a group into runs, each of which may become one segment, and selects which of a run are too many. Pure.

use crate::day::Day;

/// How much larger than all newer ones together a segment may be and still be merged with them. A day that is flushed
/// into n times is so rewritten about log n times; merging all of it whenever it is crowded would rewrite it n times.
const GROWTH: u64 = 2;

/// Segments of many days are merged with each other as long as they have at most one in so many bytes of the store together. There is
/// one group of them, whatever days they are of: a merge of it would else grow without end, where that of a day has a day's bytes.
const MULTI_DAY_PART: u64 = 16;

/// Segments of many days, of at most so many bytes together, are merged with each other in a store of any size.
const MULTI_DAY_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// How many bytes of segments of many days may be merged at one time, in a store of so many.
pub(super) fn multi_day_bytes_max(stored: u64) -> u64 {
    (stored / MULTI_DAY_PART).max(MULTI_DAY_BYTES_MIN)
}

/// The position from which on to merge segments of these sizes, oldest first, if more than `allowed` of the newest have no more than
/// `bytes_max` together. Older ones have reached their size, and are left alone.
pub(super) fn crowded(sizes: &[u64], allowed: usize, bytes_max: u64) -> Option<usize> {
    let mut sum = 0_u64;
    let newest = sizes.iter().rev().take_while(|size| {
        sum = sum.saturating_add(**size);
        sum <= bytes_max
    });
    let newest = newest.count();
    if newest <= allowed {
        return None;
    }
    let first = sizes.len() - newest;
    let newest = sizes.get(first..).unwrap_or_default();
    Some(first + start(newest))
}

/// The position from which on to merge segments of these sizes, oldest first; at least two.
fn start(sizes: &[u64]) -> usize {
    let mut start = sizes.len().saturating_sub(2);
    let mut sum: u64 = sizes.iter().skip(start).sum();
    while let Some(older) = start.checked_sub(1).and_then(|at| sizes.get(at)) {
        if *older > sum.saturating_mul(GROWTH) {
            break;
        }
        sum = sum.saturating_add(*older);
        start -= 1;
    }
    start
}

/// A segment as far as it matters to whether it may be merged: its sequence, and the days it may hold samples of.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentExtent {
    pub(super) sequence: u64,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
}

/// How a group's segments are parted into runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// A run of each.
    EachAlone,
    /// As long as they may be.
    Uninterrupted,
}

impl Runs {
    /// The first position of each run of a group, which ascends by sequence; `others` are the other segments of the store.
    pub(super) fn begins(self, group: &[SegmentExtent], others: &[SegmentExtent]) -> Vec<usize> {
        match self {
            Self::EachAlone => (0..group.len()).collect(),
            Self::Uninterrupted => uninterrupted(group, others),
        }
    }
}

/// No run has one of `others` between its sequences that holds samples of the same days: merged, older samples would count for newer than
/// those.
fn uninterrupted(group: &[SegmentExtent], others: &[SegmentExtent]) -> Vec<usize> {
    let mut begins = Vec::from_iter((!group.is_empty()).then_some(0));
    let mut begin = 0;
    for (position, last) in group.iter().enumerate() {
        let run = group.get(begin..=position).unwrap_or_default();
        let (Some(first), Some(first_day), Some(last_day)) = (
            run.first(),
            run.iter().map(|segment| segment.first_day).min(),
            run.iter().map(|segment| segment.last_day).max(),
        ) else {
            continue;
        };
        debug_assert!(first_day <= last.first_day);
        let between = |other: &SegmentExtent| {
            let is_within = first.sequence < other.sequence && other.sequence < last.sequence;
            is_within && first_day <= other.last_day && other.first_day <= last_day
        };
        if others.iter().any(between) {
            begins.push(position);
            begin = position;
        }
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_parts_a_run() {
        let late = |sequence: u64, first: i32, last: i32| SegmentExtent {
            sequence,
            first_day: Day(first),
            last_day: Day(last),
        };
        let day = |sequence: u64, day: i32| late(sequence, day, day);
        let run = [day(10, 5), day(20, 5), day(30, 5), day(40, 5)];
        let begins = |group: &[SegmentExtent], others: &[SegmentExtent]| {
            assert_eq!(Runs::EachAlone.begins(group, others).len(), group.len());
            Runs::Uninterrupted.begins(group, others)
        };
        assert!(begins(&[], &[]).is_empty());
        assert_eq!(begins(&run, &[]), [0]);
        assert_eq!(begins(&run, &[late(5, 1, 9), late(50, 1, 9)]), [0]);
        assert_eq!(begins(&run, &[late(25, 1, 4)]), [0], "other days");
        assert_eq!(begins(&run, &[late(25, 1, 9)]), [0, 2]);
        assert_eq!(begins(&run, &[late(15, 1, 9), late(35, 5, 6)]), [0, 1, 3]);
        let many = [late(10, 1, 3), late(20, 7, 9)];
        assert_eq!(
            begins(&many, &[day(15, 5)]),
            [0, 1],
            "the merged one spans it"
        );
    }

    #[test]
    fn small_ones_are_merged_and_large_ones_left_alone() {
        assert_eq!(start(&[]), 0);
        assert_eq!(start(&[5]), 0);
        assert_eq!(start(&[100, 1]), 0, "two at least");
        assert_eq!(start(&[1, 1, 1, 1]), 0);
        assert_eq!(start(&[100, 1, 1, 1]), 1);
        assert_eq!(start(&[100, 20, 9, 1, 1]), 3);
    }

    #[test]
    fn late_segments_are_merged_up_to_a_share_of_the_store() {
        assert_eq!(multi_day_bytes_max(0), MULTI_DAY_BYTES_MIN);
        assert_eq!(
            multi_day_bytes_max(320 * MULTI_DAY_BYTES_MIN),
            20 * MULTI_DAY_BYTES_MIN
        );
        assert_eq!(crowded(&[1; 8], 8, u64::MAX), None);
        assert_eq!(crowded(&[1; 9], 8, u64::MAX), Some(0));
        assert_eq!(
            crowded(&[1; 9], 8, 8),
            None,
            "of the newest eight go together"
        );
        let (mut sizes, mut largest, mut rewritten) = (Vec::new(), 0, 0);
        for new in std::iter::repeat_n(1_u64, 4096) {
            sizes.push(new);
            if let Some(first) = crowded(&sizes, 8, 64) {
                let merged: u64 = sizes.drain(first..).sum();
                largest = largest.max(merged);
                rewritten += merged;
                sizes.push(merged);
            }
        }
        assert!((32..=64).contains(&largest), "{largest}");
        assert!(sizes.len() <= 9 + 2 * 4096 / 64, "{}", sizes.len());
        assert!(rewritten < 4096 * 6, "{rewritten}");
    }

    #[test]
    fn a_day_is_rewritten_a_logarithm_of_times() {
        let (mut sizes, mut rewritten, mut files_max) = (Vec::new(), 0, 0);
        for _ in 0..4096 {
            sizes.push(1_u64);
            if sizes.len() > 8 {
                let merged = sizes.drain(start(&sizes)..).sum();
                rewritten += merged;
                sizes.push(merged);
            }
            files_max = files_max.max(sizes.len());
        }
        assert!(rewritten < 4096 * 12, "{rewritten}");
        assert!(files_max <= 9, "{files_max}");
    }
}
