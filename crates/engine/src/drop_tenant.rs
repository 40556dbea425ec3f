//! A tenant is dropped with one record of the log: all its series are dropped at one moment, and after a crash all of them or none.
//!
//! From that record on no reader finds them. Their memory is freed in pieces afterwards; a restart does the same.

use crate::core::Core;
use crate::query_meter::QueryMeter;
use crate::series_ref::SeriesRef;
use crate::wal::record::{Kind, Payload, put_drop_tenant};
use base::context::Context;
use base::id::TenantId;
use base::store::StoreError;
use std::sync::PoisonError;

/// How often the drop is tried: the tenant may get new series between the search for its series and the lock.
const LOOKS: usize = 4;

impl Core {
    /// Drops all series of a tenant, and returns how many there were. None, and nothing was dropped, where it gets new ones all the
    /// time.
    pub(crate) fn drop_tenant(
        &self,
        tenant: TenantId,
        context: &Context,
    ) -> Result<Option<u64>, StoreError> {
        self.poison.check()?;
        self.wal.require_resources()?;
        let mut meter = QueryMeter::new(context)?;
        for _ in 0..LOOKS {
            let names = self.state.names_of(tenant);
            let series = names.series(&mut meter)?;
            if series.is_empty() {
                // Another call may have ended them, which still waits for its record.
                self.commit_all()?;
                return Ok(Some(0));
            }
            let one_at_a_time = self.dropping_tenant.lock();
            let one_at_a_time = one_at_a_time.unwrap_or_else(PoisonError::into_inner);
            let mut locked = self.state.lock_all();
            let registry = &locked.catalog.registry;
            if !registry.names().of(tenant).is_same(&names) {
                continue;
            }
            let below = SeriesRef(registry.next());
            let payload = Payload::new(Kind::DropTenant, put_drop_tenant(tenant, below));
            let on_panic = self.poison.on_panic("dropped a tenant");
            let sequence = self.wal.push(&payload);
            let ended = locked.drop_tenant(tenant, below, &series);
            drop(locked);
            drop((names, ended));
            self.state.remove_dropped(&series);
            self.state.clear_dropped(&series, sequence);
            // Until here a panic poisons the store: series that were not removed would be found again after the next drop.
            on_panic.disarm();
            drop(one_at_a_time);
            self.wal.commit(sequence)?;
            return Ok(Some(series.len()));
        }
        Ok(None)
    }
}
