//! On which days dropped series had samples: segments of those days hold them until they are rewritten.
//!
//! It keeps how many there were, not which: a merge asks the registry which series exist.

use crate::day::Day;
use std::collections::BTreeMap;

/// Series that were dropped, by the days on which they had samples.
#[derive(Debug, Clone, Default)]
pub(crate) struct DroppedSeries(BTreeMap<Day, DroppedOnDay>);

#[derive(Debug, Clone, Copy, Default)]
struct DroppedOnDay {
    series: u64,
    /// The last record that dropped one of them.
    sequence: u64,
}

impl DroppedSeries {
    /// Record `sequence` has dropped so many series with samples on `day`.
    pub(crate) fn add(&mut self, day: Day, series: u64, sequence: u64) {
        let dropped = self.0.entry(day).or_default();
        dropped.series = dropped.series.saturating_add(series);
        dropped.sequence = dropped.sequence.max(sequence);
    }

    /// The last record that dropped a series.
    pub(crate) fn last_sequence(&self) -> u64 {
        let sequences = self.0.values().map(|dropped| dropped.sequence);
        sequences.max().unwrap_or_default()
    }

    /// How many were dropped after record `purged` that had samples on a day from `first` to `last`: as many as on the day with the
    /// most.
    pub(crate) fn most_on(&self, first: Day, last: Day, purged: u64) -> u64 {
        let days = self.0.range(first..=last).map(|(_, dropped)| dropped);
        let later = days.filter(|dropped| dropped.sequence > purged);
        later
            .map(|dropped| dropped.series)
            .max()
            .unwrap_or_default()
    }

    /// Forgets the days that are not `needed`, which is asked with the last record of each.
    pub(crate) fn retain(&mut self, needed: impl Fn(Day, u64) -> bool) {
        self.0.retain(|day, dropped| needed(*day, dropped.sequence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_concerned_by_what_was_dropped_on_its_days_since_it_was_written() {
        let mut dropped = DroppedSeries::default();
        dropped.add(Day(3), 5, 10);
        dropped.add(Day(3), 2, 12);
        dropped.add(Day(7), 1, 11);
        assert_eq!(dropped.last_sequence(), 12);
        let most_on =
            |first: i32, last: i32, purged| dropped.most_on(Day(first), Day(last), purged);
        assert_eq!(most_on(3, 3, 11), 7);
        assert_eq!(most_on(3, 3, 12), 0);
        assert_eq!(
            (most_on(4, 6, 0), most_on(0, 9, 0), most_on(4, 9, 10)),
            (0, 7, 1)
        );
        let mut retained = dropped.clone();
        retained.retain(|day, sequence| (day, sequence) == (Day(7), 11));
        assert_eq!(retained.most_on(Day(0), Day(9), 0), 1);
    }
}
