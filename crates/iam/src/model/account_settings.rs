//! An account's settings for logins to it and for objects made in it. Where none is set, the server's configuration holds.

use super::allowed_addresses::AllowedAddresses;
use super::session_limits::SessionLimits;
use base::id::AccountId;
use serde::{Deserialize, Serialize};

/// The settings, each of which has an effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// Whether Administrators alone make API keys for themselves.
    pub api_keys_restricted: Option<bool>,
    /// The addresses that may obtain and use tokens.
    pub allowed_addresses: AllowedAddresses,
    /// Whether the password grant is refused.
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

impl AccountSettings {
    /// How long users' sessions last.
    pub(crate) const fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            age_seconds: self.session_seconds,
            idle_seconds: self.idle_seconds,
        }
    }
}
