//! The contents of a directory: all of them, or those that a few changes are about, as they are now.

use super::access_group::{AccessGroup, GroupMembership};
use super::{
    Account, ApiKey, CustomRole, Deleted, Instance, Org, Policy, Profile, Region, ResourceGroup,
    RuleTexts, Service, Space, User,
};
use crate::model::account_settings::StoredSettings;
use crate::model::issuers::Issuers;
use crate::model::role::Role;
use base::id::{AccountId, TenantId};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use std::sync::Arc;

/// A membership and its beginning.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) account: AccountId,
    pub(crate) principal: Principal,
    pub(crate) added_at: Millis,
}

/// A removal from an account the principal is in again.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) principal: Principal,
    pub(crate) account: AccountId,
    pub(crate) at: Millis,
}

/// A domain in use.
#[derive(Debug)]
pub(crate) struct DomainFact {
    pub(crate) domain: Domain,
    pub(crate) tenant: TenantId,
    pub(crate) resolution_seconds: Option<u32>,
    pub(crate) key_before_names: bool,
    pub(crate) rules: Option<Arc<RuleTexts>>,
}

/// The facts.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// When they were looked at: conditions of time are judged at this instant.
    pub(crate) at: Millis,
    /// The accounts that are not deleted.
    pub(crate) accounts: Vec<Account>,
    /// The limits that the operator has set for accounts.
    pub(crate) limits: Vec<(AccountId, String, u64)>,
    /// The settings that accounts have made for themselves.
    pub(crate) account_settings: Vec<StoredSettings>,
    /// All regions, or none if no change is about them.
    pub(crate) regions: Option<Vec<Region>>,
    pub(crate) orgs: Vec<Org>,
    pub(crate) spaces: Vec<Space>,
    pub(crate) users: Vec<User>,
    pub(crate) services: Vec<Service>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) access_groups: Vec<AccessGroup>,
    pub(crate) group_members: Vec<(Principal, GroupMembership)>,
    /// The accounts that have a public access group.
    pub(crate) public_access: Vec<AccountId>,
    pub(crate) members: Vec<Membership>,
    pub(crate) departures: Vec<Departure>,
    pub(crate) domains: Vec<DomainFact>,
    pub(crate) roles: Vec<(Principal, Domain, Role)>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) custom_roles: Vec<CustomRole>,
    pub(crate) resource_groups: Vec<ResourceGroup>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) deletions: Vec<Deleted>,
    pub(crate) keys: Vec<Arc<ApiKey>>,
    /// Like the regions.
    pub(crate) issuers: Option<Issuers>,
}
