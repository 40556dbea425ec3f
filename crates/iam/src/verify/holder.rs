//! Why whom a credential proves is not there any more, or not in the credential's account.

use crate::error::AuthError;
use crate::grant::NOT_A_MEMBER;
use crate::model::bounds::AccountReach;
use crate::model::directory::Directory;
use base::principal::Principal;

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
        Principal::Instance(_) => Err(AuthError::Revoked("its instance is gone")),
        Principal::Server => Err(AuthError::Revoked("it acts for the server")),
    }
}
