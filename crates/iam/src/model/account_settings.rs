//! An account's settings for logins to it and for objects made in it. Where none is set, the server's configuration holds.

use super::allowed_addresses::AllowedAddresses;
use base::id::AccountId;
use base::time::Millis;
use serde::{Deserialize, Serialize};

/// The settings, each of which has an effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// Whether Administrators alone make API keys for themselves.
    pub api_keys_restricted: Option<bool>,
    /// Where tokens are given.
    pub allowed_addresses: AllowedAddresses,
    /// Whether a password alone gives no token.
    pub password_grant_refused: bool,
    /// How long after its proof a user's session ends, however often it is renewed.
    pub session_seconds: Option<i64>,
    /// How long a user's session may be unused.
    pub idle_seconds: Option<i64>,
    /// How many sessions of one user or service ID live at once.
    pub sessions_per_identity: Option<u64>,
    /// The longest life of an access token without a user's session.
    pub access_token_seconds: Option<i64>,
    /// The longest life of a refresh token without a user's session.
    pub refresh_token_seconds: Option<i64>,
}

/// The settings of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSettings {
    /// The account.
    pub account: AccountId,
    /// Its settings.
    pub settings: AccountSettings,
    /// Grows with every change, from zero on; part of the entity tag.
    pub revision: i64,
}

/// Earlier than everything.
const NEVER: Millis = Millis(-1);

/// The times by which a user's session was proven, or used last, if it is over now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionCutoffs {
    pub(crate) proven_at: Millis,
    pub(crate) used_at: Millis,
}

impl SessionCutoffs {
    /// Those of settings without any about sessions: nothing is over by them.
    pub(crate) const NONE: Self = Self {
        proven_at: NEVER,
        used_at: NEVER,
    };

    /// What is over by either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            proven_at: self.proven_at.max(other.proven_at),
            used_at: self.used_at.max(other.used_at),
        }
    }
}

impl AccountSettings {
    /// Which sessions are over now.
    pub(crate) fn session_cutoffs(&self, now: Millis) -> SessionCutoffs {
        let before = |seconds: Option<i64>| {
            seconds.map_or(NEVER, |seconds| now.plus(seconds.saturating_mul(-1000)))
        };
        SessionCutoffs {
            proven_at: before(self.session_seconds),
            used_at: before(self.idle_seconds),
        }
    }

    /// When a user's session ends that was proven and used then, and would expire then.
    pub(crate) fn session_end(
        &self,
        proven_at: Millis,
        used_at: Millis,
        expires_at: Millis,
    ) -> Millis {
        let after = |from: Millis, seconds: Option<i64>| {
            seconds.map_or(expires_at, |seconds| {
                from.plus(seconds.saturating_mul(1000))
            })
        };
        expires_at
            .min(after(proven_at, self.session_seconds))
            .min(after(used_at, self.idle_seconds))
    }
}
