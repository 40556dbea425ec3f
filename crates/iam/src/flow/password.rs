//! Password checks: queued, slowed after failures, and with the same time, answers and number of statements for unknown
//! names.
//!
//! Failures are counted by `login::throttle`; checks wait in `login::queue`. A user who logged in from the same source
//! before (`login::known_sources`) is paced, but never refused for the failures of others.

use super::guess_limit::seconds;
use crate::audit::{Action, Credential, Origin, Refused};
use crate::error::IamError;
use crate::login::queue::{CheckPermit, QueueError};
use crate::login::throttle::{LoginAttempt, Slowed};
use crate::login::{hash, quality};
use crate::model::directory::User;
use crate::model::text;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::users;
use crate::service::Iam;
use base::id::{Guid, UserId};
use base::limit::{self, Limit};
use base::secret::Secret;
use base::source::{Source, SourceKey};
use base::time::Millis;
use std::time::Duration;

/// A generated password: 20 characters, 119 bits.
#[must_use]
pub fn generate() -> Secret<String> {
    Secret::new(
        crate::entropy::text()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect(),
    )
}

/// Hashes a new password for the user with this address, unless it is a commonly guessed one. The hashing waits behind
/// other checks of its source.
pub(crate) async fn prepare(
    iam: &Iam,
    source: Source,
    address: &str,
    password: Secret<String>,
) -> Result<String, IamError> {
    quality::check(password.expose(), address)?;
    let now = iam.0.clock.now();
    let knows = |key| {
        let directory = iam.directory();
        directory.user_by_email(address).is_some_and(|user| {
            let (known_sources, set_at) = (&iam.0.logins.known_sources, user.password_changed_at);
            known_sources.knows(user.id, set_at, key, now)
        })
    };
    let is_known_source = source.key().is_some_and(knows);
    let mut permit = permit(iam, source.key(), is_known_source).await?;
    let cost = iam.0.config.password_cost;
    on_a_worker(move || hash::hash(permit.memory(), cost, password.expose())).await
}

async fn on_a_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IamError> + Send + 'static,
) -> Result<T, IamError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IamError::Crypto("finish the password check"))?
}

/// A permit among the concurrent checks.
async fn permit(
    iam: &Iam,
    source: Option<SourceKey>,
    is_known_source: bool,
) -> Result<CheckPermit, IamError> {
    let full = match iam.0.logins.checks.permit(source, is_known_source).await {
        Ok(permit) => return Ok(permit),
        Err(full) => full,
    };
    let limit = match full {
        QueueError::Full => &limit::PASSWORD_CHECKS_WAITING,
        QueueError::SourceFull => &limit::PASSWORD_CHECKS_WAITING_PER_SOURCE,
        QueueError::TimedOut => &limit::PASSWORD_WAIT_SECONDS,
    };
    let message = format!("Too many logins at once (`{}`): try again", limit.name);
    Err(busy(message, limit, 1))
}

fn busy(message: String, limit: &'static Limit, retry_after: u64) -> IamError {
    let problem = Refusal::new(Reason::TooManyLogins, message).remedy(Remedy::NoPasswordCheck);
    IamError::Refused(problem.limit_for(limit, retry_after))
}

/// The password is wrong, or has just been changed.
pub(crate) fn rejected() -> IamError {
    IamError::refused(
        Reason::WrongProof,
        "The credentials you entered are invalid: user name or password is wrong",
    )
}

/// The facts about a password login before the password is checked.
#[derive(Debug)]
struct Login {
    user: Option<User>,
    source: Source,
    /// The source, if it is counted as one, and its failure counters.
    counted: Option<(SourceKey, LoginAttempt)>,
    /// Whether the user logged in from there before.
    is_known_source: bool,
}

