//! The owner of a share of common resources.

use crate::id::{AccountId, TenantId};

/// The owner of a share of the resources that all tenants use together: the account of a tenant, so that nobody gets a larger
/// share by having more tenants. A store only compares owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(u128);

impl Owner {
    /// As a number, for a store to write down.
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// The owner of this number.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

impl From<AccountId> for Owner {
    fn from(account: AccountId) -> Self {
        Self(u128::from_be_bytes(*account.0.as_bytes()))
    }
}

impl From<TenantId> for Owner {
    /// For a tenant whose account is not known: the tenant itself. The number of an account is 128 random bits, and never as small.
    fn from(tenant: TenantId) -> Self {
        Self(u128::from(tenant.0))
    }
}
