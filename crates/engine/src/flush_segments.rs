//! Which segments a flush makes of a head: one for each day, but for the days that share one.

use crate::day::Day;
use crate::segment::layout::Header;
use std::collections::{BTreeMap, BTreeSet};

/// Segments that a flush writes at most, unless its samples are more than 65 535 days apart. Where the head has samples of more days, those
/// of the smallest days share one segment, so that a flush writes few files however many days it covers.
const SEGMENTS_MAX: usize = 8;

/// A segment to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedSegment {
    pub(crate) header: Header,
    /// The days whose samples it gets: of those that its header spans, maybe not all.
    pub(crate) days: BTreeSet<Day>,
    /// The series with samples on any of these days, by their position in the head, ascending.
    pub(crate) positions: Vec<usize>,
}

/// The segments of a head whose last record is `sequence`: of each day the positions of the series that have samples on it, ascending.
/// Those of one day come first, the earliest before the others.
pub(crate) fn planned(
    mut positions_by_day: BTreeMap<Day, Vec<usize>>,
    sequence: u64,
) -> Vec<PlannedSegment> {
    let late = late_days(&positions_by_day);
    let alone = positions_by_day.keys().filter(|day| !late.contains(day));
    let mut groups: Vec<BTreeSet<Day>> = alone.map(|day| BTreeSet::from([*day])).collect();
    groups.extend(late_groups(late));
    let segment_of = |days: BTreeSet<Day>| {
        let (first, last) = (*days.first()?, *days.last()?);
        let of_days = days.iter().filter_map(|day| positions_by_day.remove(day));
        let mut positions: Vec<usize> = of_days.flatten().collect();
        positions.sort_unstable();
        positions.dedup();
        let header = Header {
            day: first,
            // No group spans more.
            more_days: u16::try_from(last.0.abs_diff(first.0)).unwrap_or(u16::MAX),
            sequence,
            purged: sequence,
        };
        Some(PlannedSegment {
            header,
            days,
            positions,
        })
    };
    groups.into_iter().filter_map(segment_of).collect()
}

/// The days that share a segment where there are more than [`SEGMENTS_MAX`]: those on which the fewest series have samples.
fn late_days(positions_by_day: &BTreeMap<Day, Vec<usize>>) -> BTreeSet<Day> {
    if positions_by_day.len() <= SEGMENTS_MAX {
        return BTreeSet::new();
    }
    let mut by_size: Vec<(usize, Day)> = positions_by_day
        .iter()
        .map(|(day, positions)| (positions.len(), *day))
        .collect();
    by_size.sort_unstable();
    let late = by_size.len().saturating_sub(SEGMENTS_MAX - 1);
    by_size.truncate(late);
    by_size.into_iter().map(|(_, day)| day).collect()
}

/// These days in groups of one segment each: a segment counts its days in sixteen bits. Nearly always it is one group.
fn late_groups(mut rest: BTreeSet<Day>) -> Vec<BTreeSet<Day>> {
    let mut groups = Vec::new();
    while let Some(first) = rest.first().copied() {
        let fits = |day: &Day| day.0.abs_diff(first.0) <= u32::from(u16::MAX);
        let (group, farther): (BTreeSet<Day>, BTreeSet<Day>) = rest.into_iter().partition(fits);
        rest = farther;
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On each of these days as many series have samples.
    fn head(days: &[(i32, usize)]) -> BTreeMap<Day, Vec<usize>> {
        let of_day = |(day, series): &(i32, usize)| (Day(*day), (0..*series).collect::<Vec<_>>());
        days.iter().map(of_day).collect()
    }

    /// The first day, the number of days after it that the header spans, and how many days and series it really has.
    fn shapes(days: &[(i32, usize)]) -> Vec<(i32, u16, usize, usize)> {
        let planned = planned(head(days), 7);
        let shape = |segment: &PlannedSegment| {
            let Header {
                day,
                more_days,
                sequence,
                purged,
            } = segment.header;
            assert_eq!((sequence, purged), (7, 7));
            (
                day.0,
                more_days,
                segment.days.len(),
                segment.positions.len(),
            )
        };
        planned.iter().map(shape).collect()
    }

    #[test]
    fn each_of_few_days_has_a_segment_and_the_smallest_of_many_share_one() {
        assert_eq!(shapes(&[]), []);
        assert_eq!(shapes(&[(3, 2), (9, 1)]), [(3, 0, 1, 2), (9, 0, 1, 1)]);
        let eight: Vec<_> = (0..8).map(|day| (day, 5)).collect();
        assert!(shapes(&eight).iter().all(|(_, more, ..)| *more == 0));
        let mut many: Vec<_> = (0..20).map(|day| (day, 5)).collect();
        // Of these the two largest days stay alone, wherever they are.
        many[4].1 = 9;
        many[19].1 = 9;
        let shapes = shapes(&many);
        assert_eq!(shapes.len(), SEGMENTS_MAX);
        let alone: Vec<i32> = shapes[..7].iter().map(|(day, ..)| *day).collect();
        assert_eq!(alone, [4, 14, 15, 16, 17, 18, 19]);
        assert_eq!(shapes[7], (0, 13, 13, 5));
    }

    #[test]
    fn days_that_one_segment_cannot_span_are_in_two() {
        let far = i32::from(u16::MAX);
        let mut days: Vec<_> = (0..7).map(|day| (day, 9)).collect();
        days.extend([(-10, 1), (far - 10, 1), (far - 9, 1)]);
        let shapes = shapes(&days);
        // The second group is one day, whose segment is like that of any other.
        assert_eq!(shapes[7..], [(-10, u16::MAX, 2, 1), (far - 9, 0, 1, 1)]);
    }
}
