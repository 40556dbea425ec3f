//! What a head holds of each tenant; asked and changed without a lock, but for the first of a tenant.

use arc_swap::ArcSwap;
use base::id::TenantId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Of one tenant.
#[derive(Debug, Default)]
struct Count {
    samples: AtomicI64,
    bytes: AtomicU64,
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    known: ArcSwap<HashMap<TenantId, Arc<Count>>>,
    growing: Mutex<()>,
}

impl Counts {
    /// Samples of the tenant.
    pub(crate) fn of(&self, tenant: TenantId) -> u64 {
        let known = self.known.load();
        let own = known.get(&tenant);
        own.map_or(0, |own| {
            own.samples.load(Ordering::Relaxed).max(0).cast_unsigned()
        })
    }

    /// Bytes of the tenant.
    pub(crate) fn bytes_of(&self, tenant: TenantId) -> u64 {
        let known = self.known.load();
        let own = known.get(&tenant);
        own.map_or(0, |own| own.bytes.load(Ordering::Relaxed))
    }

    /// How many tenants there are counts of.
    pub(crate) fn tenants(&self) -> usize {
        self.known.load().len()
    }

    pub(crate) fn add(&self, tenant: TenantId, samples: i64, bytes: u64) {
        if samples == 0 && bytes == 0 {
            return;
        }
        if let Some(own) = self.known.load().get(&tenant) {
            own.samples.fetch_add(samples, Ordering::Relaxed);
            own.bytes.fetch_add(bytes, Ordering::Relaxed);
            return;
        }
        let growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = HashMap::clone(&self.known.load());
        let own = known.entry(tenant).or_default();
        own.samples.fetch_add(samples, Ordering::Relaxed);
        own.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.known.store(Arc::new(known));
        drop(growing);
    }
}
