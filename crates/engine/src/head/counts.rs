//! How many samples of each tenant a head holds; asked and changed without a lock, but for the first of a tenant.

use arc_swap::ArcSwap;
use base::id::TenantId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    known: ArcSwap<HashMap<TenantId, Arc<AtomicI64>>>,
    growing: Mutex<()>,
}

impl Counts {
    pub(crate) fn of(&self, tenant: TenantId) -> u64 {
        let known = self.known.load();
        let own = known.get(&tenant);
        own.map_or(0, |own| own.load(Ordering::Relaxed).max(0).cast_unsigned())
    }

    pub(crate) fn change(&self, tenant: TenantId, by: i64) {
        if by == 0 {
            return;
        }
        if let Some(own) = self.known.load().get(&tenant) {
            own.fetch_add(by, Ordering::Relaxed);
            return;
        }
        let growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = HashMap::clone(&self.known.load());
        let own = known.entry(tenant).or_default();
        own.fetch_add(by, Ordering::Relaxed);
        self.known.store(Arc::new(known));
        drop(growing);
    }
}
