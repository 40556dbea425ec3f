//! All state that writers change, locked: for operations on more than one shard.

use super::{Catalog, Frozen, State};
use crate::day::Day;
use crate::guard::{self, Lock, WriteGuard};
use crate::head::mem_series::{MemSeries, PreparedDeletion};
use crate::head::{self, Head, ShardWriter};
use crate::index::activity::ActivityIndex;
use crate::index::names::TenantNames;
use crate::registry::name_file::CreatedSeries;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::id::TenantId;
use base::time::TimeRange;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Series of a deletion that one tombstone names. The next piece of the deletion copies it, as readers may have it.
const SERIES_PER_TOMBSTONE: u64 = 1 << 16;

/// So many tombstones are copied in a step.
const TOMBSTONES_PER_STEP: usize = 64;

/// The data that a deletion has taken out. Freeing it takes time: drop it when the locks are free again.
#[derive(Debug, Default)]
pub(crate) struct DeferredDrop(Vec<Arc<MemSeries>>);

/// Guards of everything that writers change.
#[derive(Debug)]
pub(crate) struct AllLocked<'s> {
    state: &'s State,
    pub(crate) catalog: WriteGuard<'s, Catalog>,
    shards: Vec<WriteGuard<'s, ShardWriter>>,
}

/// The data that a freeze takes out of the state, to be flushed.
#[derive(Debug)]
pub(crate) struct FreezeOutcome {
    pub(crate) frozen: Arc<Frozen>,
    pub(crate) created: Vec<CreatedSeries>,
    pub(crate) dropped: RoaringBitmap,
    pub(crate) next_series: u32,
    /// To be dropped when the locks are free again.
    pub(crate) writers: Vec<ShardWriter>,
}

impl State {
    /// Holds everything still.
    pub(crate) fn lock_all(&self) -> AllLocked<'_> {
        AllLocked {
            state: self,
            catalog: self.catalog.write(),
            shards: self.shards.iter().map(Lock::write).collect(),
        }
    }
}

