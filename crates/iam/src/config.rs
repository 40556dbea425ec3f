//! The configuration of the service.

use crate::model::directory::Plan;
use crate::refusal::Refusal;
use crate::token::keyring::SigningAlgorithm;
use crate::workload::WorkloadIssuer;
use base::limit::{self, Limit};
use std::collections::HashMap;
use std::path::PathBuf;

/// The configuration of the service.
#[derive(Debug, Clone)]
pub struct IamConfig {
    /// The `iss` of new IAM tokens, for example `https://vigie.example/identity`.
    pub issuer: String,
    /// The `iss` of new UAA tokens, for example `https://vigie.example/oauth/token`.
    pub uaa_issuer: String,
    /// Lifetime of an access token.
    pub access_token_seconds: i64,
    /// Lifetime of a refresh token, and of a session that is not used.
    pub refresh_token_seconds: i64,
    /// Lifetime of the key for senders that a login by name and space gives.
    pub logging_token_seconds: i64,
    /// How tokens are signed.
    pub signing: SigningConfig,
    /// Folder of the encryption key of the signing keys, and of signing keys in files, which are imported.
    pub keys: PathBuf,
    /// The file of the encryption key, if it is outside that folder.
    pub encryption_key: Option<PathBuf>,
    /// The limits of an account for which the operator has set no others.
    pub account_limits: AccountLimits,
    /// How long this node trusts its directory while the database does not answer: a key or session may have been
    /// revoked on another node meanwhile.
    pub stale_seconds_max: i64,
    /// Concurrent password checks; each takes 19 MiB and a core for some milliseconds.
    pub password_checks_max: usize,
    /// The cost of the hash of a new password.
    pub password_cost: PasswordCost,
    /// How long a deletion can be undone before its samples are deleted.
    pub deleted_milliseconds: i64,
    /// The plan of spaces without an instance; none for no limits.
    pub default_plan: Option<Plan>,
    /// Settings for invitations.
    pub invitations: InvitationConfig,
    /// The issuers of workloads' tokens, until others are named.
    pub workload_issuers: Vec<WorkloadIssuer>,
    /// Limits.
    pub limits: IamLimits,
    /// The audit's reason for a refused proof: the code of the answer.
    pub refusal_word: fn(&Refusal) -> &'static str,
}

/// The cost of the Argon2id hash of a new password; a stored hash contains its own cost.
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// How often it is passed over.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// OWASP's second recommendation, 17 ms on one core.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

/// How tokens are signed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SigningConfig {
    /// The algorithm of new keys; existing keys stay as they are.
    pub algorithm: SigningAlgorithm,
    /// How long a key signs before it gets a successor by itself; zero for ever.
    pub key_days: u32,
}

/// The configurable limits of the identity service; each is named as in [`base::limit`].
#[derive(Debug, Clone)]
pub struct IamLimits {
    /// [`limit::PASSWORD_CHECKS_WAITING`].
    pub password_checks_waiting: u64,
    /// [`limit::PASSWORD_CHECKS_WAITING_PER_SOURCE`].
    pub password_checks_waiting_per_source: u64,
    /// [`limit::PASSWORD_WAIT_SECONDS`].
    pub password_wait_seconds: u64,
    /// [`limit::LOGIN_FAILURES_PER_ADDRESS`].
    pub login_failures_per_address: u64,
    /// [`limit::LOGIN_FAILURES_PER_SOURCE`].
    pub login_failures_per_source: u64,
    /// [`limit::GUESSES_PER_SOURCE`].
    pub guesses_per_source: u64,
    /// [`limit::KEYS_PER_USER`].
    pub keys_per_user: u64,
    /// [`limit::SESSIONS_PER_USER`].
    pub sessions_per_user: u64,
    /// [`limit::REFRESH_TOKENS_PER_SESSION`].
    pub refresh_tokens_per_session: u64,
    /// [`limit::PASSCODES_PER_USER`].
    pub passcodes_per_user: u64,
    /// [`limit::EVENTS_PER_DOMAIN`].
    pub events_per_domain: u64,
    /// [`limit::AUDIT_ENTRIES_PER_ACCOUNT`].
    pub audit_entries_per_account: u64,
    /// [`limit::AUDIT_RETENTION_DAYS`].
    pub audit_retention_days: u64,
    /// [`limit::AUDIT_REFUSALS_PER_MINUTE`].
    pub audit_refusals_per_minute: u64,
}

impl Default for IamLimits {
    fn default() -> Self {
        Self::of(|limit| limit.default)
    }
}

impl IamLimits {
    /// The configured limits.
    #[must_use]
    pub fn of(value: impl Fn(limit::Limit) -> u64) -> Self {
        Self {
            password_checks_waiting: value(limit::PASSWORD_CHECKS_WAITING),
            password_checks_waiting_per_source: value(limit::PASSWORD_CHECKS_WAITING_PER_SOURCE),
            password_wait_seconds: value(limit::PASSWORD_WAIT_SECONDS),
            login_failures_per_address: value(limit::LOGIN_FAILURES_PER_ADDRESS),
            login_failures_per_source: value(limit::LOGIN_FAILURES_PER_SOURCE),
            guesses_per_source: value(limit::GUESSES_PER_SOURCE),
            keys_per_user: value(limit::KEYS_PER_USER),
            sessions_per_user: value(limit::SESSIONS_PER_USER),
            refresh_tokens_per_session: value(limit::REFRESH_TOKENS_PER_SESSION),
            passcodes_per_user: value(limit::PASSCODES_PER_USER),
            events_per_domain: value(limit::EVENTS_PER_DOMAIN),
            audit_entries_per_account: value(limit::AUDIT_ENTRIES_PER_ACCOUNT),
            audit_retention_days: value(limit::AUDIT_RETENTION_DAYS),
            audit_refusals_per_minute: value(limit::AUDIT_REFUSALS_PER_MINUTE),
        }
    }
}

/// The server's values of [`limit::PER_ACCOUNT`].
#[derive(Debug, Clone)]
pub struct AccountLimits(HashMap<&'static str, u64>);

impl Default for AccountLimits {
    fn default() -> Self {
        Self::new(
            limit::PER_ACCOUNT
                .iter()
                .map(|limit| (*limit, limit.default)),
        )
    }
}

impl AccountLimits {
    /// Takes these values.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = (Limit, u64)>) -> Self {
        Self(
            values
                .into_iter()
                .map(|(limit, value)| (limit.name, value))
                .collect(),
        )
    }

    pub(crate) fn get(&self, limit: &Limit) -> u64 {
        self.0.get(limit.name).copied().unwrap_or(limit.default)
    }
}

/// Settings for invitations.
#[derive(Debug, Clone, Copy)]
pub struct InvitationConfig {
    /// Lifetime of an invitation and its code.
    pub lifetime_milliseconds: i64,
    /// Whether the inviter sees the code while the server has a single account.
    pub show_code: bool,
    /// Whether codes are sent by mail.
    pub by_mail: bool,
    /// [`limit::INVITATIONS_PER_REQUEST`].
    pub per_request: u64,
    /// [`limit::MAILS_PER_ADDRESS`].
    pub mails_per_address: u64,
}

impl Default for InvitationConfig {
    fn default() -> Self {
        Self {
            lifetime_milliseconds: 7 * 86_400_000,
            show_code: true,
            by_mail: false,
            per_request: limit::INVITATIONS_PER_REQUEST.default,
            mails_per_address: limit::MAILS_PER_ADDRESS.default,
        }
    }
}
