//! What the records of the log do to the state at a start.
//!
//! Days of series are set and cleared for many records at a time: each change copies bitmaps of all the days that it concerns. Only
//! the deletion of a range needs those that are set before it to be there.

use crate::created_series::CreatedSeries;
use crate::day::Day;
use crate::series_ref::SeriesRef;
use crate::state::State;
use crate::wal::record::Record;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// New days of series that are set together.
pub(crate) const NEWLY_ACTIVE_MAX: usize = 1 << 18;

/// The effects of the records so far.
#[derive(Debug)]
pub(crate) struct ReplayEffects<'s> {
    state: &'s State,
    /// Days of series that are still to be set.
    newly_active: Vec<(Day, SeriesRef)>,
    /// Series that were deleted, whose days are still to be cleared: without names, nobody reads these.
    deleted: RoaringBitmap,
    /// The last record that deleted one of them.
    deleted_through: u64,
    counts: ReplayCounts,
}

/// What the records held.
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
                    self.set_newly_active();
                }
            }
            Record::DeleteSeries(series) => {
                let series: RoaringBitmap = series.iter().map(|series| series.0).collect();
                drop(state.lock_all().delete_series(&series));
                self.deleted |= series;
                self.deleted_through = sequence;
            }
            Record::DeleteRange(range, series) => {
                self.set_newly_active();
                let series: RoaringBitmap = series.iter().map(|series| series.0).collect();
                state.clear_activity(&series, &range);
                let prepared = state.prepare(&series, &range);
                let deferred = state
                    .lock_all()
                    .delete_range(sequence, range, &series, prepared);
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
        self.set_newly_active();
        if !self.deleted.is_empty() {
            self.state
                .clear_dropped(&self.deleted, self.deleted_through);
        }
        remove_dropped(self.state, names, last_sequence);
        self.counts
    }

    fn set_newly_active(&mut self) {
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
    use crate::registry::table::Registry;
    use crate::state::{COPIES, Version};
    use base::id::TenantId;

    /// Each record went through all parts of all days, though nobody reads the days of a series that is gone.
    #[test]
    fn the_days_of_deleted_series_are_cleared_once_however_many_records_delete_them() {
        const SERIES: u32 = 100;
        const DAYS: i64 = 40;
        let state = State::new(
            Registry::new([0; 2]),
            ActivityIndex::default(),
            Version::default(),
            0,
            DroppedSeries::default(),
        );
        let mut effects = ReplayEffects::new(&state);
        let created = (0..SERIES).map(|number| CreatedSeries {
            tenant: TenantId(1),
            name: format!("n{number}").into(),
            series: SeriesRef(number),
        });
        effects
            .apply(1, Record::Created(created.collect()))
            .unwrap();
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
        let left = state.activity().count(Day(7), &(0..SERIES).collect());
        assert_eq!(left, 1);
        let dropped = state.dropped();
        assert_eq!(dropped.most_on(Day(0), Day(39), 100), 99);
        assert_eq!(dropped.last_sequence(), 101);
    }
}
