//! Activity: on which days which series have samples. One bitmap per day; the unit is the day, so a question about part
//! of a day is answered for the whole of it, and a deletion of part of a day leaves the series listed on it.

mod active_series;
mod chunk;

pub(crate) use active_series::{ActiveSeries, ActivityFilter};

use super::tree::Tree;
use crate::day::Day;
use crate::guard;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use base::context::Stop;
use base::time::TimeRange;
pub(crate) use chunk::PartedSeries;
use chunk::{Chunk, Chunks, part};
use roaring::RoaringBitmap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Days whose comparison with an earlier state counts as one step under the lock.
const DAYS_PER_STEP: usize = 64;

/// The bitmaps. A copy costs nothing, and stays as it is: a change copies the part that it changes, and of the list of days
/// some neighbours.
#[derive(Debug, Clone, Default)]
pub(crate) struct ActivityIndex(Tree<Day, Chunks>);

/// Series of one day and part.
type ChunkBitmap = (Day, Chunk, RoaringBitmap);

/// Series with samples on some days, to be set at one time.
#[derive(Debug)]
pub(crate) struct NewlyActive(Vec<ChunkBitmap>);

impl NewlyActive {
    pub(crate) fn of(active: &[(Day, SeriesRef)]) -> Self {
        let mut sorted;
        let mut active = active;
        if !active.is_sorted() {
            sorted = active.to_vec();
            sorted.sort_unstable();
            active = &sorted;
        }
        let same = |left: &(Day, SeriesRef), right: &(Day, SeriesRef)| {
            (left.0, part(left.1.0)) == (right.0, part(right.1.0))
        };
        let group = |pairs: &[(Day, SeriesRef)]| -> Option<ChunkBitmap> {
            let (day, first) = pairs.first()?;
            let mut series = RoaringBitmap::new();
            for (_, SeriesRef(number)) in pairs {
                // At its end, or there already.
                series.insert(*number);
            }
            Some((*day, part(first.0), series))
        };
        Self(active.chunk_by(same).filter_map(group).collect())
    }

    /// Whether all of them are set: nearly always, and then nothing needs to be copied.
    pub(crate) fn is_contained_in(&self, days: &ActivityIndex) -> bool {
        let is_known = |(day, part, series): &ChunkBitmap| {
            let chunk = days.0.get(day).and_then(|chunks| chunks.get(part));
            chunk.is_some_and(|chunk| series.is_subset(chunk))
        };
        self.0.iter().all(is_known)
    }
}

/// Adds to what is there, or puts it down.
fn put(parts: &mut Chunks, part: Chunk, series: RoaringBitmap) {
    match parts.get_mut(&part) {
        Some(chunk) => *Arc::make_mut(chunk) |= series,
        None => drop(parts.insert(part, Arc::new(series))),
    }
}

impl ActivityIndex {
    #[cfg(test)]
    pub(crate) fn has(&self, day: Day, series: SeriesRef) -> bool {
        let chunk = self
            .0
            .get(&day)
            .and_then(|chunks| chunks.get(&part(series.0)));
        chunk.is_some_and(|chunk| chunk.contains(series.0))
    }

    /// These series have samples on these days.
    pub(crate) fn set(&mut self, new: NewlyActive) {
        for (day, part, series) in new.0 {
            let known = self.0.get(&day).and_then(|chunks| chunks.get(&part));
            if known.is_some_and(|chunk| series.is_subset(chunk)) {
                continue;
            }
            if let Some(chunks) = self.0.get_mut(&day) {
                put(chunks, part, series);
            } else {
                self.0
                    .insert(day, Tree::of_sorted(vec![(part, Arc::new(series))]));
            }
        }
    }

    /// The days on which any series has samples, ascending.
    pub(crate) fn all(&self) -> Vec<Day> {
        let mut days = Vec::with_capacity(self.0.len());
        self.0.each(|day, _| days.push(*day));
        days
    }

