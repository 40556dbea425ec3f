//! Whose a refresh token is. Whatever writes for one asks this first, without a turn.

use super::live_session;
use super::refusal::{invalid, reused, unexpired};
use super::reuse::is_in_grace;
use crate::error::IamError;
use crate::repo::refresh_tokens;
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use base::secret::Secret;

/// Whose a refresh token is, in whose turn it is used. One that is unknown or dead is refused by reads alone, and takes no turn.
pub(crate) async fn of_refresh_token(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<LoginOwner, IamError> {
    let mut tx = iam.0.db.snapshot().await?;
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid)?;
    let now = iam.0.clock.now();
    unexpired(&token, now)?;
    let session = live_session::find_stored(iam, &mut tx, &token).await;
    tx.end().await?;
    let session = match session {
        // Its reuse may be why the session has ended.
        Err(IamError::Refused(_)) if token.used_at.is_some() && !is_in_grace(&token, now) => {
            return Err(reused());
        }
        session => session?,
    };
    let account = session.account.parse().map_err(|_| invalid())?;
    let principal = token.principal.ok_or_else(invalid)?;
    let asked = iam.sync_if_owner_unknown(text.expose(), principal, token.api_key);
    asked.await?;
    Ok(LoginOwner {
        account,
        holder: principal.into(),
    })
}
