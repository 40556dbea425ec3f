//! A refresh token that was used already: within the grace it still leads to its successor, later it is one that somebody has copied.

use super::token_errors::invalid_token_error;
use crate::audit::{Action, Actor, Credential, Entry};
use crate::error::IamError;
use crate::repo::refresh_tokens::{self, RefreshToken};
use crate::service::Iam;
use crate::token::successor;
use base::id::SessionId;
use base::principal::Principal;
use base::secret::Secret;
use db::Tx;

/// How many successors are followed for a late token; more than any honest client makes within the grace.
pub const CHAIN_STEPS_MAX: usize = 256;

/// Ends the session of a token that was used again after its grace, and before it expired.
pub(crate) async fn end_reused(iam: &Iam, tx: Tx, session: SessionId) -> Result<(), IamError> {
    tracing::warn!(%session, "a refresh token was used again: its session is ended");
    let entry = |owner: Principal| {
        let who = Actor::Unknown;
        let entry = Entry::by_actor(who, Credential::RefreshToken, Action::SessionEnded);
        entry.with("owner", owner).with("why", "used_again")
    };
    iam.end_session_and_commit(tx, session, entry).await
}

/// The last successor of a used token, with its text: an intermediate successor is used up itself, and its next renewal
/// would look like theft. All of them were used after the first one, so none leaves its grace before it.
pub(super) async fn last_of_chain(
    tx: &mut Tx,
    text: &Secret<String>,
    client: &str,
    mut token: RefreshToken,
) -> Result<(RefreshToken, Secret<String>), IamError> {
    let mut text = text.clone();
    for _ in 0..CHAIN_STEPS_MAX {
        let Some(encrypted) = token.successor.take() else {
            break;
        };
        text = successor::decrypt(&text, encrypted).ok_or_else(invalid_token_error)?;
        let next = refresh_tokens::find(tx, &text, client).await?;
        token = next.ok_or_else(invalid_token_error)?;
    }
    Ok((token, text))
}
