//! When deletions are applied, by tenant. A deletion takes samples from the head and hides or unnames those in files; a reader that looks
//! in between, without a lock, would find only part of a series. It therefore looks again if a deletion was applied meanwhile.

use base::id::TenantId;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tenants share so many counters, so that no list of them is kept: 64 KiB. Neighbours share none. To share one with a tenant that
/// deletes costs further looks, and nothing else.
const COUNTERS: usize = 4096;

/// How many deletions have begun and ended to be applied.
#[derive(Debug, Default)]
struct Applied {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// The deletions of all tenants.
#[derive(Debug)]
pub(crate) struct DeletionMarks(Box<[Applied]>);

/// A deletion that is being applied, until it is dropped.
#[derive(Debug)]
pub(crate) struct Applying<'m>(Option<&'m Applied>);

impl Default for DeletionMarks {
    fn default() -> Self {
        Self((0..COUNTERS).map(|_| Applied::default()).collect())
    }
}

impl DeletionMarks {
    fn of(&self, tenant: TenantId) -> Option<&Applied> {
        self.0.get(tenant.0 as usize % COUNTERS)
    }

    /// A deletion of the tenant begins to be applied.
    pub(crate) fn begin(&self, tenant: TenantId) -> Applying<'_> {
        let applied = self.of(tenant);
        if let Some(applied) = applied {
            applied.begun.fetch_add(1, Ordering::SeqCst);
        }
        Applying(applied)
    }

    /// The deletions of the tenant that have been applied as a whole; `None` while one is being applied.
    pub(crate) fn applied(&self, tenant: TenantId) -> Option<u64> {
        let applied = self.of(tenant)?;
        // In this order: what has ended by now had begun.
        let ended = applied.ended.load(Ordering::SeqCst);
        let begun = applied.begun.load(Ordering::SeqCst);
        (begun == ended).then_some(begun)
    }

    /// Whether no deletion of the tenant has begun to be applied since [`Self::applied`] said this.
    pub(crate) fn is_unchanged(&self, tenant: TenantId, since: u64) -> bool {
        self.of(tenant)
            .is_none_or(|applied| applied.begun.load(Ordering::SeqCst) == since)
    }
}

impl Drop for Applying<'_> {
    fn drop(&mut self) {
        if let Some(applied) = self.0 {
            applied.ended.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_counts_where_no_deletion_of_the_tenant_was_applied_meanwhile() {
        let marks = DeletionMarks::default();
        let (one, other) = (TenantId(1), TenantId(2));
        let before = marks.applied(one).unwrap();
        let (first, second) = (marks.begin(one), marks.begin(one));
        assert!(marks.applied(one).is_none() && !marks.is_unchanged(one, before));
        drop(first);
        assert!(marks.applied(one).is_none());
        drop(second);
        let after = marks.applied(one).unwrap();
        assert!(marks.is_unchanged(one, after) && !marks.is_unchanged(one, before));
        assert_eq!(marks.applied(other), Some(before));
    }
}
