//! The effects of the log's records on the state at a start.
//!
//! Days of series are set and cleared for many records at a time: each change goes through all the days that it concerns, and copies
//! their bitmaps. A large deletion has a record for each piece of its series, between those of other writers, and its days are
//! cleared once as they were when it was made.

use crate::created_series::CreatedSeries;
use crate::day::Day;
use crate::index::activity::covers;
use crate::series_ref::SeriesRef;
use crate::state::State;
use crate::wal::record::Record;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// New days of series that are set together.
pub(crate) const NEWLY_ACTIVE_MAX: usize = 1 << 18;

/// The deletion of a range looks through at most this many of them; where there are more, they are set first.
const NEWLY_ACTIVE_SEARCHED: usize = 1 << 14;

/// Deleted ranges whose days are cleared together: deletions that were made at the same time take turns in the log.
const RANGES_MAX: usize = 64;

/// The effects of the records so far.
#[derive(Debug)]
pub(crate) struct ReplayEffects<'s> {
    state: &'s State,
    /// Ranges that were deleted, whose days are still to be cleared of these series.
    deleted_ranges: Vec<(TimeRange, RoaringBitmap)>,
    /// Days of series that are still to be set, after those are cleared: what a later deletion concerns is taken out of it.
    newly_active: Vec<(Day, SeriesRef)>,
    /// Series that were deleted, whose days are still to be cleared: without names, nobody reads these.
    deleted: RoaringBitmap,
    /// The last record that deleted one of them.
    deleted_through: u64,
    counts: ReplayCounts,
}

/// The series and samples in the replayed records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReplayCounts {
    /// Series that they create.
    pub(crate) series: u64,
    pub(crate) samples: u64,
}

impl<'s> ReplayEffects<'s> {
    pub(crate) fn new(state: &'s State) -> Self {
        Self {
            state,
            deleted_ranges: Vec::new(),
            newly_active: Vec::new(),
            deleted: RoaringBitmap::new(),
            deleted_through: 0,
            counts: ReplayCounts::default(),
        }
    }

    /// The effect of one record of the log.
    pub(crate) fn apply(&mut self, sequence: u64, record: Record) -> Result<(), &'static str> {
        let state = self.state;
        match record {
            Record::Created(created) => {
                let mut catalog = state.catalog().write();
                for new in created {
                    if new.series.0 < catalog.registry.next() {
                        return Err("a series is created with a number given before");
                    }
                    let name = Arc::clone(&new.name);
                    catalog.registry.register(new.series, new.tenant, name);
                    catalog.created.push(new);
                    self.counts.series += 1;
                }
            }
            Record::Samples(samples) => {
                if !state.replay(&samples, &mut self.newly_active) {
                    return Err("a sample of a series that does not exist");
                }
                self.counts.samples += samples.len() as u64;
                if self.newly_active.len() >= NEWLY_ACTIVE_MAX {
                    self.change_activity();
                }
            }
            Record::DeleteSeries(series) => {
                let series: RoaringBitmap = series.iter().map(|series| series.0).collect();
                drop(state.lock_all().delete_series(&series));
                self.deleted |= series;
                self.deleted_through = sequence;
            }
            Record::DeleteRange(range, series) => {
                let series: RoaringBitmap = series.iter().map(|series| series.0).collect();
                self.clear_later(range, &series);
                let tenant = state.catalog().read().registry.tenant_of(&series);
                let only_in_head = tenant.and_then(|tenant| state.only_in_head(tenant, &range));
                let prepared = state.prepare(range, &series, only_in_head.as_ref());
                let deferred = state.lock_all().delete_range(sequence, prepared);
                drop(deferred);
            }
            Record::DropTenant(tenant, below) => {
                // The series are removed once the log is read, with one search for those of all dropped tenants.
                let mut catalog = state.catalog().write();
                drop(catalog.registry.drop_tenant(tenant, below));
            }
            Record::Synced => {}
        }
        Ok(())
    }

    /// The rest, once all records up to `last_sequence` were applied. `names`: of the files.
    pub(crate) fn finish(mut self, names: &[CreatedSeries], last_sequence: u64) -> ReplayCounts {
        self.change_activity();
        if !self.deleted.is_empty() {
            self.state
                .clear_dropped(&self.deleted, self.deleted_through);
        }
        remove_dropped(self.state, names, last_sequence);
        self.counts
    }

    /// The days in `range` are to be cleared of `series`.
    fn clear_later(&mut self, range: TimeRange, series: &RoaringBitmap) {
        let place = |ranges: &[(TimeRange, RoaringBitmap)]| {
            ranges.iter().position(|(deleted, _)| *deleted == range)
        };
        let is_full =
            self.deleted_ranges.len() >= RANGES_MAX && place(&self.deleted_ranges).is_none();
        if is_full || self.newly_active.len() > NEWLY_ACTIVE_SEARCHED {
            self.change_activity();
        }
        self.newly_active
            .retain(|(day, active)| !(covers(&range, *day) && series.contains(active.0)));
        let known = place(&self.deleted_ranges);
        if let Some((_, deleted)) = known.and_then(|at| self.deleted_ranges.get_mut(at)) {
            *deleted |= series;
        } else {
            self.deleted_ranges.push((range, series.clone()));
        }
    }

    /// Clears and sets the days that are still to be.
    fn change_activity(&mut self) {
        for (range, series) in self.deleted_ranges.drain(..) {
            self.state.clear_activity(&series, &range);
        }
        self.state.mark_active(&self.newly_active);
        self.newly_active.clear();
    }
}

