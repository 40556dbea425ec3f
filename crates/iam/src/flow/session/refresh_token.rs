//! The refresh tokens that are issued in a session: opaque texts, of which hashes are stored.

use super::delegation::Delegation;
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
use db::Tx;

const PREFIX: &str = "vgr_";

/// Whom a refresh token is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiver<'a> {
    pub(crate) client: &'a str,
    /// That it is delegated, if it is.
    pub(crate) delegation: Option<Delegation>,
}

impl<'a> Receiver<'a> {
    /// The program that the login was made with.
    pub(crate) const fn of(client: &'a str) -> Self {
        Self {
            client,
            delegation: None,
        }
    }
}

/// What is issued beside a refresh token.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// One for the UAA's tokens.
    pub(crate) uaa: bool,
    /// One that is delegated to [`Client::Kube`] for so many seconds.
    pub(crate) delegated_seconds: Option<i64>,
}

/// The refresh tokens beside the first one.
#[derive(Debug, Default)]
pub(crate) struct Further {
    pub(crate) uaa: Option<Secret<String>>,
    pub(crate) delegated: Option<Secret<String>>,
}

/// The further refresh tokens of a session, in the transaction of the first: so a login is made with all of them, or refused with none,
/// and what it was made with is not used up.
pub(crate) async fn issue_further(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    login: &Login,
    wanted: Wanted,
) -> Result<Further, IamError> {
    let mut further = Further::default();
    if wanted.uaa {
        let receiver = Receiver::of(Client::Cf.id());
        further.uaa = Some(issue(iam, tx, session, receiver, login).await?);
    }
    if let Some(seconds) = wanted.delegated_seconds {
        let now = iam.0.clock.now();
        let receiver = Receiver {
            client: Client::Kube.id(),
            delegation: Some(Delegation {
                until: now.plus(seconds.saturating_mul(1000)),
                is_renewed: false,
            }),
        };
        further.delegated = Some(issue(iam, tx, session, receiver, login).await?);
    }
    Ok(further)
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
    let Receiver { client, delegation } = receiver;
    let bounds = login.bounds();
    if !bounds.renewable() {
        return Err(IamError::Internal(
            "issue a refresh token for what is not renewable",
        ));
    }
    limit::check_room(iam, tx, session, delegation).await?;
    let life = Lifetimes::of(iam, bounds, login.account(), false);
    let end = bounds.end(iam.0.clock.now(), life.refresh_seconds);
    let text = format!("{PREFIX}{}", entropy::text());
    let new = NewToken {
        session,
        client,
        bounds,
        grant_type: login.grant_type(),
        expires_at: delegation.map_or(end, |delegation| delegation.until.min(end)),
        delegated_for: delegation.map(|_| login.account()),
    };
    refresh_tokens::insert(tx, &text, &new).await?;
    Ok(Secret::new(text))
}
