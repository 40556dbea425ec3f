//! What was deleted and can be brought back, or whose samples are on their way out.

use crate::model::metering;
use base::id::{AccountId, OrgId, TenantId, UserId};
use base::scope::{Domain, Metering};
use base::time::Millis;

/// A space, an organization or an account that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// What it was.
    pub domain: Domain,
    /// Its number in the store.
    pub tenant: TenantId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The organization it was in, or was; of an account its own GUID.
    pub org: OrgId,
    /// Its name at the end.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// The domain whose deletion took it along: itself, its organization or its account.
    pub deleted_with: Domain,
    /// When its samples go; until then it can be brought back.
    pub due_at: Millis,
    /// Who managed it at the end.
    pub(crate) managers: Vec<UserId>,
}

impl Deleted {
    /// Whether it can still be brought back.
    #[must_use]
    pub fn is_kept(&self, now: Millis) -> bool {
        self.due_at > now
    }

    /// What counts its samples in the store.
    #[must_use]
    pub fn metering(&self) -> Metering {
        metering::of(self.tenant)
    }
}
