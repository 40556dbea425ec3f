//! What a directory is made of: everything there is, or what a few changes are about, as it is now.

use super::{Account, ApiKey, Deleted, Org, Region, Space, User};
use crate::model::issuers::Issuers;
use crate::model::role::Role;
use base::id::{AccountId, TenantId, UserId};
use base::scope::Domain;
use base::time::Millis;

/// Who is in an account, and since when.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) account: AccountId,
    pub(crate) user: UserId,
    pub(crate) added_at: Millis,
}

/// Who was taken out of an account they are in again, and when.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) user: UserId,
    pub(crate) account: AccountId,
    pub(crate) at: Millis,
}

/// A domain in use.
#[derive(Debug)]
pub(crate) struct DomainFact {
    pub(crate) domain: Domain,
    pub(crate) tenant: TenantId,
    pub(crate) resolution_seconds: Option<u32>,
}

/// The facts.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Those that were not deleted.
    pub(crate) accounts: Vec<Account>,
    /// What the operator has set for accounts.
    pub(crate) limits: Vec<(AccountId, String, u64)>,
    /// All there are, or none where no change is about one.
    pub(crate) regions: Option<Vec<Region>>,
    pub(crate) orgs: Vec<Org>,
    pub(crate) spaces: Vec<Space>,
    pub(crate) users: Vec<User>,
    pub(crate) members: Vec<Membership>,
    pub(crate) departures: Vec<Left>,
    pub(crate) domains: Vec<DomainFact>,
    pub(crate) roles: Vec<(UserId, Domain, Role)>,
    pub(crate) deletions: Vec<Deleted>,
    pub(crate) keys: Vec<ApiKey>,
    /// As the regions.
    pub(crate) issuers: Option<Issuers>,
}