impl AllLocked<'_> {
    fn shard(&mut self, series: SeriesRef) -> Option<&mut ShardWriter> {
        self.shards
            .get_mut(head::shard(series))
            .map(|shard| &mut **shard)
    }

    /// Those of `series` that nobody has sent for `first` or a later day since `before` was taken. A flush may have taken the samples out
    /// of the heads; activity is marked with the lock of a shard held, so that with all of them it lacks nothing.
    pub(crate) fn not_sent_since(
        &self,
        before: &ActivityIndex,
        first: Day,
        series: &RoaringBitmap,
    ) -> RoaringBitmap {
        series - &self.state.activity().active_since(before, first, series)
    }

    /// The series end to exist. Their days are cleared by the caller, in whatever pieces: nothing asks for the activity
    /// of a series that has no name.
    pub(crate) fn delete_series(&mut self, series: &RoaringBitmap) -> DeferredDrop {
        let mut deferred = DeferredDrop::default();
        for series_ref in series.iter().map(SeriesRef) {
            guard::step(1);
            if let Some(entry) = self.catalog.registry.remove(series_ref)
                && let Some(shard) = self.shard(series_ref)
            {
                deferred.0.extend(shard.remove(entry.tenant, series_ref));
            }
            self.catalog.dropped.insert(series_ref.0);
        }
        self.state.series_drops.fetch_add(1, Ordering::SeqCst);
        self.state.publish_names(&self.catalog.registry);
        deferred
    }

    /// All series of the tenant end to exist, which are `series`, below a number: at once for whoever looks for them. They are
    /// removed by the caller afterwards ([`State::remove_dropped`]). Returns their names, to be dropped without the lock.
    pub(crate) fn drop_tenant(
        &mut self,
        (tenant, below): (TenantId, SeriesRef),
        series: &RoaringBitmap,
    ) -> TenantNames {
        guard::step(1);
        let names = self.catalog.registry.drop_tenant(tenant, below);
        self.catalog.dropped |= series;
        self.state.series_drops.fetch_add(1, Ordering::SeqCst);
        self.state.publish_names(&self.catalog.registry);
        names
    }

    /// The samples of the series in the range end to exist: at once in the head, hidden where they are immutable.
    /// Their days are cleared by the caller **before** this, in whatever pieces, so that what is written after it counts.
    pub(crate) fn delete_range(
        &mut self,
        sequence: u64,
        range: TimeRange,
        series: &RoaringBitmap,
        mut prepared: BTreeMap<SeriesRef, PreparedDeletion>,
    ) -> DeferredDrop {
        let mut deferred = DeferredDrop::default();
        let Some(tenant) = self.catalog.registry.owner_of(series) else {
            // Nobody can ask for what has no name.
            return deferred;
        };
        for series_ref in series.iter().map(SeriesRef) {
            guard::step(1);
            let prepared = prepared.remove(&series_ref);
            if let Some(shard) = self.shard(series_ref) {
                let old = shard.remove_range(tenant, series_ref, &range, prepared);
                deferred.0.extend(old);
            }
        }
        let frozen_through = self.catalog.frozen_sequence;
        self.state.change(|version| {
            // Their number has a limit.
            let copied = version.tombstones.of(tenant).len() / TOMBSTONES_PER_STEP;
            guard::step(copied as u64);
            let tombstone = Tombstone {
                tenant,
                sequence,
                range,
                series: Arc::new(series.clone()),
            };
            // The next piece of the same deletion: as long as nothing was frozen in between, no source tells the two apart.
            version.tombstones.add(tombstone, |last| {
                last.range == range
                    && last.sequence > frozen_through
                    && last.series.len() < SERIES_PER_TOMBSTONE
            });
        });
        deferred
    }

    /// Gives the head over to be flushed, and goes on with an empty one. `sequence`: the last record whose effect is in it.
    pub(crate) fn freeze(&mut self, sequence: u64) -> FreezeOutcome {
        let next = Arc::new(Head::default());
        let batch = self.state.batches.last();
        let mut frozen = None;
        self.state.change(|version| {
            let head = std::mem::replace(&mut version.head, Arc::clone(&next));
            let new_frozen = Arc::new(Frozen {
                head,
                sequence,
                batch,
            });
            version.frozen = Some(Arc::clone(&new_frozen));
            frozen = Some(new_frozen);
        });
        let shards = self.shards.iter_mut();
        let writers = shards
            .map(|shard| shard.replace_head(Arc::clone(&next)))
            .collect();
        self.catalog.frozen_sequence = sequence;
        let unfrozen = || {
            Arc::new(Frozen {
                head: Arc::default(),
                sequence,
                batch,
            })
        };
        FreezeOutcome {
            frozen: frozen.unwrap_or_else(unfrozen),
            created: std::mem::take(&mut self.catalog.created),
            dropped: std::mem::take(&mut self.catalog.dropped),
            next_series: self.catalog.registry.next(),
            writers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EngineConfig;
    use crate::events::Silent;
    use crate::guard::PIECE;
    use crate::head::batches::Stamp;
    use crate::recover;
    use crate::storage::faulty::Faulty;
    use base::id::TenantId;
    use base::time::{ManualClock, Millis};

    const TENANT: TenantId = TenantId(1);

    fn open() -> State {
        let config = EngineConfig::new("/samples");
        let clock = Arc::new(ManualClock::at(Millis(0)));
        let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
        opened.unwrap().0.state
    }

    /// It looked in the heads alone, and a flush had brought what was sent to a segment.
    #[test]
    fn a_series_that_was_sent_since_the_search_is_left_out_also_when_a_flush_has_written_it() {
        let state = open();
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

    /// Each piece of a deletion copied the numbers of all before it.
    #[test]
    fn a_deletion_of_many_series_copies_a_bounded_number_of_them_with_each_piece() {
        let state = open();
        let all = 0..SERIES_PER_TOMBSTONE as u32 + 3 * PIECE as u32;
        let numbers: Vec<u32> = all.collect();
        for (sequence, piece) in (1..).zip(numbers.chunks(PIECE)) {
            let series: RoaringBitmap = piece.iter().copied().collect();
            let mut locked = state.lock_all();
            let name = format!("n{sequence}").into();
            let named = SeriesRef(piece[0]);
            locked.catalog.registry.register(named, TENANT, name);
            let nothing_prepared = BTreeMap::new();
            drop(locked.delete_range(sequence, TimeRange::ALL, &series, nothing_prepared));
        }
        let version = state.version();
        let tombstones = version.tombstones.of(TENANT);
        let sizes: Vec<u64> = tombstones
            .iter()
            .map(|tombstone| tombstone.series.len())
            .collect();
        assert_eq!(sizes, [SERIES_PER_TOMBSTONE, 3 * PIECE as u64]);
        assert!(tombstones.is_sorted_by_key(|tombstone| tombstone.sequence));
    }
}
