//! Whose a refresh token is. Whatever writes for one asks this first, without a turn.

use super::live_session;
use super::refresh_token_state::RefreshTokenState;
use super::token_errors::{invalid_token_error, require_unexpired, reused_token_error};
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
    let token = token.ok_or_else(invalid_token_error)?;
    let now = iam.0.clock.now();
    require_unexpired(&token, now)?;
    let state = RefreshTokenState::of(&token, now);
    let session = live_session::find_stored(iam, &mut tx, &token).await;
    tx.end().await?;
    let session = match (session, state) {
        // Its reuse may be why the session has ended.
        (Err(IamError::Refused(_)), RefreshTokenState::Reused) => return Err(reused_token_error()),
        (session, _) => session?,
    };
    let account = session.account.parse().map_err(|_| invalid_token_error())?;
    let principal = token.principal.ok_or_else(invalid_token_error)?;
    let asked = iam.sync_if_owner_unknown(text.expose(), principal, token.api_key);
    asked.await?;
    Ok(LoginOwner {
        account,
        holder: principal.into(),
    })
}
