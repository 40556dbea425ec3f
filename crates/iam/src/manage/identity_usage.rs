//! How many service IDs, groups of them and API keys an account has, and how many it may have.

use crate::error::IamError;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::ServiceGroupId;
use base::limit;
use base::principal::Principal;

/// A limit, and how much is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitUsage {
    /// How many there may be.
    pub limit: u64,
    /// How many there are.
    pub count: u64,
}

impl Iam {
    /// Groups of service IDs of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn service_id_group_usage(&self, caller: &Identity) -> Result<LimitUsage, IamError> {
        let groups = self.service_id_groups(caller).await?;
        Ok(LimitUsage {
            limit: limit::SERVICE_ID_GROUPS_PER_ACCOUNT.default,
            count: groups.len() as u64,
        })
    }

    /// Service IDs of one group in the credential's account; zero if it has no such group.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn service_id_usage(
        &self,
        caller: &Identity,
        group: ServiceGroupId,
    ) -> Result<LimitUsage, IamError> {
        self.may_manage_service_ids(caller)?;
        let (directory, account) = (self.directory(), caller.account());
        let all = directory.services_of(account);
        let count = all.filter(|service| service.group == Some(group)).count();
        Ok(LimitUsage {
            limit: self.account_limit(account, &limit::SERVICE_IDS_PER_ACCOUNT),
            count: count as u64,
        })
    }

    /// API keys of one user or service ID in the credential's account; zero for anybody who is not in it.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn api_key_usage(&self, caller: &Identity, of: Principal) -> Result<LimitUsage, IamError> {
        self.may_manage_service_ids(caller)?;
        let directory = self.directory();
        Ok(LimitUsage {
            limit: self.0.config.limits.keys_per_user,
            count: directory.keys_of(caller.account(), of).len() as u64,
        })
    }
}