    /// The days that lie in `range` as a whole and on which some of `series` have samples.
    pub(crate) fn covered(&self, series: &PartedSeries, range: &TimeRange) -> Vec<Day> {
        let mut days = Vec::new();
        let last = Day::of(range.until);
        let _ = self.0.each_from(&Day::of(range.from), &mut |day, chunks| {
            if *day > last {
                return ControlFlow::Break(());
            }
            let any = || {
                let mut parts = series.of_day(chunks);
                parts.any(|(_, chunk, series)| !chunk.is_disjoint(series))
            };
            if covers(range, *day) && any() {
                days.push(*day);
            }
            ControlFlow::Continue(())
        });
        days
    }

    /// How many of `series` have samples on `day`.
    pub(crate) fn count(&self, day: Day, series: &PartedSeries) -> u64 {
        let Some(chunks) = self.0.get(&day) else {
            return 0;
        };
        let parts = series.of_day(chunks);
        parts
            .map(|(_, chunk, series)| chunk.intersection_len(series))
            .sum()
    }

    /// `series` have no samples on `day` any more.
    pub(crate) fn clear(&mut self, day: Day, series: &PartedSeries) {
        let Some(chunks) = self.0.get(&day) else {
            return;
        };
        let parts = series.of_day(chunks);
        let concerned = parts.filter(|(_, chunk, series)| !chunk.is_disjoint(series));
        let left: Vec<(Chunk, RoaringBitmap)> = concerned
            .map(|(part, chunk, series)| (part, chunk - series))
            .collect();
        if left.is_empty() {
            return;
        }
        let Some(chunks) = self.0.get_mut(&day) else {
            return;
        };
        for (part, left) in left {
            if left.is_empty() {
                chunks.remove(&part);
            } else {
                chunks.insert(part, Arc::new(left));
            }
        }
        if chunks.is_empty() {
            self.0.remove(&day);
        }
    }

    /// The series with samples on any day that `range` touches.
    pub(crate) fn active(
        &self,
        range: &TimeRange,
        meter: &mut QueryMeter<'_>,
    ) -> Result<ActiveSeries, Stop> {
        let mut days = Vec::new();
        if range.from > range.until {
            return Ok(ActiveSeries::new(days));
        }
        let last = Day::of(range.until);
        let end = self.0.each_from(&Day::of(range.from), &mut |day, chunks| {
            if *day > last {
                return ControlFlow::Break(Ok(()));
            }
            if let Err(stop) = meter.steps(1) {
                return ControlFlow::Break(Err(stop));
            }
            days.push(chunks.clone());
            ControlFlow::Continue(())
        });
        match end {
            ControlFlow::Break(Err(stop)) => Err(stop),
            _ => Ok(ActiveSeries::new(days)),
        }
    }

    /// The series that have samples before `first` and none since.
    pub(crate) fn expiring(&self, first: Day) -> RoaringBitmap {
        let (mut gone, mut stay) = (RoaringBitmap::new(), Vec::new());
        self.0.each(|day, parts| {
            if *day < first {
                parts.each(|_, chunk| gone |= chunk.as_ref());
            } else {
                stay.push(parts.clone());
            }
        });
        for parts in stay {
            if gone.is_empty() {
                break;
            }
            parts.each(|_, chunk| gone -= chunk.as_ref());
        }
        gone
    }

    /// Those of `series` that have samples on `first` or a later day, as far as that day has changed since `before` was taken.
    pub(crate) fn active_since(
        &self,
        before: &Self,
        first: Day,
        series: &RoaringBitmap,
    ) -> RoaringBitmap {
        let mut active = RoaringBitmap::new();
        if self.0.is_same(&before.0) {
            return active;
        }
        let mut parts: Vec<Chunk> = series.iter().map(part).collect();
        parts.dedup();
        let mut days = 0;
        let _ = self.0.each_from(&first, &mut |day, chunks| {
            days += 1;
            if days % DAYS_PER_STEP == 0 {
                guard::step(1);
            }
            if before.0.get(day).is_some_and(|old| old.is_same(chunks)) {
                return ControlFlow::<()>::Continue(());
            }
            // Parts that none of the series is in may lie in between, and are not looked at.
            for part in &parts {
                guard::step(1);
                if let Some(chunk) = chunks.get(part) {
                    active |= series & chunk.as_ref();
                }
            }
            ControlFlow::Continue(())
        });
        active
    }

