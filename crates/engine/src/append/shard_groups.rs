//! Samples by the shard of their series: each shard's are written under its lock together.

use super::piece::PendingSample;
use crate::head::{self, SHARDS};
use crate::series_ref::SeriesRef;

/// The samples of a batch that belong to one shard.
#[derive(Debug, Default)]
pub(super) struct ShardGroup {
    pub(super) shard: usize,
    /// Their positions in the batch.
    pub(super) positions: Vec<usize>,
    pub(super) samples: Vec<(SeriesRef, i64, f64)>,
}

/// The samples of a batch by shard.
#[derive(Debug)]
pub(super) struct ShardGroups {
    groups: [Option<ShardGroup>; SHARDS],
    /// Initial capacity of a group: one page, plus an even share of the batch.
    room: usize,
}

impl ShardGroups {
    /// Empty groups with room for this many samples.
    pub(super) fn new(samples: usize) -> Self {
        Self {
            groups: std::array::from_fn(|_| None),
            room: samples.min(head::PAGE + samples / SHARDS),
        }
    }

    pub(super) fn add(&mut self, series: SeriesRef, sample: &PendingSample<'_>) {
        let shard = head::shard(series);
        if let Some(place) = self.groups.get_mut(shard) {
            let group = place.get_or_insert_with(|| ShardGroup {
                shard,
                positions: Vec::with_capacity(self.room),
                samples: Vec::with_capacity(self.room),
            });
            group.positions.push(sample.position);
            group.samples.push((series, sample.at.0, sample.value));
        }
    }

    /// Those that have samples.
    pub(super) fn into_groups(self) -> impl Iterator<Item = ShardGroup> {
        self.groups.into_iter().flatten()
    }
}