/// Removes the series of the tenants that the log has dropped with the records up to `sequence`. `names`: of the files.
fn remove_dropped(state: &State, names: &[CreatedSeries], sequence: u64) {
    let mut catalog = state.catalog().write();
    let all = names.iter().chain(&catalog.created);
    let is_dropped =
        |created: &&CreatedSeries| catalog.registry.is_dropped(created.tenant, created.series);
    let dropped: RoaringBitmap = all
        .filter(is_dropped)
        .map(|created| created.series.0)
        .collect();
    catalog.dropped |= &dropped;
    drop(catalog);
    if !dropped.is_empty() {
        state.remove_dropped(&dropped);
        state.clear_dropped(&dropped, sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::DAY_MILLIS;
    use crate::dropped_series::DroppedSeries;
    use crate::index::activity::ActivityIndex;
    use crate::index::activity::PartedSeries;
    use crate::registry::table::Registry;
    use crate::state::{COPIES, Version};
    use base::id::TenantId;

    fn empty_state() -> State {
        State::new(
            Registry::new([0; 2]),
            ActivityIndex::default(),
            Version::default(),
            0,
            DroppedSeries::default(),
        )
    }

    fn create(effects: &mut ReplayEffects<'_>, series: u32) {
        let created = (0..series).map(|number| CreatedSeries {
            tenant: TenantId(1),
            name: format!("n{number}").into(),
            series: SeriesRef(number),
        });
        effects
            .apply(1, Record::Created(created.collect()))
            .unwrap();
    }

    /// Each record went through all parts of all days, though nobody reads the days of a series that is gone.
    #[test]
    fn the_days_of_deleted_series_are_cleared_once_however_many_records_delete_them() {
        const SERIES: u32 = 100;
        const DAYS: i64 = 40;
        let state = empty_state();
        let mut effects = ReplayEffects::new(&state);
        create(&mut effects, SERIES);
        let samples = (0..DAYS)
            .flat_map(|day| (0..SERIES).map(move |number| (number, day * DAY_MILLIS)))
            .map(|(number, at)| (SeriesRef(number), at, 1.0));
        effects
            .apply(2, Record::Samples(samples.collect()))
            .unwrap();
        let before = COPIES.get();
        for (sequence, number) in (3..).zip(0..SERIES - 1) {
            let deletion = Record::DeleteSeries(vec![SeriesRef(number)]);
            effects.apply(sequence, deletion).unwrap();
        }
        let counts = effects.finish(&[], u64::from(SERIES) + 1);
        assert_eq!((counts.series, counts.samples), (100, 4000));
        let copies = COPIES.get() - before;
        assert_eq!(copies, 2, "the days are set once, and cleared once");
        let left = state
            .activity()
            .count(Day(7), &PartedSeries::of(&(0..SERIES).collect()));
        assert_eq!(left, 1);
        let dropped = state.dropped();
        assert_eq!(dropped.most_on(Day(0), Day(39), 100), 99);
        assert_eq!(dropped.last_sequence(), 101);
    }

    /// Each record went through all days, where the deletion itself had done so once for all its series.
    #[test]
    fn the_days_of_deleted_ranges_are_cleared_once_however_many_records_delete_them() {
        const SERIES: u32 = 100;
        const DAYS: i32 = 40;
        let state = empty_state();
        let mut effects = ReplayEffects::new(&state);
        create(&mut effects, SERIES);
        let all: Vec<_> = (0..DAYS)
            .flat_map(|day| (0..SERIES).map(move |number| (Day(day), SeriesRef(number))))
            .collect();
        state.mark_active(&all);
        let until = |day: i32| TimeRange {
            from: Day(0).range().from,
            until: Day(day).range().until,
        };
        let ranges = [until(20), until(10)];
        let sent = |day: i32, number: u32| {
            Record::Samples(vec![(SeriesRef(number), Day(day).start(), 1.0)])
        };
        let before = COPIES.get();
        let mut sequence = 1;
        let mut apply = |record: Record| {
            sequence += 1;
            effects.apply(sequence, record).unwrap();
        };
        for number in 0..SERIES / 2 {
            // Two deletions at the same time, of different series, and a writer beside them.
            for (range, number) in ranges.into_iter().zip([number, number + SERIES / 2]) {
                apply(sent(5, number));
                apply(Record::DeleteRange(range, vec![SeriesRef(number)]));
            }
            apply(sent(7, number));
        }
        effects.finish(&[], sequence);
        let copies = COPIES.get() - before;
        assert_eq!(
            copies, 3,
            "each range is cleared once, and the days are set once"
        );
        let on = |day: i32, numbers: std::ops::Range<u32>| {
            state
                .activity()
                .count(Day(day), &PartedSeries::of(&numbers.collect()))
        };
        let (first, second) = (0..SERIES / 2, SERIES / 2..SERIES);
        assert_eq!(on(5, first.clone()), 0, "sent before its deletion");
        assert_eq!(on(5, second.clone()), 0, "sent before its deletion");
        assert_eq!(on(7, first.clone()), 50, "sent after its deletion");
        assert_eq!(on(7, second.clone()), 0);
        assert_eq!((on(15, first.clone()), on(15, second.clone())), (0, 50));
        assert_eq!((on(21, first), on(21, second)), (50, 50));
    }

    /// However many they are, nothing is cleared that was sent afterwards, nor set that was deleted afterwards.
    #[test]
    fn many_ranges_and_many_new_days_stay_in_their_order() {
        let state = empty_state();
        let mut effects = ReplayEffects::new(&state);
        create(&mut effects, 2);
        let (deleted, other) = (SeriesRef(0), SeriesRef(1));
        let days = i32::try_from(NEWLY_ACTIVE_SEARCHED + RANGES_MAX).unwrap();
        let samples =
            (0..days).flat_map(|day| [deleted, other].map(|to| (to, Day(day).start(), 1.0)));
        effects
            .apply(2, Record::Samples(samples.collect()))
            .unwrap();
        let ranges = i32::try_from(3 * RANGES_MAX).unwrap();
        for (day, sequence) in (0..ranges).zip((3..).step_by(2)) {
            let deletion = Record::DeleteRange(Day(day).range(), vec![deleted]);
            effects.apply(sequence, deletion).unwrap();
            if day % 2 == 0 {
                let again = Record::Samples(vec![(deleted, Day(day).start(), 2.0)]);
                effects.apply(sequence + 1, again).unwrap();
            }
        }
        effects.finish(&[], 10_000);
        let activity = state.activity();
        for day in 0..days {
            let is_active = day >= ranges || day % 2 == 0;
            assert_eq!(activity.has(Day(day), deleted), is_active, "day {day}");
            assert!(activity.has(Day(day), other), "day {day}");
        }
    }
}
