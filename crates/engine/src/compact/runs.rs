//! Splits the segments of a group into runs, each of which may become one segment without a change of order. Pure.

use crate::day::Day;

/// A segment as far as it matters to whether it may be merged: its sequence, and the days it may hold samples of.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentExtent {
    pub(super) sequence: u64,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
}

/// How a group's segments are split into runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunSplit {
    /// One run for each segment.
    EachAlone,
    /// Runs as long as possible, see [`uninterrupted`].
    Uninterrupted,
}

impl RunSplit {
    /// The first position of each run of a group, which ascends by sequence; `outside` are the segments of all other groups.
    pub(super) fn begins(self, group: &[SegmentExtent], outside: &[SegmentExtent]) -> Vec<usize> {
        match self {
            Self::EachAlone => (0..group.len()).collect(),
            Self::Uninterrupted => uninterrupted(group, outside),
        }
    }
}

/// No segment of `outside` that holds samples of the same days lies between the sequences of a run: merged, older samples would count for
/// newer than those.
fn uninterrupted(group: &[SegmentExtent], outside: &[SegmentExtent]) -> Vec<usize> {
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
        let between = |other: &SegmentExtent| {
            let is_within = first.sequence < other.sequence && other.sequence < last.sequence;
            is_within && first_day <= other.last_day && other.first_day <= last_day
        };
        if outside.iter().any(between) {
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
    fn a_segment_of_the_same_days_in_between_splits_a_run() {
        let late = |sequence: u64, first: i32, last: i32| SegmentExtent {
            sequence,
            first_day: Day(first),
            last_day: Day(last),
        };
        let day = |sequence: u64, day: i32| late(sequence, day, day);
        let run = [day(10, 5), day(20, 5), day(30, 5), day(40, 5)];
        let begins = |group: &[SegmentExtent], outside: &[SegmentExtent]| {
            assert_eq!(
                RunSplit::EachAlone.begins(group, outside).len(),
                group.len()
            );
            RunSplit::Uninterrupted.begins(group, outside)
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
}
