//! Step 2 of a flush: the head is frozen, and an empty one takes its place.

use super::all_locked::AllLocked;
use super::frozen_head::FrozenHead;
use crate::created_series::CreatedSeries;
use crate::head::Head;
use crate::head::shard_writer::ShardWriter;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The data that step 2 of a flush takes out of the state, to be written to files.
#[derive(Debug)]
pub(crate) struct FreezeOutcome {
    pub(crate) frozen: Arc<FrozenHead>,
    pub(crate) created: Vec<CreatedSeries>,
    pub(crate) dropped: RoaringBitmap,
    /// The series of each tenant that was dropped as a whole.
    pub(crate) dropped_tenants: Vec<RoaringBitmap>,
    pub(crate) next_series: u32,
    /// To be dropped after the locks are released.
    pub(crate) writers: Vec<ShardWriter>,
}

impl AllLocked<'_> {
    /// Freezes the head, and puts an empty one in its place. `sequence`: the last record whose effect is in the frozen head.
    pub(crate) fn freeze(&mut self, sequence: u64) -> FreezeOutcome {
        let next = Arc::new(Head::default());
        let batch = self.state.batches.last();
        let mut frozen = None;
        self.state.change(|version| {
            let head = std::mem::replace(&mut version.head, Arc::clone(&next));
            let new_frozen = Arc::new(FrozenHead {
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
            Arc::new(FrozenHead {
                head: Arc::default(),
                sequence,
                batch,
            })
        };
        FreezeOutcome {
            frozen: frozen.unwrap_or_else(unfrozen),
            created: std::mem::take(&mut self.catalog.created),
            dropped: std::mem::take(&mut self.catalog.dropped),
            dropped_tenants: std::mem::take(&mut self.catalog.dropped_tenants),
            next_series: self.catalog.registry.next(),
            writers,
        }
    }
}
