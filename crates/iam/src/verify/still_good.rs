//! Whether a token with a good signature still counts: by its times, and by what the directory says now.

use super::Verifier;
use super::allowed_address::check_address;
use super::holder_claims::HolderClaims;
use crate::error::AuthError;
use crate::model::directory::Directory;
use crate::token::verified::Verified;
use base::time::Millis;

/// Why a token is refused whose session has ended.
pub(super) const SESSION_ENDED: &str = "its session has ended";

impl Verifier {
    /// Refuses a token with a good signature that no longer counts: by its times at `at`, and by what the directory says now.
    pub(super) fn check_still_good(
        &self,
        directory: &Directory,
        verified: &Verified,
        at: Millis,
    ) -> Result<(), AuthError> {
        if at.secs() >= verified.expires_at {
            return Err(AuthError::Expired {
                seconds_ago: at.secs().saturating_sub(verified.expires_at),
            });
        }
        HolderClaims::of(verified).check_begun(at)?;
        self.check_alive(directory, verified, at)
    }

    /// Whether the key, session and principal of the token are still valid.
    pub(super) fn check_alive(
        &self,
        directory: &Directory,
        verified: &Verified,
        at: Millis,
    ) -> Result<(), AuthError> {
        if let Some(session) = verified.session
            && self.inner.ended.contains(session)
        {
            return Err(AuthError::Revoked(SESSION_ENDED));
        }
        if let Some(id) = verified.key {
            let usable = directory.usable_key(id, at);
            usable.map_err(AuthError::Revoked)?;
        }
        HolderClaims::of(verified).check(directory)?;
        match verified.bound(directory) {
            Some(account) => check_address(directory, account),
            None => Ok(()),
        }
    }
}
