//! A refresh token that was used already: within the grace it still leads to its successor, later it is one that somebody has copied.

use super::refusal::{invalid, unexpired};
use crate::audit::{Action, Actor, Credential, Entry};
use crate::error::IamError;
use crate::repo::refresh_tokens::{self, RefreshToken};
use crate::service::Iam;
use crate::token::successor;
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// How long a used token still gives its successor.
pub const GRACE_MILLISECONDS: i64 = 30_000;

/// How many successors are followed for a late token; more than any honest client makes within the grace.
pub const CHAIN_STEPS_MAX: usize = 256;

/// Whether a used token may still be exchanged for its successor.
pub(crate) fn is_in_grace(token: &RefreshToken, now: Millis) -> bool {
    let used_at = token.used_at.unwrap_or(now);
    token.successor.is_some() && now.0.saturating_sub(used_at.0) <= GRACE_MILLISECONDS
}

/// Ends the session of a token that was used again after its grace. One that has expired is refused, and ends nothing.
pub(crate) async fn end_reused(
    iam: &Iam,
    tx: Tx,
    token: &RefreshToken,
    now: Millis,
) -> Result<(), IamError> {
    unexpired(token, now)?;
    let session = token.session;
    tracing::warn!(%session, "a refresh token was used again: its session is ended");
    let entry = |owner: Principal| {
        let who = Actor::Unknown;
        let entry = Entry::by_actor(who, Credential::RefreshToken, Action::SessionEnded);
        entry.with("owner", owner).with("why", "used_again")
    };
    iam.end_session(tx, session, entry).await
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
        text = successor::decrypt(&text, encrypted).ok_or_else(invalid)?;
        let next = refresh_tokens::find(tx, &text, client).await?;
        token = next.ok_or_else(invalid)?;
    }
    Ok((token, text))
}
