//! Updates the activity index after a merge has removed the last samples of a series on a day.

use super::State;
use crate::day::Day;
use crate::guard::{self, PIECE};
use crate::head;
use crate::index::activity::PartedSeries;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

impl State {
    /// These series turned out to have no samples of `day` in the segments that were merged into `merged`, a file that is none where
    /// no samples were left. They have none at all, unless a head or another segment has some. Where there is another segment they
    /// stay listed until the next start, because it is not searched with a lock held.
    ///
    /// Flushes may be published meanwhile. A change of activity copies the day's bitmap, and a shard's writers wait for it: so
    /// there is one for many series.
    pub(crate) fn clear_emptied(
        &self,
        day: Day,
        emptied: &[(TenantId, SeriesRef)],
        merged: Option<&Path>,
    ) {
        let mut by_shard: BTreeMap<usize, Vec<(TenantId, SeriesRef)>> = BTreeMap::new();
        for entry in emptied {
            by_shard
                .entry(head::shard(entry.1))
                .or_default()
                .push(*entry);
        }
        for (shard, entries) in by_shard {
            for (number, piece) in entries.chunks(PIECE).enumerate() {
                if number > 0 {
                    self.yield_to_waiters();
                }
                if !self.clear_emptied_piece(day, shard, piece, merged) {
                    return;
                }
            }
        }
    }

    /// Series of one shard. Returns whether no other segment holds the day.
    fn clear_emptied_piece(
        &self,
        day: Day,
        shard: usize,
        piece: &[(TenantId, SeriesRef)],
        merged: Option<&Path>,
    ) -> bool {
        let Some(shard) = self.shard(shard) else {
            return true;
        };
        // Held until activity has changed: otherwise a new sample could set its day before it is cleared here.
        let mut shard = shard.write();
        // Of one moment: what a flush brings from a head to a segment is seen in one of them.
        let version = self.version();
        let is_other = |segment: &Arc<Segment>| {
            segment.day() <= day && day <= segment.last_day() && merged != Some(segment.path())
        };
        if version.segments.iter().any(is_other) {
            return false;
        }
        let frozen = version.frozen.as_ref().map(|frozen| frozen.head.as_ref());
        let mut none = RoaringBitmap::new();
        for (tenant, series) in piece {
            guard::step(1);
            let mut heads = frozen.into_iter().chain([version.head.as_ref()]);
            if !heads.any(|head| head.any_in(*tenant, *series, &day.range())) {
                shard.forget_day(*series);
                none.insert(series.0);
            }
        }
        if !none.is_empty() {
            let none = PartedSeries::of(&none);
            self.change_activity(|days| days.clear(day, &none));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::SHARDS;
    use crate::head::batches::Stamp;
    use crate::test_support::{TENANT, empty_store, store_of_one_segment};
    use base::time::Millis;

    /// The shard's lock was taken, and the day's bitmap copied under it, once for each series.
    #[test]
    fn many_emptied_series_take_few_turns_at_the_locks_that_writers_need() {
        let state = empty_store(Millis(0)).state;
        let (day, full) = (Day(3), SeriesRef(77));
        let all: Vec<_> = (0..20_000)
            .map(|number| (TENANT, SeriesRef(number)))
            .collect();
        let newly_active: Vec<_> = all.iter().map(|(_, series)| (day, *series)).collect();
        state.mark_active(&newly_active);
        let sample = [(full, day.start(), 1.0)];
        let mut writer = state.shard(head::shard(full)).unwrap().write();
        state.append(&mut writer, TENANT, Stamp::before_all(), &sample);
        drop(writer);
        state.clear_emptied(day, &all, None);
        let days = state.activity();
        let remaining = all.iter().filter(|(_, series)| days.has(day, *series));
        assert_eq!(remaining.collect::<Vec<_>>(), [&(TENANT, full)]);
        let turns = |number: usize| {
            let lock = state.shard(number).unwrap();
            let _held = lock.write();
            lock.acquisitions_if_locked().unwrap_or_default()
        };
        let turns: u64 = (0..SHARDS).map(turns).sum();
        // The lock was taken by the test itself, and once for each piece that was begun.
        let allowed = SHARDS + 1 + SHARDS + all.len() / PIECE;
        assert!(turns <= allowed as u64, "{turns} turns, {allowed} allowed");
    }

    /// A merge kept flushes from being published until it had cleared all; now one may bring samples of the series to a segment.
    #[test]
    fn a_series_stays_listed_where_another_segment_has_the_day() {
        let core = store_of_one_segment(Millis(1000), [0]);
        let (day, series) = (Day(0), SeriesRef(0));
        let version = core.state.version();
        let merged = version.segments.first().unwrap().path();
        let is_listed = |merged: Option<&Path>| {
            core.state.clear_emptied(day, &[(TENANT, series)], merged);
            core.state.activity().has(day, series)
        };
        assert!(is_listed(None));
        assert!(!is_listed(Some(merged)), "it is in no other segment");
    }
}
