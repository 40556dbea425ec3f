//! Activity: on which days which series have samples. One bitmap per day; the unit is the day, so a question about part
//! of a day is answered for the whole of it, and a deletion of part of a day leaves the series listed on it.

use crate::day::Day;
use base::id::SeriesRef;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// The bitmaps.
#[derive(Debug, Default)]
pub(crate) struct Days(BTreeMap<Day, RoaringBitmap>);

impl Days {
    pub(crate) fn set(&mut self, day: Day, series: SeriesRef) {
        self.0.entry(day).or_default().insert(series.0);
    }

    /// The series has no samples on `day` any more.
    pub(crate) fn clear(&mut self, day: Day, series: SeriesRef) {
        if let Some(bitmap) = self.0.get_mut(&day) {
            bitmap.remove(series.0);
            if bitmap.is_empty() {
                self.0.remove(&day);
            }
        }
    }

    /// The series with samples on any day that `range` touches.
    pub(crate) fn active(&self, range: &TimeRange) -> RoaringBitmap {
        let mut active = RoaringBitmap::new();
        if range.from <= range.until {
            for bitmap in self
                .0
                .range(Day::of(range.from)..=Day::of(range.until))
                .map(|(_, bitmap)| bitmap)
            {
                active |= bitmap;
            }
        }
        active
    }

    /// `series` have no samples any more.
    pub(crate) fn remove(&mut self, series: &RoaringBitmap) {
        self.0.retain(|_, bitmap| {
            *bitmap -= series;
            !bitmap.is_empty()
        });
    }

    /// `series` have no samples any more on the days that lie in `range` as a whole.
    pub(crate) fn remove_range(&mut self, series: &RoaringBitmap, range: &TimeRange) {
        self.0.retain(|day, bitmap| {
            if covers(range, *day) {
                *bitmap -= series;
            }
            !bitmap.is_empty()
        });
    }

    /// Forgets the days before `first`; returns the series that had samples on them and have none since.
    pub(crate) fn expire(&mut self, first: Day) -> RoaringBitmap {
        let kept = self.0.split_off(&first);
        let expired = std::mem::replace(&mut self.0, kept);
        let mut gone = RoaringBitmap::new();
        for bitmap in expired.values() {
            gone |= bitmap;
        }
        for bitmap in self.0.values() {
            gone -= bitmap;
        }
        gone
    }
}

/// Whether the whole of `day` lies in `range`.
pub(crate) fn covers(range: &TimeRange, day: Day) -> bool {
    let whole = day.range();
    range.from <= whole.from && whole.until <= range.until
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    #[test]
    fn activity_is_by_whole_days() {
        let mut days = Days::default();
        days.set(Day(1), SeriesRef(7));
        days.set(Day(2), SeriesRef(8));
        let of = |days: &Days, from: i64, until: i64| -> Vec<u32> {
            days.active(&TimeRange {
                from: Millis(from),
                until: Millis(until),
            })
            .iter()
            .collect()
        };
        assert_eq!(of(&days, Day(1).start(), Day(1).start()), [7]);
        assert_eq!(of(&days, i64::MIN, i64::MAX), [7, 8]);
        assert_eq!(of(&days, 9, 3), [0_u32; 0]);
        days.remove_range(
            &[7].into_iter().collect(),
            &TimeRange {
                from: Day(1).range().from,
                until: Millis(Day(2).start() - 2),
            },
        );
        assert_eq!(
            of(&days, i64::MIN, i64::MAX),
            [7, 8],
            "the last millisecond of the day is left"
        );
        days.remove_range(&[7].into_iter().collect(), &Day(1).range());
        assert_eq!(of(&days, i64::MIN, i64::MAX), [8]);
        assert_eq!(days.expire(Day(3)).iter().collect::<Vec<_>>(), [8]);
    }
}
