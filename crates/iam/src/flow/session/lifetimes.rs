//! Lifetimes of what is issued, and the number of sessions: as in the configuration, or less where the account that it is for has set
//! less. Other accounts of the same user have no say in it; a UAA token is for all that it opens.
//!
//! A user's login by a client is a session. Everything else (a key without a client, a service ID) has none, and other settings.

use crate::error::IamError;
use crate::model::account_settings::AccountSettings;
use crate::model::bounds::CredentialBounds;
use crate::model::session_limits::{SessionLimits, least};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::sessions::StoredSession;
use crate::service::Iam;
use base::id::AccountId;
use base::time::Millis;

/// The limits of one login.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Of an access token.
    pub(crate) access_seconds: i64,
    /// Of a refresh token, and of a session that is not renewed.
    pub(crate) refresh_seconds: i64,
    /// How many sessions of the principal for the account live at once, where it says so.
    pub(crate) sessions: Option<u64>,
    limits: SessionLimits,
}

fn at_most(seconds: i64, limit: Option<i64>) -> i64 {
    limit.map_or(seconds, |limit| limit.min(seconds))
}

impl Lifetimes {
    /// The lifetimes of a token that is issued for the account with these bounds.
    pub(crate) fn of(iam: &Iam, bounds: &CredentialBounds, account: AccountId) -> Self {
        Self::in_account(iam, bounds, account, false)
    }

    /// The lifetimes of a session that begins for the account with these bounds.
    pub(crate) fn of_new_session(iam: &Iam, bounds: &CredentialBounds, account: AccountId) -> Self {
        Self::in_account(iam, bounds, account, true)
    }

    fn in_account(iam: &Iam, bounds: &CredentialBounds, account: AccountId, begins: bool) -> Self {
        let directory = iam.directory();
        let stored = directory.account_settings.get(&account);
        Self::strictest(iam, bounds, begins, stored.map(|stored| &stored.settings))
    }

    /// The lifetimes of a token issued for every account that the bounds open.
    pub(crate) fn of_all(iam: &Iam, bounds: &CredentialBounds) -> Self {
        let directory = iam.directory();
        let accounts = directory.accounts_of(bounds.principal()).iter();
        let opened = accounts.filter(|account| bounds.opens(&directory, **account));
        let settings = opened
            .filter_map(|account| directory.account_settings.get(account))
            .map(|stored| &stored.settings);
        Self::strictest(iam, bounds, false, settings)
    }

    fn strictest<'s>(
        iam: &Iam,
        bounds: &CredentialBounds,
        begins: bool,
        all: impl IntoIterator<Item = &'s AccountSettings>,
    ) -> Self {
        let config = &iam.0.config;
        let mut lifetimes = Self {
            access_seconds: config.access_token_seconds,
            refresh_seconds: config.refresh_token_seconds,
            sessions: None,
            limits: SessionLimits::default(),
        };
        let is_user = bounds.principal().user().is_some();
        let is_session = is_user && (begins || bounds.root().session.is_some());
        for settings in all {
            lifetimes.sessions = least(lifetimes.sessions, settings.sessions_per_identity);
            if is_session {
                lifetimes.limits = lifetimes.limits.strictest(settings.session_limits());
            } else {
                lifetimes.access_seconds =
                    at_most(lifetimes.access_seconds, settings.access_token_seconds);
                lifetimes.refresh_seconds =
                    at_most(lifetimes.refresh_seconds, settings.refresh_token_seconds);
            }
        }
        // A token that outlived the session's idle time would be good without any sign of life.
        lifetimes.access_seconds = at_most(lifetimes.access_seconds, lifetimes.limits.idle_seconds);
        lifetimes
    }

    /// The bounds, no longer than the session may last after its proof.
    ///
    /// # Errors
    /// When it has lasted as long.
    pub(crate) fn bound(
        &self,
        bounds: CredentialBounds,
        now: Millis,
    ) -> Result<CredentialBounds, IamError> {
        match self.limits.age_reached(bounds.proven_at(), now) {
            Some(seconds) => Err(session_too_old_error(seconds)),
            None => Ok(self.cap_bounds(bounds)),
        }
    }

    /// The bounds, ended by how long a session may last. Where it has lasted as long already, nothing that is issued with them is good.
    pub(crate) fn cap_bounds(&self, bounds: CredentialBounds) -> CredentialBounds {
        match self.limits.age_end(bounds.proven_at()) {
            Some(end) => bounds.until(end),
            None => bounds,
        }
    }

    /// Refuses a session that was used last so long ago.
    ///
    /// # Errors
    /// When that is longer than the account allows.
    pub(crate) fn check_idle(&self, used_at: Millis, now: Millis) -> Result<(), IamError> {
        match self.limits.idle_reached(used_at, now) {
            Some(seconds) => Err(session_idle_error(seconds)),
            None => Ok(()),
        }
    }
}

/// Why a user's session that was ended then was over by the settings of its account; none if it was not. The server ends such
/// sessions by itself, and their clients hear of it with the next renewal alone.
pub(crate) fn over_when_ended(
    settings: &AccountSettings,
    session: &StoredSession,
    ended_at: Millis,
) -> Option<IamError> {
    let limits = settings.session_limits();
    let idle = limits
        .idle_reached(session.used_at, ended_at)
        .map(session_idle_error);
    let aged = limits
        .age_reached(session.proven_at, ended_at)
        .map(session_too_old_error);
    idle.or(aged)
}

fn session_too_old_error(seconds: i64) -> IamError {
    let message = format!(
        "The session has ended: the account lets one last {seconds} seconds (`session_expiration_in_seconds`)"
    );
    let refusal = Refusal::new(Reason::RefreshTokenExpired, message);
    IamError::Refused(refusal.remedy(Remedy::LogInAgain))
}

fn session_idle_error(seconds: i64) -> IamError {
    let message = format!(
        "The session was not used for {seconds} seconds, as long as the account allows (`session_invalidation_in_seconds`)"
    );
    let refusal = Refusal::new(Reason::SessionIdle, message);
    IamError::Refused(refusal.remedy(Remedy::LogInAgain))
}
