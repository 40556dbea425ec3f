//! How the service is set up.

use crate::refusal::Reason;
use base::limit::{self, Limit};
use std::collections::HashMap;
use std::path::PathBuf;

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct IamConfig {
    /// The `iss` of new IAM tokens, for example `https://vigie.example/identity`.
    pub issuer: String,
    /// The `iss` of new UAA tokens, for example `https://vigie.example/oauth/token`.
    pub uaa_issuer: String,
    /// Life of an access token.
    pub access_token_seconds: i64,
    /// Life of a refresh token and of a session that is not used.
    pub refresh_token_seconds: i64,
    /// Folder of the key that the signing keys are encrypted under, and of signing keys in files, which are taken in.
    pub keys: PathBuf,
    /// The file of that key, where it is elsewhere.
    pub encryption_key: Option<PathBuf>,
    /// What an account may hold and do where the operator has set nothing else for it.
    pub account_limits: AccountLimits,
    /// How long this node goes on trusting what it knows while its database does not answer: a key or session may have been
    /// withdrawn on another node meanwhile.
    pub stale_seconds_max: i64,
    /// Password checks at once; each takes 19 MiB and a core for some milliseconds.
    pub password_checks_max: usize,
    /// How long what was deleted can be brought back before its samples go.
    pub deleted_milliseconds: i64,
    /// How invitations are made.
    pub invitations: InvitationConfig,
    /// What may wait, fail and be made.
    pub limits: IamLimits,
    /// The word of the audit for a proof that was refused: the code that its answer has.
    pub refusal_word: fn(&Reason) -> &'static str,
}

/// The limits of the identity service that can be set; each is named as in [`base::limit`].
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
    /// The limits as they are set.
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
        Self::new(limit::PER_ACCOUNT.iter().map(|own| (*own, own.default)))
    }
}

impl AccountLimits {
    /// These values.
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

/// How invitations are made.
#[derive(Debug, Clone, Copy)]
pub struct InvitationConfig {
    /// How long an invitation and its code are good.
    pub lifetime_milliseconds: i64,
    /// Whether the inviter is shown the code while there is a single account.
    pub show_code: bool,
    /// Whether codes go out by mail.
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
