//! Whether a token with a good signature still counts: by its times, and by what the directory says now.

use super::Verifier;
use super::allowed_address::check_address;
use super::holder::check_holder;
use crate::error::AuthError;
use crate::model::bounds::NOT_ASSUMABLE;
use crate::model::directory::Directory;
use crate::token::verified::Verified;
use base::principal::Principal;
use base::time::Millis;

/// How far `iat` and `nbf` may be in the future: synchronised clocks differ a little.
const LEEWAY_SECONDS: i64 = 60;

impl Verifier {
    /// Whether a token with a good signature is valid: by its times at `at`, and by what the directory says now.
    pub(super) fn is_good(
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
        if verified.begins_at > at.secs().saturating_add(LEEWAY_SECONDS) {
            return Err(AuthError::NotYetValid);
        }
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
            return Err(AuthError::Revoked("its session has ended"));
        }
        if let Some(id) = verified.key {
            let usable = directory.usable_key(id, at);
            usable.map_err(AuthError::Revoked)?;
        }
        check_holder(directory, verified, verified.principal)?;
        if let Some(by) = verified.assumed_by {
            check_holder(directory, verified, by)?;
            let is_assumable = match verified.principal {
                Principal::Profile(profile) => {
                    directory.is_still_assumed(profile, by, verified.begins_at)
                }
                _ => false,
            };
            if !is_assumable {
                return Err(AuthError::Revoked(NOT_ASSUMABLE));
            }
        }
        if let Some(by) = verified.trusted_by {
            let profile = match verified.principal {
                Principal::Profile(profile) => directory.profile(profile),
                _ => None,
            };
            if !profile.is_some_and(|profile| profile.trusts(by)) {
                return Err(AuthError::Revoked(NOT_ASSUMABLE));
            }
        }
        match verified.bound(directory) {
            Some(account) => check_address(directory, account),
            None => Ok(()),
        }
    }
}
