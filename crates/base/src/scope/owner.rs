//! Whom a share of a limit counts for.

use crate::id::{AccountId, TenantId};

/// Who has a share of what all tenants use together: the account that a tenant belongs to, so that nobody has more of it for
/// having more tenants. A store compares owners, and knows nothing else of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(u128);

impl From<AccountId> for Owner {
    fn from(account: AccountId) -> Self {
        Self(u128::from_be_bytes(*account.0.as_bytes()))
    }
}

impl From<TenantId> for Owner {
    /// Of a tenant whose account is not known: its own. An account's number is 128 random bits and never as small.
    fn from(tenant: TenantId) -> Self {
        Self(u128::from(tenant.0))
    }
}
