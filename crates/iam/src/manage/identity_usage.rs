//! How many service IDs, groups of them, API keys and trusted profiles an account has, and how many it may have.

use crate::error::IamError;
use crate::model::directory::Profile;
use crate::repo::service_id_groups;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccessGroupId, ProfileId, ServiceGroupId};
use base::limit::{self, Limit};
use base::principal::Principal;
use std::collections::HashMap;

/// A limit, and how much is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitUsage {
    /// How many there may be.
    pub limit: u64,
    /// How many there are.
    pub count: u64,
}

/// What is counted of a trusted profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfilePart {
    /// Its claim rules, whomever they are about.
    Rules,
    /// Its claim rules about compute resources.
    ComputeResourceRules,
    /// Its links to compute resources.
    Links,
}

impl ProfilePart {
    /// How many one profile may have. Rules of both kinds share one limit.
    const fn limit(self) -> Limit {
        match self {
            Self::Rules | Self::ComputeResourceRules => limit::RULES_PER_PROFILE,
            Self::Links => limit::LINKS_PER_PROFILE,
        }
    }

    fn count(self, profile: &Profile) -> u64 {
        let count = match self {
            Self::Rules => profile.rules.len(),
            Self::ComputeResourceRules => profile.compute_resource_rules().count(),
            Self::Links => profile.links.len(),
        };
        count as u64
    }
}

impl Iam {
    /// Checks that the caller may read the limits of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_read_usage(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(
            caller,
            caller.account(),
            "reading the limits of the account",
        )
    }

    /// Groups of service IDs of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn service_id_group_usage(&self, caller: &Identity) -> Result<LimitUsage, IamError> {
        self.may_read_usage(caller)?;
        Ok(LimitUsage {
            limit: limit::SERVICE_ID_GROUPS_PER_ACCOUNT.default,
            count: service_id_groups::count_now(&self.0.db, caller.account()).await?,
        })
    }

    /// Service IDs of each of these groups in the credential's account; zero if it has no such group. However many groups are
    /// named, the service IDs are looked at once.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn service_id_usage(
        &self,
        caller: &Identity,
        groups: &[ServiceGroupId],
    ) -> Result<Vec<LimitUsage>, IamError> {
        self.may_read_usage(caller)?;
        let (directory, account) = (self.directory(), caller.account());
        let mut by_group: HashMap<ServiceGroupId, u64> = HashMap::new();
        for group in (directory.services_of(account)).filter_map(|service| service.group) {
            let count = by_group.entry(group).or_default();
            *count = count.saturating_add(1);
        }
        let limit = self.account_limit(account, &limit::SERVICE_IDS_PER_ACCOUNT);
        let usage = |group| LimitUsage {
            limit,
            count: by_group.get(group).copied().unwrap_or_default(),
        };
        Ok(groups.iter().map(usage).collect())
    }

    /// API keys of one user or service ID in the credential's account; zero for anybody who is not in it.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn api_key_usage(&self, caller: &Identity, of: Principal) -> Result<LimitUsage, IamError> {
        self.may_read_usage(caller)?;
        let directory = self.directory();
        Ok(LimitUsage {
            limit: self.0.config.limits.keys_per_user,
            count: directory.keys_of(caller.account(), of).len() as u64,
        })
    }

    /// Trusted profiles of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn profile_usage(&self, caller: &Identity) -> Result<LimitUsage, IamError> {
        self.may_manage_profiles(caller)?;
        let account = caller.account();
        Ok(LimitUsage {
            limit: self.account_limit(account, &limit::PROFILES_PER_ACCOUNT),
            count: self.directory().profiles_of(account).count() as u64,
        })
    }

    /// A part of one trusted profile of the credential's account; zero if it has no such profile.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn profile_part_usage(
        &self,
        caller: &Identity,
        part: ProfilePart,
        id: ProfileId,
    ) -> Result<LimitUsage, IamError> {
        self.may_manage_profiles(caller)?;
        let directory = self.directory();
        let profile = directory.profile(id);
        let profile = profile.filter(|profile| profile.account == caller.account());
        Ok(LimitUsage {
            limit: part.limit().default,
            count: profile.map_or(0, |profile| part.count(profile)),
        })
    }

    /// A part of all trusted profiles of the credential's account. They may have as many as all profiles that there may be.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn profile_parts_usage(
        &self,
        caller: &Identity,
        part: ProfilePart,
    ) -> Result<LimitUsage, IamError> {
        let profiles = self.profile_usage(caller)?;
        let directory = self.directory();
        let all = directory.profiles_of(caller.account());
        Ok(LimitUsage {
            limit: profiles.limit.saturating_mul(part.limit().default),
            count: all.map(|profile| part.count(profile)).sum(),
        })
    }

    /// Dynamic rules of one access group of the credential's account; zero if it has no such group.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn group_rule_usage(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<LimitUsage, IamError> {
        self.may_manage_access_groups(caller)?;
        let (directory, account) = (self.directory(), caller.account());
        let group = directory.access_group(id);
        let group = group.filter(|group| group.account == account);
        let of_account = self.account_limit(account, &limit::GROUP_RULES_PER_ACCOUNT);
        Ok(LimitUsage {
            limit: limit::RULES_PER_GROUP.default.min(of_account),
            count: group.map_or(0, |group| group.rules.len() as u64),
        })
    }
}
