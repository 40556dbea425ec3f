//! All state that writers change, locked: for operations on more than one shard.

use super::{Catalog, RangeDeletion, State};
use crate::day::Day;
use crate::deletion_marks::Applying;
use crate::guard::{self, Lock, WriteGuard};
use crate::head;
use crate::head::mem_series::MemSeries;
use crate::head::series_appender::PreparedReplacement;
use crate::head::shard_writer::ShardWriter;
use crate::index::activity::ActivityIndex;
use crate::index::names::TenantNames;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::id::TenantId;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Series that one tombstone of a deletion may hold before another is begun. Each further piece of the deletion copies the tombstone
/// to which it is added, because readers may hold it.
const SERIES_PER_TOMBSTONE: u64 = 1 << 16;

/// Tombstones whose copying counts as one step under the lock.
const TOMBSTONES_PER_STEP: usize = 64;

/// Data that was removed from the state. Freeing it takes time: drop it after the locks are released.
#[derive(Debug, Default)]
pub(crate) struct DeferredDrop {
    removed: Vec<Arc<MemSeries>>,
    /// Copies that took no place.
    unused: BTreeMap<SeriesRef, PreparedReplacement>,
}

/// Guards of everything that writers change.
#[derive(Debug)]
pub(crate) struct AllLocked<'s> {
    pub(super) state: &'s State,
    pub(crate) catalog: WriteGuard<'s, Catalog>,
    pub(super) shards: Vec<WriteGuard<'s, ShardWriter>>,
}

impl State {
    /// Locks the catalog and all shards: nothing is written until they are released.
    pub(crate) fn lock_all(&self) -> AllLocked<'_> {
        AllLocked {
            state: self,
            catalog: self.catalog.write(),
            shards: self.shards.iter().map(Lock::write).collect(),
        }
    }
}

impl<'s> AllLocked<'s> {
    fn shard(&mut self, series: SeriesRef) -> Option<&mut ShardWriter> {
        self.shards
            .get_mut(head::shard(series))
            .map(|shard| &mut **shard)
    }

    /// Those of `series` that nobody has sent for `first` or a later day since `before` was taken. A flush may have taken the samples out
    /// of the heads. Activity is marked under the lock of a shard, so whoever holds all of them sees all of it.
    pub(crate) fn not_sent_since(
        &self,
        before: &ActivityIndex,
        first: Day,
        series: &RoaringBitmap,
    ) -> RoaringBitmap {
        series - &self.state.activity().active_since(before, first, series)
    }

