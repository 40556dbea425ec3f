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
use crate::token::subject::Subject;
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

/// Which refresh tokens a client asks for beside its own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RequestedExtras {
    /// One of [`Client::Cf`], which renews UAA tokens.
    pub(crate) uaa: bool,
    /// One that is delegated to [`Client::Kube`] for so many seconds.
    pub(crate) delegated_seconds: Option<i64>,
}

/// The refresh tokens that a client got beside its own, as [`RequestedExtras`] asks for them.
#[derive(Debug, Default)]
pub(crate) struct ExtraTokens {
    /// That of [`Client::Cf`].
    pub(crate) uaa: Option<Secret<String>>,
    /// That of [`Client::Kube`].
    pub(crate) delegated: Option<Secret<String>>,
}

/// A session that was begun or renewed, with its new refresh tokens.
#[derive(Debug)]
pub(crate) struct SessionTokens {
    pub(crate) subject: Subject,
    pub(crate) login: Login,
    /// That of the client.
    pub(crate) refresh_token: Secret<String>,
    pub(crate) extra: ExtraTokens,
}

/// Issues the extra tokens in the transaction of the client's own: so a login is made with all of them, or refused with none, and what it
/// was made with is not used up.
pub(crate) async fn issue_extras(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    login: &Login,
    requested: RequestedExtras,
) -> Result<ExtraTokens, IamError> {
    let mut extra = ExtraTokens::default();
    if requested.uaa {
        let receiver = Receiver::of(Client::Cf.id());
        extra.uaa = Some(issue(iam, tx, session, receiver, login).await?);
    }
    if let Some(seconds) = requested.delegated_seconds {
        let now = iam.0.clock.now();
        let receiver = Receiver {
            client: Client::Kube.id(),
            delegation: Some(Delegation {
                until: now.plus(seconds.saturating_mul(1000)),
                is_renewed: false,
            }),
        };
        extra.delegated = Some(issue(iam, tx, session, receiver, login).await?);
    }
    Ok(extra)
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
    let life = Lifetimes::of(iam, bounds, login.account());
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
