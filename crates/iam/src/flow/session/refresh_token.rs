//! The refresh tokens that are issued in a session: opaque texts, of which hashes are stored.

use super::lifetimes::Lifetimes;
use super::limit;
use super::login::Login;
use crate::entropy;
use crate::error::IamError;
use crate::repo::refresh_tokens::{self, NewToken};
use crate::service::Iam;
use crate::token::issued::Client;
use base::id::SessionId;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

const PREFIX: &str = "vgr_";

/// Whom a refresh token is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiver<'a> {
    pub(crate) client: &'a str,
    /// One that is delegated until then expires no later, nor do its successors, and stays for its account.
    pub(crate) delegated_until: Option<Millis>,
}

impl<'a> Receiver<'a> {
    /// The program that the login was made with.
    pub(crate) const fn of(client: &'a str) -> Self {
        Self {
            client,
            delegated_until: None,
        }
    }
}

/// The refresh token for the UAA's tokens beside the others of a session, in the transaction of these: so a login is made with both,
/// or refused with neither.
pub(crate) async fn issue_uaa(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    login: &Login,
    with_uaa: bool,
) -> Result<Option<Secret<String>>, IamError> {
    if !with_uaa {
        return Ok(None);
    }
    let issued = issue(iam, tx, session, Receiver::of(Client::Cf.id()), login);
    issued.await.map(Some)
}

/// A new refresh token of a session, valid no longer than its bounds.
///
/// # Errors
/// When the session has as many as it may have.
pub(crate) async fn issue(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    receiver: Receiver<'_>,
    login: &Login,
) -> Result<Secret<String>, IamError> {
    let Receiver {
        client,
        delegated_until: until,
    } = receiver;
    let bounds = login.bounds();
    if !bounds.renewable() {
        return Err(IamError::Internal(
            "issue a refresh token for what is not renewable",
        ));
    }
    limit::check_room(iam, tx, session, until.is_some()).await?;
    let life = Lifetimes::of(iam, bounds, login.account(), false);
    let end = bounds.end(iam.0.clock.now(), life.refresh_seconds);
    let text = format!("{PREFIX}{}", entropy::text());
    let new = NewToken {
        session,
        client,
        bounds,
        grant_type: login.grant_type(),
        expires_at: until.map_or(end, |until| until.min(end)),
        delegated_for: until.map(|_| login.account()),
    };
    refresh_tokens::insert(tx, &text, &new).await?;
    Ok(Secret::new(text))
}
