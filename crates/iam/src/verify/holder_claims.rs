//! The principal that a token proves, and whether the directory still agrees. Presented tokens and the bodies of tokens in questions are
//! checked here, so that both get the same answer.

use super::holder::{membership_reason, require_existing};
use crate::error::AuthError;
use crate::grant::NOT_A_MEMBER;
use crate::model::bounds::{AccountReach, NOT_ASSUMABLE, NOT_AUTHORIZED};
use crate::model::directory::{Directory, Trust};
use crate::token::verified::Verified;
use base::id::AccountId;
use base::principal::Principal;
use base::time::Millis;

/// How far `iat` and `nbf` may be in the future: synchronised clocks differ a little.
const LEEWAY_SECONDS: i64 = 60;

/// The claims of a token about its holder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HolderClaims {
    pub(crate) principal: Principal,
    /// Who acts as the principal, if that is an instance, or a trusted profile that somebody of this server's has taken on.
    pub(crate) assumed_by: Option<Principal>,
    /// The identity, link or rule by which the principal was taken on, if it is a trusted profile.
    pub(crate) trusted_by: Option<Trust>,
    pub(crate) account: Option<AccountId>,
    /// The second from which on the token is valid.
    pub(crate) begins_at: i64,
}

impl HolderClaims {
    pub(super) fn of(verified: &Verified) -> Self {
        Self {
            principal: verified.principal,
            assumed_by: verified.assumed_by,
            trusted_by: verified.trusted_by,
            account: verified.account,
            begins_at: verified.begins_at,
        }
    }

    /// Whether the token is valid already.
    ///
    /// # Errors
    /// [`AuthError::NotYetValid`].
    pub(crate) fn check_begun(&self, at: Millis) -> Result<(), AuthError> {
        match self.begins_at > at.secs().saturating_add(LEEWAY_SECONDS) {
            true => Err(AuthError::NotYetValid),
            false => Ok(()),
        }
    }

    /// Whether everybody whom the token proves is still there, in its account as they were when it was issued, and whether what lets
    /// them take on a trusted profile, or act as an instance, still does.
    ///
    /// # Errors
    /// [`AuthError::Revoked`] with what is not so any more.
    pub(crate) fn check(&self, directory: &Directory) -> Result<(), AuthError> {
        self.check_holder(directory, self.principal)?;
        if let Principal::Instance(instance) = self.principal {
            let by = self.assumed_by;
            let by = by.ok_or(AuthError::Revoked(NOT_AUTHORIZED))?;
            self.check_holder(directory, by)?;
            return match directory.may_act_as(by, instance) {
                true => Ok(()),
                false => Err(AuthError::Revoked(NOT_AUTHORIZED)),
            };
        }
        if let Some(by) = self.assumed_by {
            self.check_holder(directory, by)?;
        }
        match self.is_still_trusted(directory) {
            true => Ok(()),
            false => Err(AuthError::Revoked(NOT_ASSUMABLE)),
        }
    }

    /// Whether what let somebody take on the principal is still there, if somebody has taken it on.
    fn is_still_trusted(&self, directory: &Directory) -> bool {
        match (self.principal, self.assumed_by, self.trusted_by) {
            (_, None, None) => true,
            (Principal::Profile(profile), Some(by), Some(trust)) => {
                directory.is_still_assumed(profile, by, trust)
            }
            (Principal::Profile(profile), None, Some(trust)) => {
                let profile = directory.profile(profile);
                profile.is_some_and(|profile| profile.trusts_resource(trust))
            }
            _ => false,
        }
    }

    /// Whether a principal of the token is still there, and in its account as it was when the token was issued.
    fn check_holder(&self, directory: &Directory, principal: Principal) -> Result<(), AuthError> {
        require_existing(directory, principal)?;
        if let Some(account) = self.account {
            let added_at = directory.added_at(principal, account).ok_or_else(|| {
                AuthError::Revoked(membership_reason(directory, AccountReach::One(account)))
            })?;
            // A user who was removed and invited again needs a new token: somebody else may hold the old one by now.
            let left = directory.left_at(principal, account);
            if self.begins_at < added_at.secs()
                || left.is_some_and(|left| self.begins_at <= left.secs())
            {
                return Err(AuthError::Revoked(NOT_A_MEMBER));
            }
        }
        Ok(())
    }
}
