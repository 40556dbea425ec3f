//! The session of a refresh token: whether token and session are alive, and what the token proves then. Nothing is used up here.

use super::lifetimes::{Lifetimes, over_when_ended};
use super::token_errors::{invalid_token_error, require_unexpired, session_ended_error};
use crate::error::IamError;
use crate::model::bounds::{CredentialBounds, Root};
use crate::repo::refresh_tokens::RefreshToken;
use crate::repo::sessions::{self, StoredSession};
use crate::service::Iam;
use base::id::AccountId;
use base::principal::Principal;
use base::time::Millis;
use db::Tx;

/// A session that has not ended, as a refresh token of it proves that has not expired.
pub(crate) struct LiveSession {
    pub(crate) bounds: CredentialBounds,
    /// The account it is for; of a delegated token, the one it was delegated for.
    pub(crate) account: AccountId,
    used_at: Millis,
}

impl LiveSession {
    /// Its bounds for an account, unless it is over by the settings of that.
    pub(crate) fn bounds_for(
        &self,
        iam: &Iam,
        account: AccountId,
    ) -> Result<CredentialBounds, IamError> {
        let now = iam.0.clock.now();
        let life = Lifetimes::of(iam, &self.bounds, account);
        life.check_idle(self.used_at, now)?;
        life.bound(self.bounds, now)
    }
}

/// The row of the token's session, if that has not ended.
pub(crate) async fn find_stored(
    iam: &Iam,
    tx: &mut Tx,
    token: &RefreshToken,
) -> Result<StoredSession, IamError> {
    let stored = sessions::find(tx, token.session).await?;
    let stored = stored.ok_or_else(session_ended_error)?;
    match stored.ended_at {
        Some(ended_at) => Err(why_ended(iam, token, &stored, ended_at)),
        None => Ok(stored),
    }
}

/// The token's session if both are alive. Whether the token is used does not matter: a renewal has claimed it by now.
pub(crate) async fn read(
    iam: &Iam,
    tx: &mut Tx,
    token: &RefreshToken,
) -> Result<LiveSession, IamError> {
    require_unexpired(token, iam.0.clock.now())?;
    let stored = find_stored(iam, tx, token).await?;
    let root = Root {
        session: Some(token.session),
        key: token.api_key,
    };
    let principal = token.principal.ok_or_else(invalid_token_error)?;
    let bounds = iam.derived(principal, stored.proven_at, root)?;
    let account = token.delegated_for.as_ref().unwrap_or(&stored.account);
    let account: AccountId = account.parse().map_err(|_| invalid_token_error())?;
    // What comes of a delegated token ends with its chain.
    let bounds = match token.delegated_for {
        None => bounds,
        Some(_) => bounds.delegated(account, token.expires_at),
    };
    Ok(LiveSession {
        bounds,
        account,
        used_at: stored.used_at,
    })
}

/// Why the session of a token was ended: by the settings of its account, if it was over by them then.
fn why_ended(
    iam: &Iam,
    token: &RefreshToken,
    session: &StoredSession,
    ended_at: Millis,
) -> IamError {
    let directory = iam.directory();
    let user = token.principal.and_then(Principal::user);
    let account: Option<AccountId> = user.and_then(|_| session.account.parse().ok());
    let stored = account.and_then(|account| directory.account_settings.get(&account));
    stored
        .and_then(|stored| over_when_ended(&stored.settings, session, ended_at))
        .unwrap_or_else(session_ended_error)
}
