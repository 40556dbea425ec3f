//! Whether whom a credential proves is still there, and in the credential's account.

use crate::error::AuthError;
use crate::grant::NOT_A_MEMBER;
use crate::model::bounds::AccountReach;
use crate::model::directory::Directory;
use crate::token::verified::Verified;
use base::principal::Principal;

/// Whether a principal of a token is still there, and in its account as it was when the token was issued.
pub(super) fn check_holder(
    directory: &Directory,
    verified: &Verified,
    principal: Principal,
) -> Result<(), AuthError> {
    require_existing(directory, principal)?;
    if let Some(account) = verified.account {
        let added_at = directory.added_at(principal, account).ok_or_else(|| {
            AuthError::Revoked(membership_reason(directory, AccountReach::One(account)))
        })?;
        // A user who was removed and invited again needs a new token: somebody else may hold the old one by now.
        let left = directory.left_at(principal, account);
        if verified.begins_at < added_at.secs()
            || left.is_some_and(|left| verified.begins_at <= left.secs())
        {
            return Err(AuthError::Revoked(NOT_A_MEMBER));
        }
    }
    Ok(())
}

/// The reason when the account no longer exists.
pub(crate) const ACCOUNT_DELETED: &str = "its account was deleted";

/// Why the credential's account is not open to its principal.
pub(crate) fn membership_reason(directory: &Directory, reach: AccountReach) -> &'static str {
    match reach {
        AccountReach::One(account) if !directory.accounts.contains_key(&account) => ACCOUNT_DELETED,
        _ => NOT_A_MEMBER,
    }
}

/// Refuses a credential of a principal that was deleted.
pub(crate) fn require_existing(
    directory: &Directory,
    principal: Principal,
) -> Result<(), AuthError> {
    match principal {
        _ if directory.exists(principal) => Ok(()),
        Principal::User(_) => Err(AuthError::Revoked("its user is gone")),
        Principal::Service(_) => Err(AuthError::Revoked("its service is gone")),
        Principal::Profile(_) => Err(AuthError::Revoked("its profile is gone")),
        Principal::Server => Err(AuthError::Revoked("it acts for the server")),
    }
}
