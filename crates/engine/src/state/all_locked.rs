//! All state that writers change, locked: for operations on more than one shard.

use super::{Catalog, Frozen, State};
use crate::guard::{self, Lock, WriteGuard};
use crate::head::mem_series::{MemSeries, PreparedDeletion};
use crate::head::{self, Head, ShardWriter};
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
            let tombstone = Tombstone {
                tenant,
                sequence,
                range,
                series: Arc::new(series.clone()),
            };
            // The next piece of the same deletion: as long as nothing was frozen in between, no source tells the two apart.
            version.tombstones.add(tombstone, |last| {
                last.range == range && last.sequence > frozen_through
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
