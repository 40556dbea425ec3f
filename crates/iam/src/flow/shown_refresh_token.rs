//! A refresh token that is shown as a proof and stays what it is: nothing is issued in its place. It proves its login as it does for a
//! renewal, with all reasons against one, and counts as a use of the session.

use super::account_rules::check_password;
use super::held_login;
use super::lifetimes::Lifetimes;
use super::refresh::{self, Login};
use super::refresh_refusal::{ended, invalid, reused};
use crate::error::IamError;
use crate::repo::refresh_tokens::{self, RefreshToken};
use crate::repo::sessions;
use crate::service::Iam;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// The token as it is stored, in a transaction that has not changed anything. One that was replaced a moment ago still proves its login,
/// as it still gets its successor; one that was replaced before ends the session, as its renewal does.
async fn shown(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
    now: Millis,
) -> Result<(Tx, RefreshToken), IamError> {
    let mut tx = iam.0.db.begin().await?;
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid)?;
    if token.used_at.is_some() && !refresh::is_in_grace(&token, now) {
        refresh::end_reused(iam, tx, &token, now).await?;
        return Err(reused());
    }
    Ok((tx, token))
}

/// The login of the token's session, for what is derived from it and ends with it: the caller locks what it is of.
pub(super) async fn login_of(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<(Tx, Login), IamError> {
    let now = iam.0.clock.now();
    let (mut tx, token) = shown(iam, text, client, now).await?;
    let held = held_login::read(iam, &mut tx, &token).await?;
    let bounds = held.bounds_for(iam, held.account)?;
    // The session's account must still be open to it, as for a renewal.
    let login = Login::to(iam, bounds, Some(held.account), token.grant_type)?;
    Ok((tx, login))
}

/// The login of the token, in the account of its session alone, for what lives no longer than an access token of that session. The
/// session is kept by the transaction, with which the caller commits what comes of the login. It is asked in a turn of that account.
pub(super) async fn prove(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<(Tx, Login), IamError> {
    let now = iam.0.clock.now();
    let (mut tx, token) = shown(iam, text, client, now).await?;
    let held = held_login::read(iam, &mut tx, &token).await?;
    let bounds = held.bounds_for(iam, held.account)?;
    let login = Login::to(iam, bounds, Some(held.account), token.grant_type)?;
    check_password(iam, login.account(), login.grant_type())?;
    let life = Lifetimes::of(iam, &bounds, login.account(), false);
    let end = bounds.end(now, life.access_seconds);
    if !sessions::renew(&mut tx, token.session, None, end, now).await? {
        return Err(ended());
    }
    Ok((tx, login.until(end).in_its_account()))
}
