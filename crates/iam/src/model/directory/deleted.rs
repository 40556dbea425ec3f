//! Deletions that can be undone, or whose samples are being deleted.

use crate::model::metering;
use base::id::{AccountId, OrgId, TenantId};
use base::principal::Principal;
use base::scope::{Domain, Metering};
use base::time::Millis;

/// A deleted space, organization or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// The domain.
    pub domain: Domain,
    /// Its number in the store.
    pub tenant: TenantId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its organization; for an organization itself, for an account its own GUID.
    pub org: OrgId,
    /// Its last name.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// The domain whose deletion included it: itself, its organization or its account.
    pub deleted_with: Domain,
    /// When its samples are deleted; until then it can be restored.
    pub due_at: Millis,
    /// Its managers when it was deleted.
    pub(crate) managers: Vec<Principal>,
}

impl Deleted {
    /// Whether it can still be restored.
    #[must_use]
    pub fn is_kept(&self, now: Millis) -> bool {
        self.due_at > now
    }

    /// The usage counter of its samples in the store.
    #[must_use]
    pub fn metering(&self) -> Metering {
        metering::of(self.tenant)
    }
}
