//! A refresh token that is shown to prove a login, to get a passcode or to assume a trusted profile: it is not used up, and gets no
//! successor. It is refused for the same reasons as a renewal.
//!
//! | function | for what | the session |
//! |---|---|---|
//! | [`read_login`] | a passcode, which ends with the session | stays as it is; the caller locks it |
//! | [`login_as_use`] | a token that lives on by itself, as long as an access token of the session | counts as used, and ends no sooner than that token |

use super::lifetimes::Lifetimes;
use super::live_session;
use super::login::Login;
use super::refresh_token_state::RefreshTokenState;
use super::reuse;
use super::token_errors::{
    expired_token_error, invalid_token_error, reused_token_error, session_ended_error,
};
use crate::error::IamError;
use crate::flow::account_rules::check_password;
use crate::repo::refresh_tokens;
use crate::repo::sessions::{self, SessionChanges};
use crate::service::Iam;
use base::id::SessionId;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// What a token proves, in a transaction that has not changed anything.
struct Shown {
    tx: Tx,
    /// When the token was looked at, behind whatever the transaction had waited for.
    at: Millis,
    session: SessionId,
    /// In the account of its session.
    login: Login,
}

/// The login of the token's session. A token that was replaced a moment ago still proves it, as it still gets its successor; one that was
/// replaced before ends the session, as its renewal does.
async fn shown(iam: &Iam, text: &Secret<String>, client: &str) -> Result<Shown, IamError> {
    let mut tx = iam.0.db.begin().await?;
    let at = iam.0.clock.now();
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid_token_error)?;
    match RefreshTokenState::of(&token, at) {
        // One that has expired in its grace is refused below, with its session.
        RefreshTokenState::Unused | RefreshTokenState::InGrace => {}
        RefreshTokenState::Reused => {
            reuse::end_reused(iam, tx, token.session).await?;
            return Err(reused_token_error());
        }
        RefreshTokenState::Expired => return Err(expired_token_error()),
    }
    let live = live_session::read(iam, &mut tx, &token).await?;
    let bounds = live.bounds_for(iam, live.account)?;
    // The session's account must still be open to it, as for a renewal.
    let login = Login::to(iam, bounds, Some(live.account), token.grant_type)?;
    Ok(Shown {
        tx,
        at,
        session: token.session,
        login,
    })
}

/// The login of the token's session, for what is derived from it and ends with it: the caller locks what it is of.
pub(crate) async fn read_login(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<(Tx, Login), IamError> {
    let shown = shown(iam, text, client).await?;
    Ok((shown.tx, shown.login))
}

/// The login of the token, in the account of its session alone, for what lives no longer than an access token of that session. The
/// session is kept by the transaction, with which the caller commits what comes of the login. It is asked in a turn of that account.
pub(crate) async fn login_as_use(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<(Tx, Login), IamError> {
    let Shown {
        mut tx,
        at,
        session,
        login,
    } = shown(iam, text, client).await?;
    check_password(iam, login.account(), login.grant_type())?;
    let life = Lifetimes::of(iam, login.bounds(), login.account());
    let end = login.bounds().end(at, life.access_seconds);
    let changes = SessionChanges {
        account: None,
        tokens_until: end,
        used_at: Some(at),
    };
    if !sessions::renew(&mut tx, session, changes).await? {
        return Err(session_ended_error());
    }
    Ok((tx, login.until(end).in_its_account()))
}
