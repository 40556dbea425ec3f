//! Limits on the number of sessions of a user and of refresh tokens of a session: a caller may use a proof any number
//! of times, but must not fill the database with it.

use super::choose_displaced::{choose_from_largest, choose_longest_unused};
use super::crowd::Crowd;
use super::delegation::Delegation;
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::refresh_tokens;
use crate::repo::sessions;
use crate::service::Iam;
use base::id::{AccountId, SessionId};
use base::limit;
use base::time::Millis;
use db::Tx;

/// How many ended sessions are remembered for each live one; an end is remembered as long as a token of the session may
/// live.
const ENDED_PER_LIVING: u64 = 20;

/// A session that has just come to an account: begun for it, or moved to it.
pub(crate) struct Newcomer {
    pub(crate) session: SessionId,
    pub(crate) account: AccountId,
    /// How many sessions the account allows each identity.
    pub(crate) own_limit: Option<u64>,
}

/// Ends the user's sessions that exceed the limit (the server's, then that of the account) now that there is a newcomer; returns which.
/// Beyond the server's it ends the longest unused session of the largest group, either the user's own sessions or those of one of their
/// keys, so that the holder of a key cannot log the user out. The sessions that the newcomer came from are kept, because it would end
/// with them.
pub(crate) async fn enforce(
    iam: &Iam,
    tx: &mut Tx,
    bounds: &CredentialBounds,
    newcomer: &Newcomer,
    now: Millis,
) -> Result<Vec<SessionId>, IamError> {
    let allowed = iam.0.config.limits.sessions_per_user;
    let key = (bounds.root().key).map_or_else(String::new, |key| key.0.to_string());
    if sessions::count_ended(tx, bounds, &key).await? >= allowed.saturating_mul(ENDED_PER_LIVING) {
        return Err(too_fast(allowed, iam.0.config.access_token_seconds));
    }
    let mut ended = Vec::new();
    if sessions::count_live(tx, bounds, None, now).await? > allowed {
        let held = sessions::held(tx, bounds, None, now).await?;
        let chosen = choose_from_largest(Crowd::of(&held, newcomer.session), &key, allowed);
        let limit = &limit::SESSIONS_PER_USER;
        ended =
            chosen.ok_or_else(|| IamError::Refused(too_deep(limit.name, allowed).limit(limit)))?;
        sessions::end_these(tx, &ended, now).await?;
    }
    ended.extend(enforce_own(tx, bounds, newcomer, now).await?);
    Ok(ended)
}

/// Ends sessions beyond the number that an account has set, of those that are for it, now that there is a newcomer. It may be so
/// small that groups make no sense: the longest unused of all gives way.
pub(crate) async fn enforce_own(
    tx: &mut Tx,
    bounds: &CredentialBounds,
    newcomer: &Newcomer,
    now: Millis,
) -> Result<Vec<SessionId>, IamError> {
    let Some(allowed) = newcomer.own_limit else {
        return Ok(Vec::new());
    };
    let account = Some(newcomer.account);
    if sessions::count_live(tx, bounds, account, now).await? <= allowed {
        return Ok(Vec::new());
    }
    let held = sessions::held(tx, bounds, account, now).await?;
    let chosen = choose_longest_unused(Crowd::of(&held, newcomer.session), allowed);
    let ended =
        chosen.ok_or_else(|| IamError::Refused(too_deep("max_sessions_per_identity", allowed)))?;
    sessions::end_these(tx, &ended, now).await?;
    Ok(ended)
}

fn too_fast(allowed: u64, seconds: i64) -> IamError {
    let limit = &limit::SESSIONS_PER_USER;
    let message = format!(
        "more logins have begun and ended than are remembered ({ENDED_PER_LIVING} times `{}` = {allowed})",
        limit.name
    );
    let problem = Refusal::new(Reason::TooManyLogins, message)
        .remedy(Remedy::KeepLogin)
        .limit_for(limit, u64::try_from(seconds.max(1)).unwrap_or(1));
    IamError::Refused(problem)
}

/// No wait mends it: another login does.
fn too_deep(limit_name: &str, allowed: u64) -> Refusal {
    let message = format!(
        "each of the sessions that `{limit_name}` = {allowed} allows came from the one before"
    );
    Refusal::new(Reason::NotAllowed, message).remedy(Remedy::LogInAnew)
}

/// Refuses one more refresh token if the session has as many as the limit. Used tokens are remembered until they
/// expire, because a reused token indicates theft; so the oldest cannot be dropped. Those of the receiver of a delegated token are
/// counted by themselves: however often it renews, the user's own client can.
pub(crate) async fn check_room(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    delegation: Option<Delegation>,
) -> Result<(), IamError> {
    let limit = &limit::REFRESH_TOKENS_PER_SESSION;
    let allowed = iam.0.config.limits.refresh_tokens_per_session;
    let now = iam.0.clock.now();
    let counted = refresh_tokens::count_unexpired(tx, session, delegation.is_some(), now);
    let (held, first) = counted.await?;
    if held < allowed {
        return Ok(());
    }
    let first = first.unwrap_or(now.0);
    // Those that would make room for it end no sooner than it does.
    if delegation.is_some_and(|delegation| delegation.is_renewed && delegation.until.0 <= first) {
        let message = format!(
            "This delegated token was renewed too often (`{}` = {allowed}), and ends before it can be again",
            limit.name
        );
        let refusal = Refusal::new(Reason::TooManyRenewals, message);
        let refusal = refusal.remedy(Remedy::DelegateAnew).limit(limit);
        return Err(IamError::Refused(refusal));
    }
    let wait = first.saturating_sub(now.0).max(0).div_euclid(1000) + 1;
    let message = format!(
        "This login was renewed too often (`{}` = {allowed}): it can be again once a refresh token of it has expired",
        limit.name
    );
    let problem = Refusal::new(Reason::TooManyRenewals, message)
        .remedy(Remedy::UseAccessToken)
        .limit_for(limit, u64::try_from(wait).unwrap_or(1));
    Err(IamError::Refused(problem))
}
