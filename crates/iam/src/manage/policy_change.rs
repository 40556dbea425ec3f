//! Changes of access policies: of the version that is named, or of whatever there is.

use super::access_policy::PolicyTerms;
use crate::error::IamError;
use crate::model::directory::Policy;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::PolicyId;

impl Iam {
    /// Replaces the terms of a policy. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// As [`Self::create_policy`]; when it has changed since the tag was read.
    pub async fn replace_policy(
        &self,
        caller: &Identity,
        id: PolicyId,
        if_match: &str,
        terms: PolicyTerms,
    ) -> Result<Policy, IamError> {
        self.change_version(if_match, || {
            self.try_replace_policy(caller, id, if_match, terms.clone())
        })
        .await
    }

    /// Puts a policy in force, or out of force. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when it has changed since the tag was read; when another in force says the same.
    pub async fn switch_policy(
        &self,
        caller: &Identity,
        id: PolicyId,
        if_match: &str,
        active: bool,
    ) -> Result<Policy, IamError> {
        self.change_version(if_match, || {
            self.try_switch_policy(caller, id, if_match, active)
        })
        .await
    }
}
