//! Steps 1 and 2 of a flush ([`crate::flush`]): what it is to write is taken out of the engine. Only the exchange of the heads needs
//! the locks.

use crate::core::Core;
use crate::flush_names::{self, FlushedNames};
use crate::pending_flush::PendingFlush;
use crate::series_ref::SeriesRef;
use crate::state::FreezeOutcome;
use base::store::StoreError;

impl Core {
    /// `None` when nothing has happened since the last flush.
    pub(crate) fn freeze(&self) -> Result<Option<PendingFlush>, StoreError> {
        // Most records that are not synced yet are synced here, before the locks are taken.
        self.wal.commit(self.wal.last_sequence())?;
        let (sequence, wal_first, name_files) = {
            let manifest = self.manifest();
            (manifest.sequence, manifest.wal_first, manifest.names.len())
        };
        // Every start begins a log file: even without records, a flush removes the old ones.
        if self.wal.last_sequence() == sequence && self.wal.file_number() == wal_first {
            return Ok(None);
        }
        let replaces_names = flush_names::must_rewrite_all(name_files);
        // Step 1.
        let next = self.wal.make_next()?;
        // Step 2.
        let mut locked = self.state.lock_all();
        let on_panic = self.poison.on_panic("froze the head");
        let switch = self.wal.begin_switch(next);
        let outcome = locked.freeze(switch.last_sequence);
        let all_names = replaces_names.then(|| locked.catalog.registry.names().clone());
        on_panic.disarm();
        drop(locked);
        let FreezeOutcome {
            frozen,
            created,
            mut dropped,
            dropped_tenants,
            next_series,
            writers,
        } = outcome;
        drop(writers);
        for series in &dropped_tenants {
            dropped |= series;
        }
        let names = match all_names {
            Some(names) => FlushedNames::all(&names),
            None => FlushedNames::since(created, dropped.iter().map(SeriesRef).collect()),
        };
        Ok(Some(PendingFlush {
            frozen,
            wal_first: switch.file,
            next_series,
            names,
        }))
    }
}
