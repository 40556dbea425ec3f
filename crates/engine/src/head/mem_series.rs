//! One series in the head, as its readers and its writer share it. The writer holds the lock of its shard; readers take no lock. The
//! writer puts samples behind the visible ones and then makes them visible, with the number of their batch.

use super::block_list::BlockList;
use super::recent::{RECENT, Recent};
use super::slabs::Slabs;
use super::visibility::{Lengths, Visibility};
use base::id::TenantId;
use std::sync::Arc;

/// A series of the head. What each sample touches lies together.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct MemSeries {
    pub(super) visibility: Visibility,
    pub(super) recent: Recent,
    /// All samples but the recent ones.
    pub(super) column: BlockList<RECENT>,
    pub(super) late: BlockList<0>,
    pub(super) slabs: Arc<Slabs>,
    tenant: TenantId,
}

impl MemSeries {
    pub(super) fn new(tenant: TenantId, slabs: Arc<Slabs>) -> Self {
        Self {
            visibility: Visibility::default(),
            recent: Recent::default(),
            column: BlockList::default(),
            late: BlockList::default(),
            slabs,
            tenant,
        }
    }

    /// Samples held, of unfinished batches too.
    pub(super) fn len(&self) -> usize {
        let Lengths { column, late } = self.visibility.all();
        column + late
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl Drop for MemSeries {
    /// Only its last owner drops it: nobody reads its blocks.
    fn drop(&mut self) {
        if !self.slabs.is_retired() {
            let column = self.column.blocks(&self.slabs);
            self.slabs.free(column.chain(self.late.blocks(&self.slabs)));
        }
    }
}