/// The user, if the password is theirs.
pub(crate) async fn check(
    iam: &Iam,
    source: Source,
    username: &str,
    password: Secret<String>,
) -> Result<User, IamError> {
    text::check_length("username", username, &limit::ADDRESS_BYTES)?;
    text::check_length("password", password.expose(), &limit::PASSWORD_BYTES)?;
    let user = iam.directory().user_by_email(username).cloned();
    let (logins, now) = (&iam.0.logins, iam.0.clock.now());
    let counted = source
        .key()
        .map(|key| (key, logins.throttle.attempt(key, username)));
    // The query also runs for unknown users, so that it takes as long.
    let id = user.as_ref().map_or_else(nobody, |user| user.id);
    let set_at = user
        .as_ref()
        .map_or(Millis(0), |user| user.password_changed_at);
    let is_known_source =
        counted.is_some_and(|(key, _)| logins.known_sources.knows(id, set_at, key, now));
    let login = Login {
        user,
        source,
        counted,
        is_known_source,
    };
    login.wait(iam).await?;
    let permit = permit(iam, source.key(), is_known_source).await?;
    let (iam, origin) = (iam.clone(), Origin::current());
    // A separate task, which finishes even if the client disconnects: the failure is counted all the same, and the
    // permit stays taken until the hashing ends. There are never more of these tasks than permits.
    let compared = async move { login.compare(&iam, permit, password).await };
    tokio::spawn(origin.scope(compared))
        .await
        .map_err(|_| IamError::Crypto("finish the password check"))?
}

/// The current hash of a user's password.
pub(crate) async fn stored(iam: &Iam, user: UserId) -> Result<Option<String>, IamError> {
    users::password(&iam.0.db, Some(user)).await
}

/// The id for which no row exists.
fn nobody() -> UserId {
    UserId(Guid::from_random([0; 16]))
}

impl Login {
    /// Refuses after too many failures, before the check is queued; if the user logged in from there before, delays
    /// instead.
    async fn wait(&self, iam: &Iam) -> Result<(), IamError> {
        let Some((_, attempt)) = &self.counted else {
            return Ok(());
        };
        let (throttle, now) = (&iam.0.logins.throttle, iam.0.clock.now());
        if !self.is_known_source {
            let allowed = throttle.check_rate(attempt, now);
            return allowed.map_err(|slowed| self.slowed(iam, slowed));
        }
        let most = iam.0.logins.checks.wait().as_millis();
        let pace = throttle.pace(attempt, now, i64::try_from(most).unwrap_or(i64::MAX));
        let wait = pace.map_err(|slowed| self.slowed(iam, slowed))?;
        if let Ok(wait @ 1..) = u64::try_from(wait) {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        Ok(())
    }

    async fn compare(
        self,
        iam: &Iam,
        mut permit: CheckPermit,
        password: Secret<String>,
    ) -> Result<User, IamError> {
        let (logins, now) = (&iam.0.logins, iam.0.clock.now());
        if let Some((_, attempt)) = self.counted.as_ref().filter(|_| !self.is_known_source) {
            let begun = logins.throttle.begin(attempt, now);
            begun.map_err(|slowed| self.slowed(iam, slowed))?;
        }
        let id = self.user.as_ref().map_or_else(nobody, |user| user.id);
        let stored = stored(iam, id).await?;
        let stored = stored.unwrap_or_else(|| logins.decoy.clone());
        let right = on_a_worker(move || hash::verify(permit.memory(), password.expose(), &stored));
        let (true, Some(user)) = (right.await?, &self.user) else {
            self.refused(iam, Action::LoginFailed, "wrong_password");
            return Err(rejected());
        };
        if let Some((key, attempt)) = &self.counted {
            logins.throttle.clear(attempt, self.is_known_source);
            let known_sources = &logins.known_sources;
            // The time from before the check: if the password was changed meanwhile, nothing is remembered for the new
            // one.
            let person = (user.id, user.password_changed_at);
            if known_sources.remember(&iam.0.db, person, *key, now).await? {
                let source = self.source;
                tracing::info!(event = "login_from_a_new_source", user = %user.id, %source, "logged in by password");
            }
        }
        Ok(user.clone())
    }

    fn refused(&self, iam: &Iam, action: Action, why: &'static str) {
        iam.note_refused(Refused {
            action,
            principal: self.user.as_ref().map(|user| user.id.into()),
            account: None,
            credential: Credential::Password,
            why,
        });
    }

    fn slowed(&self, iam: &Iam, slowed: Slowed) -> IamError {
        let (limit, wait, what) = match slowed {
            Slowed::Address(wait) => (
                &limit::LOGIN_FAILURES_PER_ADDRESS,
                wait,
                "as this user from your network",
            ),
            Slowed::Source(wait) => (&limit::LOGIN_FAILURES_PER_SOURCE, wait, "from your network"),
        };
        self.refused(iam, Action::LoginSlowed, limit.name);
        let seconds = seconds(wait);
        let message = format!(
            "Too many failed logins {what} (`{}`): wait {seconds} s, then try again",
            limit.name
        );
        busy(message, limit, seconds)
    }
}
