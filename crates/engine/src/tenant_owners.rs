//! The owner of each tenant, as far as callers and the manifest have named it: the pending deletions in all tenants of an account
//! count together.

use crate::index::tree::Tree;
use arc_swap::ArcSwap;
use base::id::TenantId;
use base::scope::Owner;
use std::sync::{Arc, Mutex, PoisonError};

/// The owners of tenants. Reading them never waits.
#[derive(Debug, Default)]
pub(crate) struct TenantOwners {
    published: ArcSwap<Tree<TenantId, Owner>>,
    changing: Mutex<()>,
}

impl TenantOwners {
    /// The owner of a tenant, if it is known.
    pub(crate) fn of(&self, tenant: TenantId) -> Option<Owner> {
        self.published.load().get(&tenant).copied()
    }

    /// Records the owner that a caller has named for the tenant.
    pub(crate) fn learn(&self, tenant: TenantId, owner: Owner) {
        // A tenant as its own owner means that the caller did not know the account.
        if owner == Owner::from(tenant) || self.of(tenant) == Some(owner) {
            return;
        }
        let changing = self.changing.lock();
        let changing = changing.unwrap_or_else(PoisonError::into_inner);
        let mut owners = Tree::clone(&self.published.load());
        owners.insert(tenant, owner);
        self.published.store(Arc::new(owners));
        drop(changing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid};

    #[test]
    fn the_last_account_that_was_said_counts_and_none_unsays_it() {
        let owners = TenantOwners::default();
        let account = |number| Owner::from(AccountId(Guid::from_random([number; 16])));
        let tenant = TenantId(7);
        owners.learn(tenant, tenant.into());
        assert_eq!(owners.of(tenant), None);
        owners.learn(tenant, account(1));
        owners.learn(tenant, account(2));
        owners.learn(tenant, tenant.into());
        assert_eq!(owners.of(tenant), Some(account(2)));
        assert_eq!(owners.of(TenantId(8)), None);
        assert_eq!(Owner::from_bits(account(2).to_bits()), account(2));
    }
}
