//! Numbers that change whenever series of a tenant end: an append that looked its series up before looks them up again.

use base::id::TenantId;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tenants share so many counters, so that no list of them is kept. To share one with a tenant that deletes costs a second look
/// and nothing else.
const COUNTERS: usize = 256;

/// A number for each tenant, which some of them share. It is changed under all locks only.
#[derive(Debug)]
pub(crate) struct DropGenerations([AtomicU64; COUNTERS]);

impl Default for DropGenerations {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl DropGenerations {
    fn counter(&self, tenant: TenantId) -> Option<&AtomicU64> {
        self.0.get(tenant.0 as usize % COUNTERS)
    }

    /// Changes whenever a series of the tenant ends.
    pub(crate) fn generation_of(&self, tenant: TenantId) -> u64 {
        let counter = self.counter(tenant);
        counter.map_or(0, |counter| counter.load(Ordering::SeqCst))
    }

    /// Series of the tenant end.
    pub(crate) fn add(&self, tenant: TenantId) {
        if let Some(counter) = self.counter(tenant) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drops_of_a_tenant_are_not_those_of_its_neighbours() {
        let drops = DropGenerations::default();
        let counts = || [6, 7, 8].map(|tenant| drops.generation_of(TenantId(tenant)));
        drops.add(TenantId(7));
        drops.add(TenantId(7));
        assert_eq!(counts(), [0, 2, 0]);
        drops.add(TenantId(u32::MAX));
        assert_eq!(drops.generation_of(TenantId(u32::MAX)), 1);
        assert_eq!(counts(), [0, 2, 0]);
    }
}