    /// Marks the deletion of these series as being applied, for each of their tenants.
    fn applying(&self, series: &RoaringBitmap) -> Vec<Applying<'s>> {
        let state = self.state;
        let tenant_of = |series| Some(self.catalog.registry.get(SeriesRef(series))?.tenant);
        let mut tenants: Vec<TenantId> = series.iter().filter_map(tenant_of).collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants
            .into_iter()
            .map(|tenant| state.deletions.begin(tenant))
            .collect()
    }

    /// Removes the series. The caller clears their days, before or afterwards and in pieces of any size: the activity of a series
    /// without a name is never read.
    pub(crate) fn delete_series(&mut self, series: &RoaringBitmap) -> DeferredDrop {
        let mut deferred = DeferredDrop::default();
        let _applying = self.applying(series);
        for series_ref in series.iter().map(SeriesRef) {
            guard::step(1);
            if let Some(entry) = self.catalog.registry.remove(series_ref) {
                self.state.drop_generations.add(entry.tenant);
                if let Some(shard) = self.shard(series_ref) {
                    deferred
                        .removed
                        .extend(shard.remove(entry.tenant, series_ref));
                }
            }
            self.catalog.dropped.insert(series_ref.0);
        }
        self.state.publish_names(&self.catalog.registry);
        deferred
    }

    /// Removes the names of all series of the tenant with numbers lower than `below`, which are `series`: no reader finds them from here
    /// on. The caller then removes their data ([`State::remove_dropped`]). Returns the names, to be dropped after the locks are released.
    pub(crate) fn drop_tenant(
        &mut self,
        tenant: TenantId,
        below: SeriesRef,
        series: RoaringBitmap,
    ) -> TenantNames {
        guard::step(1);
        let _applying = self.state.deletions.begin(tenant);
        let names = self.catalog.registry.drop_tenant(tenant, below);
        self.catalog.dropped_tenants.push(series);
        self.state.drop_generations.add(tenant);
        self.state.publish_names(&self.catalog.registry);
        names
    }

    /// The series that another deletion or a fold has replaced since the deletion was prepared, or that have samples in its range only
    /// since then. [`Self::delete_range`] would copy each of them as a whole, with everything locked.
    pub(crate) fn changed_since(&self, deletion: &RangeDeletion<'_>) -> Vec<SeriesRef> {
        let mut changed = Vec::new();
        for series in deletion.series.iter().map(SeriesRef) {
            guard::step(1);
            let prepared = deletion.prepared.get(&series);
            if let Some(shard) = self.shards.get(head::shard(series))
                && shard.has_changed(series, &deletion.range, prepared)
            {
                changed.push(series);
            }
        }
        changed
    }

    /// Deletes the samples of the series in the range: those in the head at once; those in the frozen head and in segments, which
    /// never change, are hidden by a tombstone, where there may be any. The caller clears their days **before** this, in pieces of any
    /// size, so that samples that are written afterwards set their days again.
    pub(crate) fn delete_range(
        &mut self,
        sequence: u64,
        prepared: RangeDeletion<'_>,
    ) -> DeferredDrop {
        let RangeDeletion {
            range,
            series,
            mut prepared,
            only_in_head,
        } = prepared;
        let mut deferred = DeferredDrop::default();
        let Some(tenant) = self.catalog.registry.tenant_of(series) else {
            // None of the series has a name any more, so no reader can find their samples.
            deferred.unused = prepared;
            return deferred;
        };
        let _applying = self.state.deletions.begin(tenant);
        for series_ref in series.iter().map(SeriesRef) {
            guard::step(1);
            let prepared = prepared.remove(&series_ref);
            if let Some(shard) = self.shard(series_ref) {
                let old = shard.remove_range(tenant, series_ref, &range, prepared);
                deferred.removed.extend(old);
            }
        }
        let frozen_through = self.catalog.frozen_sequence;
        self.state.change(|version| {
            if only_in_head.is_some_and(|only_in_head| only_in_head.is_true_of(version)) {
                version.tombstones.skip(sequence);
                return;
            }
            // How many an account may have is limited.
            let copied = version.tombstones.of_tenant(tenant).len() / TOMBSTONES_PER_STEP;
            guard::step(copied as u64);
            let tombstone = Tombstone {
                tenant,
                sequence,
                range,
                series: Arc::new(series.clone()),
            };
            // The next piece of the same deletion is added to the same tombstone. That is right as long as no head was frozen in
            // between: then both sequences hide the same samples of every source.
            version.tombstones.add(tombstone, |last| {
                last.range == range
                    && last.sequence > frozen_through
                    && last.series.len() < SERIES_PER_TOMBSTONE
            });
        });
        deferred
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::PIECE;
    use crate::head::batches::Stamp;
    use crate::test_support::{TENANT, empty_store};
    use base::time::{Millis, TimeRange};

    /// It looked in the heads alone, and a flush had brought what was sent to a segment.
    #[test]
    fn a_series_that_was_sent_since_the_search_is_left_out_also_when_a_flush_has_written_it() {
        let state = empty_store(Millis(0)).state;
        let create = |name| {
            let mut catalog = state.catalog().write();
            catalog.registry.create(TENANT, name).unwrap()
        };
        let (silent, late, sent) = (create("silent"), create("late"), create("sent"));
        let send = |series, day: Day| {
            let shard = state.shard(head::shard(series)).unwrap();
            let sample = [(series, day.start(), 1.0)];
            state.append(&mut shard.write(), TENANT, Stamp::before_all(), &sample);
        };
        send(silent, Day(1));
        send(sent, Day(1));
        let searched = state.activity();
        send(late, Day(2));
        send(sent, Day(9));
        // What the second takes the place of is in segments.
        for sequence in [1, 2] {
            drop(state.lock_all().freeze(sequence));
        }
        let all: RoaringBitmap = [silent.0, late.0, sent.0].into_iter().collect();
        let found = state.lock_all().not_sent_since(&searched, Day(5), &all);
        assert_eq!(found, [silent.0, late.0].into_iter().collect());
    }

    /// Each piece of a deletion copied the series numbers of all pieces before it.
    #[test]
    fn a_deletion_of_many_series_copies_a_bounded_number_of_them_with_each_piece() {
        let state = empty_store(Millis(0)).state;
        let all = 0..SERIES_PER_TOMBSTONE as u32 + 3 * PIECE as u32;
        let numbers: Vec<u32> = all.collect();
        for (sequence, piece) in (1..).zip(numbers.chunks(PIECE)) {
            let series: RoaringBitmap = piece.iter().copied().collect();
            let mut locked = state.lock_all();
            let name = format!("n{sequence}").into();
            let named = SeriesRef(piece[0]);
            locked.catalog.registry.register(named, TENANT, name);
            let prepared = state.prepare(TimeRange::ALL, &series, None);
            drop(locked.delete_range(sequence, prepared));
        }
        let version = state.version();
        let tombstones = version.tombstones.of_tenant(TENANT);
        let sizes: Vec<u64> = tombstones
            .iter()
            .map(|tombstone| tombstone.series.len())
            .collect();
        assert_eq!(sizes, [SERIES_PER_TOMBSTONE, 3 * PIECE as u64]);
        assert!(tombstones.is_sorted_by_key(|tombstone| tombstone.sequence));
    }
}
