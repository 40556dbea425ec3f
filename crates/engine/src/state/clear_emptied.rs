//! Updates the activity index after a merge has removed the last samples of a series on a day.

use super::State;
use crate::day::Day;
use crate::guard::{self, PIECE, yield_to_waiters};
use crate::head;
use crate::series_ref::SeriesRef;
use base::id::TenantId;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

impl State {
    /// The series turned out to have no samples of `day` in its only segment; unless a head has some, it has none. The
    /// caller keeps flushes from being published.
    ///
    /// A change of activity copies the day's bitmap, and a shard's writers wait for it: so there is one for many series.
    pub(crate) fn clear_emptied(&self, day: Day, emptied: &[(TenantId, SeriesRef)]) {
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
                    yield_to_waiters();
                }
                self.clear_emptied_piece(day, shard, piece);
            }
        }
    }

    /// Series of one shard.
    fn clear_emptied_piece(&self, day: Day, shard: usize, piece: &[(TenantId, SeriesRef)]) {
        let Some(shard) = self.shard(shard) else {
            return;
        };
        // Held until activity has changed: otherwise a new sample could set its day before it is cleared here.
        let mut shard = shard.write();
        let version = self.version();
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
            self.change_activity(|days| days.clear(day, &none));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EngineConfig;
    use crate::events::Silent;
    use crate::head::SHARDS;
    use crate::head::batches::Stamp;
    use crate::recover;
    use crate::storage::faulty::Faulty;
    use base::time::{ManualClock, Millis};
    use std::sync::Arc;

    /// The shard's lock was taken, and the day's bitmap copied under it, once for each series.
    #[test]
    fn many_emptied_series_take_few_turns_at_the_locks_that_writers_need() {
        let config = EngineConfig::new("/samples");
        let clock = Arc::new(ManualClock::at(Millis(0)));
        let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
        let state = opened.unwrap().0.state;
        let (tenant, day, full) = (TenantId(1), Day(3), SeriesRef(77));
        let all: Vec<_> = (0..20_000)
            .map(|number| (tenant, SeriesRef(number)))
            .collect();
        let newly_active: Vec<_> = all.iter().map(|(_, series)| (day, *series)).collect();
        state.mark_active(&newly_active);
        let sample = [(full, day.start(), 1.0)];
        let mut writer = state.shard(head::shard(full)).unwrap().write();
        state.append(&mut writer, tenant, Stamp::before_all(), &sample);
        drop(writer);
        state.clear_emptied(day, &all);
        let days = state.activity();
        let remaining = all.iter().filter(|(_, series)| days.has(day, *series));
        assert_eq!(remaining.collect::<Vec<_>>(), [&(tenant, full)]);
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
}
