//! Activity: on which days which series have samples. One bitmap per day; the unit is the day, so a question about part
//! of a day is answered for the whole of it, and a deletion of part of a day leaves the series listed on it.

use crate::day::Day;
use crate::guard;
use crate::pace::Pace;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The bitmaps. A copy costs nothing, and stays as it is: a change copies the bitmap that it changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days(Arc<BTreeMap<Day, Arc<RoaringBitmap>>>);

impl Days {
    pub(crate) fn has(&self, day: Day, series: SeriesRef) -> bool {
        self.0.get(&day).is_some_and(|own| own.contains(series.0))
    }

    pub(crate) fn set(&mut self, day: Day, series: SeriesRef) {
        // Nearly always it is set already, and nothing needs to be copied.
        if self.has(day, series) {
            return;
        }
        let own = Arc::make_mut(&mut self.0).entry(day).or_default();
        Arc::make_mut(own).insert(series.0);
    }

    /// The days on which any series has samples, ascending.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = Day> {
        self.0.keys().copied()
    }

    /// The days that lie in `range` as a whole and on which some of `series` have samples.
    pub(crate) fn covered(&self, series: &RoaringBitmap, range: &TimeRange) -> Vec<Day> {
        let mut days = Vec::new();
        for (day, own) in self.0.iter() {
            guard::step(1);
            if covers(range, *day) && !own.is_disjoint(series) {
                days.push(*day);
            }
        }
        days
    }

    /// `series` have no samples on `day` any more.
    pub(crate) fn clear(&mut self, day: Day, series: &RoaringBitmap) {
        let Some(own) = self.0.get(&day) else {
            return;
        };
        if own.is_disjoint(series) {
            return;
        }
        let all = Arc::make_mut(&mut self.0);
        if let Some(own) = all.get_mut(&day) {
            *Arc::make_mut(own) -= series;
            if own.is_empty() {
                all.remove(&day);
            }
        }
    }

    /// The series with samples on any day that `range` touches.
    pub(crate) fn active(
        &self,
        range: &TimeRange,
        pace: &mut Pace<'_>,
    ) -> Result<RoaringBitmap, Stop> {
        let mut active = RoaringBitmap::new();
        if range.from <= range.until {
            let days = Day::of(range.from)..=Day::of(range.until);
            for bitmap in self.0.range(days).map(|(_, bitmap)| bitmap) {
                // Eight kilobytes for each 65536 series.
                let blocks = u64::from(bitmap.max().unwrap_or_default() >> 16);
                pace.steps(1 + blocks)?;
                active |= bitmap.as_ref();
            }
        }
        Ok(active)
    }

    /// The series that have samples before `first` and none since.
    pub(crate) fn expiring(&self, first: Day) -> RoaringBitmap {
        let mut gone = RoaringBitmap::new();
        for bitmap in self.0.range(..first).map(|(_, bitmap)| bitmap) {
            guard::step(1);
            gone |= bitmap.as_ref();
        }
        if !gone.is_empty() {
            for bitmap in self.0.range(first..).map(|(_, bitmap)| bitmap) {
                guard::step(1);
                gone -= bitmap.as_ref();
            }
        }
        gone
    }

    /// Takes out of `series` those that have got samples since `before`, a copy that is still held.
    pub(crate) fn leave_out_newer(&self, series: &mut RoaringBitmap, before: &Self) {
        if Arc::ptr_eq(&self.0, &before.0) {
            return;
        }
        for (day, own) in self.0.iter() {
            let same = before.0.get(day).is_some_and(|old| Arc::ptr_eq(old, own));
            if !same {
                guard::step(1);
                *series -= own.as_ref();
            }
        }
    }

    /// Forgets the days before `first`.
    pub(crate) fn forget(&mut self, first: Day) {
        if self.0.range(..first).next().is_some() {
            let kept = Arc::make_mut(&mut self.0).split_off(&first);
            self.0 = Arc::new(kept);
        }
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
    use base::context::Context;
    use base::time::Millis;

    #[test]
    fn activity_is_by_whole_days() {
        let mut days = Days::default();
        days.set(Day(1), SeriesRef(7));
        days.set(Day(2), SeriesRef(8));
        let of = |days: &Days, from: i64, until: i64| -> Vec<u32> {
            let range = TimeRange {
                from: Millis(from),
                until: Millis(until),
            };
            let context = Context::unlimited();
            let mut pace = Pace::new(&context).unwrap();
            days.active(&range, &mut pace).unwrap().iter().collect()
        };
        assert_eq!(of(&days, Day(1).start(), Day(1).start()), [7]);
        assert_eq!(of(&days, i64::MIN, i64::MAX), [7, 8]);
        assert_eq!(of(&days, 9, 3), [0_u32; 0]);
        let seven: RoaringBitmap = [7].into_iter().collect();
        let nearly = TimeRange {
            from: Day(1).range().from,
            until: Millis(Day(2).start() - 2),
        };
        for day in days.covered(&seven, &nearly) {
            days.clear(day, &seven);
        }
        assert_eq!(
            of(&days, i64::MIN, i64::MAX),
            [7, 8],
            "the last millisecond of the day is left"
        );
        assert_eq!(days.covered(&seven, &Day(1).range()), [Day(1)]);
        let before = days.clone();
        days.clear(Day(1), &seven);
        assert_eq!(of(&days, i64::MIN, i64::MAX), [8]);
        assert_eq!(of(&before, i64::MIN, i64::MAX), [7, 8]);
        let mut gone = days.expiring(Day(3));
        assert_eq!(gone.iter().collect::<Vec<_>>(), [8]);
        let before = days.clone();
        days.set(Day(4), SeriesRef(8));
        days.leave_out_newer(&mut gone, &before);
        assert!(gone.is_empty(), "it has got samples meanwhile");
        days.forget(Day(3));
        assert_eq!(of(&days, i64::MIN, Day(3).start()), [0_u32; 0]);
    }
}
