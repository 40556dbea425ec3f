//! Removes the series of dropped tenants from memory. Readers do not find them any more.

use super::State;
use crate::guard::{self, PIECE};
use crate::head;
use crate::registry::entries::Entry;
use crate::series_ref::SeriesRef;
use roaring::RoaringBitmap;

impl State {
    /// Removes these series, which are all of the dropped tenants. A writer waits for one piece of them at most, and only where it
    /// needs the same lock. The caller makes sure that there is one such removal at a time.
    pub(crate) fn remove_dropped(&self, series: &RoaringBitmap) {
        let mut rest = series.iter();
        loop {
            let piece: Vec<u32> = rest.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                break;
            }
            self.remove_dropped_piece(&piece);
            self.yield_to_waiters();
        }
        let mut catalog = self.catalog.write();
        catalog.registry.forget_dropped_tenants();
        self.publish_names(&catalog.registry);
    }

    fn remove_dropped_piece(&self, piece: &[u32]) {
        let mut removed: Vec<(SeriesRef, Entry)> = Vec::with_capacity(piece.len());
        let mut catalog = self.catalog.write();
        for series in piece.iter().copied().map(SeriesRef) {
            guard::step(1);
            let entry = catalog.registry.remove(series);
            removed.extend(entry.map(|entry| (series, entry)));
        }
        drop(catalog);
        // Freed after the locks are released.
        let mut samples = Vec::new();
        for of_shard in
            removed.chunk_by(|(left, _), (right, _)| head::shard(*left) == head::shard(*right))
        {
            let number = of_shard.first().map(|(first, _)| head::shard(*first));
            let Some(shard) = number.and_then(|number| self.shard(number)) else {
                continue;
            };
            let mut shard = shard.write();
            for (series, entry) in of_shard {
                guard::step(1);
                samples.extend(shard.remove(entry.tenant, *series));
            }
        }
        drop(samples);
    }
}
