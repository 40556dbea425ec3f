//! The domains that each account has or had: what a deleted one leaves in the store counts for its account until it has left
//! the disk. Else whoever fills a space, deletes it and makes another has no quota at all.
//!
//! Known since the start of the process: what was deleted before it no longer counts, and goes at the first flush.

use crate::app::App;
use base::id::{AccountId, TenantId};
use base::store::{StoreError, Usage};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of all accounts that have written.
#[derive(Debug, Default)]
pub(crate) struct LeftBehind(Mutex<HashMap<AccountId, BTreeSet<TenantId>>>);

impl LeftBehind {
    fn all(&self) -> MutexGuard<'_, HashMap<AccountId, BTreeSet<TenantId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account has this domain.
    pub(crate) fn saw(&self, account: AccountId, tenant: TenantId) {
        self.all().entry(account).or_default().insert(tenant);
    }

    /// What the store keeps of all domains that the account has or had.
    ///
    /// # Errors
    /// As [`base::store::SampleStore::usage`].
    pub(crate) fn usage(&self, app: &App, account: AccountId) -> Result<Usage, StoreError> {
        let live: BTreeSet<TenantId> = app.iam.directory().tenants_of(account).collect();
        let known = {
            let mut all = self.all();
            let known = all.entry(account).or_default();
            known.extend(&live);
            known.clone()
        };
        let mut sum = Usage::default();
        for tenant in known {
            let own = app.store.usage(tenant)?;
            if own == Usage::default() && !live.contains(&tenant) {
                if let Some(known) = self.all().get_mut(&account) {
                    known.remove(&tenant);
                }
                continue;
            }
            sum.series = sum.series.saturating_add(own.series);
            sum.samples = sum.samples.saturating_add(own.samples);
            sum.bytes = sum.bytes.saturating_add(own.bytes);
        }
        Ok(sum)
    }
}
