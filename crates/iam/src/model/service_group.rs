//! A group of service IDs, by which they are listed. It gives no rights.

use base::id::{AccountId, ServiceGroupId};
use base::principal::Principal;
use base::time::Millis;

/// The group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceGroup {
    /// Its id.
    pub id: ServiceGroupId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name, unique in the account.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The IAM id of its creator.
    pub made_by: Principal,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was made.
    pub created_at: Millis,
    /// When it was changed last.
    pub modified_at: Millis,
}
