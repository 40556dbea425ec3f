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
    pub(crate) fn owner_of(&self, tenant: TenantId) -> Option<Owner> {
        self.published.load().get(&tenant).copied()
    }

    /// Records the owner that a caller has named for the tenant.
    pub(crate) fn learn(&self, tenant: TenantId, owner: Owner) {
        // A tenant as its own owner means that the caller did not know the account.
        if owner == Owner::from(tenant) || self.owner_of(tenant) == Some(owner) {
            return;
        }
        let changing = self.changing.lock();
        let changing = changing.unwrap_or_else(PoisonError::into_inner);
        let mut owners = Tree::clone(&self.published.load());
        owners.insert(tenant, owner);
        self.published.store(Arc::new(owners));
        drop(changing);
    }

    /// Forgets the owners of tenants that are not `needed`.
    pub(crate) fn retain(&self, needed: impl Fn(TenantId) -> bool) {
        let changing = self.changing.lock();
        let changing = changing.unwrap_or_else(PoisonError::into_inner);
        let mut owners = Tree::clone(&self.published.load());
        let mut gone = Vec::new();
        owners.each(|tenant, _| {
            if !needed(*tenant) {
                gone.push(*tenant);
            }
        });
        if !gone.is_empty() {
            for tenant in gone {
                owners.remove(&tenant);
            }
            self.published.store(Arc::new(owners));
        }
        drop(changing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid};

    #[test]
    fn the_account_that_was_named_last_is_kept_also_where_none_is_named_afterwards() {
        let owners = TenantOwners::default();
        let account = |number| Owner::from(AccountId(Guid::from_random([number; 16])));
        let tenant = TenantId(7);
        owners.learn(tenant, tenant.into());
        assert_eq!(owners.owner_of(tenant), None);
        owners.learn(tenant, account(1));
        owners.learn(tenant, account(2));
        owners.learn(tenant, tenant.into());
        assert_eq!(owners.owner_of(tenant), Some(account(2)));
        assert_eq!(owners.owner_of(TenantId(8)), None);
        assert_eq!(Owner::from_bits(account(2).to_bits()), account(2));
    }

    #[test]
    fn tenants_that_are_gone_are_forgotten() {
        let owners = TenantOwners::default();
        let account = Owner::from(AccountId(Guid::from_random([1; 16])));
        for tenant in 1..5 {
            owners.learn(TenantId(tenant), account);
        }
        owners.retain(|tenant| tenant.0 % 2 == 0);
        let known = (1..5).filter(|tenant| owners.owner_of(TenantId(*tenant)).is_some());
        assert_eq!(known.collect::<Vec<u32>>(), [2, 4]);
    }
}