    /// Forgets the days before `first`, except those of which something is left.
    pub(crate) fn forget(&mut self, first: Day, is_left: impl Fn(Day) -> bool) {
        for day in self.all().into_iter().take_while(|day| *day < first) {
            if !is_left(day) {
                self.0.remove(&day);
            }
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
        let mut days = ActivityIndex::default();
        let set = |days: &mut ActivityIndex, day: i32, series: u32| {
            days.set(NewlyActive::of(&[(Day(day), SeriesRef(series))]));
        };
        set(&mut days, 1, 7);
        set(&mut days, 2, 8);
        let of = |days: &ActivityIndex, from: i64, until: i64| -> Vec<u32> {
            let range = TimeRange {
                from: Millis(from),
                until: Millis(until),
            };
            let context = Context::unlimited();
            let mut meter = QueryMeter::new(&context).unwrap();
            let mut active = days.active(&range, &mut meter).unwrap();
            let listed = active.among(&(0..10).collect(), &mut meter);
            listed.unwrap().iter().collect()
        };
        assert_eq!(of(&days, Day(1).start(), Day(1).start()), [7]);
        assert_eq!(of(&days, i64::MIN, i64::MAX), [7, 8]);
        assert_eq!(of(&days, 9, 3), [0_u32; 0]);
        let seven = PartedSeries::of(&[7].into());
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
        assert_eq!(
            (days.count(Day(1), &seven), days.count(Day(2), &seven)),
            (1, 0)
        );
        let before = days.clone();
        days.clear(Day(1), &seven);
        assert_eq!(of(&days, i64::MIN, i64::MAX), [8]);
        assert_eq!(of(&before, i64::MIN, i64::MAX), [7, 8]);
        assert_eq!(days.expiring(Day(3)).iter().collect::<Vec<_>>(), [8]);
        set(&mut days, 4, 8);
        assert!(days.expiring(Day(3)).is_empty(), "it has newer samples");
        set(&mut days, 1, 7);
        days.forget(Day(3), |day| day == Day(1));
        assert_eq!(of(&days, i64::MIN, Day(3).start()), [7], "it is left");
        days.forget(Day(3), |_| false);
        assert_eq!(of(&days, i64::MIN, Day(3).start()), [0_u32; 0]);
        assert_eq!(days.all(), [Day(4)]);
    }

    #[test]
    fn what_was_sent_since_a_snapshot_is_found_on_the_days_that_have_changed() {
        let of = |pairs: &[(i32, u32)]| {
            let pairs = pairs
                .iter()
                .map(|(day, series)| (Day(*day), SeriesRef(*series)));
            NewlyActive::of(&pairs.collect::<Vec<_>>())
        };
        let mut days = ActivityIndex::default();
        days.set(of(&[(1, 7), (1, 70_000), (3, 5), (4, 9)]));
        let before = days.clone();
        let asked: RoaringBitmap = [5, 7, 9, 70_000].into_iter().collect();
        let sent = |days: &ActivityIndex| -> Vec<u32> {
            let sent = days.active_since(&before, Day(3), &asked);
            sent.iter().collect()
        };
        assert_eq!(sent(&days), [0_u32; 0]);
        days.set(of(&[(2, 7)]));
        assert_eq!(sent(&days), [0_u32; 0], "an earlier day");
        days.set(of(&[(3, 7), (3, 8), (6, 70_000)]));
        assert_eq!(
            sent(&days),
            [5, 7, 70_000],
            "all of a changed day that are asked for"
        );
        let none = RoaringBitmap::new();
        assert!(days.active_since(&before, Day(3), &none).is_empty());
    }

    /// All parts of all days were looked at, whichever series was asked about.
    #[test]
    fn of_a_day_only_the_parts_of_the_series_are_looked_at() {
        const PARTS: u32 = 16;
        const DAYS: usize = 40;
        let in_part = |part: u32| SeriesRef(part << Chunk::BITS);
        let all = (0..40).flat_map(|day| (0..PARTS).map(move |part| (Day(day), in_part(part))));
        let mut days = ActivityIndex::default();
        days.set(NewlyActive::of(&all.collect::<Vec<_>>()));
        let looked_at = |look: &mut dyn FnMut()| {
            let before = chunk::LOOKED_AT.get();
            look();
            chunk::LOOKED_AT.get() - before
        };
        let of = |parts: &[u32]| {
            let series = parts.iter().map(|part| in_part(*part).0);
            PartedSeries::of(&series.collect())
        };
        let (middle, two, every) = (of(&[7]), of(&[4, 6]), of(&[0, PARTS - 1]));
        let covered = |series: &PartedSeries| days.covered(series, &TimeRange::ALL).len();
        let count = |series: &PartedSeries| days.count(Day(1), series);
        assert_eq!(looked_at(&mut || assert_eq!(covered(&middle), DAYS)), DAYS);
        let ends_early = looked_at(&mut || assert_eq!(covered(&every), DAYS));
        assert_eq!(ends_early, DAYS, "the first part has one of them");
        let absent = PartedSeries::of(&[in_part(4).0 + 1].into());
        assert_eq!(looked_at(&mut || assert_eq!(covered(&absent), 0)), DAYS);
        assert_eq!(looked_at(&mut || assert_eq!(count(&two), 2)), 2);
        let none = PartedSeries::of(&RoaringBitmap::new());
        assert_eq!(looked_at(&mut || assert_eq!(covered(&none), 0)), 0);
        let days_2_to_3 = TimeRange {
            from: Day(2).range().from,
            until: Day(3).range().until,
        };
        assert_eq!(days.covered(&two, &days_2_to_3), [Day(2), Day(3)]);
        assert_eq!(looked_at(&mut || days.clear(Day(1), &two)), 2);
        let left = (0..PARTS).filter(|part| days.has(Day(1), in_part(*part)));
        assert_eq!(left.count(), 14);
    }

    /// Every part of every day was copied, and with it the list of the days.
    #[test]
    fn a_new_series_copies_the_parts_it_is_in_and_no_others() {
        let mut days = ActivityIndex::default();
        let every: Vec<(Day, SeriesRef)> = (0..7290)
            .flat_map(|day| [1, 70_000].map(|series| (Day(day), SeriesRef(series))))
            .collect();
        days.set(NewlyActive::of(&every));
        let before = days.clone();
        let count = |days: &ActivityIndex, day: i32, part: Chunk| {
            Arc::strong_count(days.0.get(&Day(day)).unwrap().get(&part).unwrap())
        };
        let new = [(Day(100), SeriesRef(70_001)), (Day(101), SeriesRef(2))];
        assert!(!NewlyActive::of(&new).is_contained_in(&days));
        days.set(NewlyActive::of(&new));
        assert!(NewlyActive::of(&new).is_contained_in(&days));
        assert!(!before.has(Day(100), SeriesRef(70_001)));
        assert_eq!(count(&days, 100, 1), 1, "this part was copied");
        assert_eq!(count(&days, 100, 0), 2, "its neighbour has two owners");
        let shared = |day: &i32| {
            let of = |days: &ActivityIndex| days.0.get(&Day(*day)).unwrap().clone();
            of(&days).is_same(&of(&before))
        };
        assert_eq!((0..7290).filter(shared).count(), 7288);
    }
}
