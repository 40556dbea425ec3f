//! Uses a refresh token: renews its session, and gives the token's successor.
//!
//! The token is used up first, and every reason against the renewal is checked in the same transaction: a refusal rolls it back, and costs
//! nothing. A session is for one account at a time, whose settings it obeys, and a renewal may switch it. `tests/it/session.rs` and
//! `tests/it/late_renewal.rs` have its races.

use super::delegation::Delegation;
use super::displaced_entry;
use super::lifetimes::Lifetimes;
use super::limit::{self, Newcomer};
use super::live_session::{self, LiveSession};
use super::login::Login;
use super::owner;
use super::refresh_token::{self, Receiver, RequestedExtras, SessionTokens, issue_extras};
use super::refresh_token_state::RefreshTokenState;
use super::reuse::{end_reused, last_of_chain};
use super::token_errors::{
    expired_token_error, invalid_token_error, reused_token_error, session_ended_error,
};
use crate::audit::Credential;
use crate::error::IamError;
use crate::flow::account_rules::check_password;
use crate::repo::refresh_tokens::{self, RefreshToken};
use crate::repo::sessions::{self, SessionChanges};
use crate::service::Iam;
use crate::token::issued::Client;
use crate::token::subject::Subject;
use crate::token::successor;
use base::id::SessionId;
use base::secret::Secret;
use db::Tx;

/// A request for a renewal.
pub(crate) struct Renewal {
    /// The refresh token.
    pub(crate) text: Secret<String>,
    pub(crate) client: Client,
    /// The account that the session is for from now on; the same as before if none is named.
    pub(crate) account: Option<String>,
    /// The refresh tokens beside the successor.
    pub(crate) requested: RequestedExtras,
}

impl Renewal {
    /// One for the account that the session is for, with nothing beside the successor.
    pub(crate) const fn of(text: Secret<String>, client: Client) -> Self {
        Self {
            text,
            client,
            account: None,
            requested: RequestedExtras {
                uaa: false,
                delegated_seconds: None,
            },
        }
    }
}

/// Uses a refresh token: returns its successor and the session.
pub(crate) async fn rotate(iam: &Iam, renewal: Renewal) -> Result<SessionTokens, IamError> {
    let owner = owner::of_refresh_token(iam, &renewal.text, renewal.client.id()).await?;
    let rotating = iam.clone();
    iam.in_login_turn(owner, async move { in_turn(&rotating, &renewal).await })
        .await
}

async fn in_turn(iam: &Iam, renewal: &Renewal) -> Result<SessionTokens, IamError> {
    let (text, client) = (&renewal.text, renewal.client.id());
    let mut tx = iam.0.db.begin().await?;
    // Read only now, so that the wait for the database does not shorten the grace.
    let now = iam.0.clock.now();
    if let Some(token) = refresh_tokens::claim(&mut tx, text, client, now).await? {
        return give_successor(iam, tx, &token, renewal).await;
    }
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid_token_error)?;
    match RefreshTokenState::of(&token, now) {
        RefreshTokenState::InGrace => show_again(iam, tx, token, renewal).await,
        RefreshTokenState::Reused => {
            end_reused(iam, tx, token.session).await?;
            Err(reused_token_error())
        }
        RefreshTokenState::Expired => Err(expired_token_error()),
        // It would have been claimed.
        RefreshTokenState::Unused => Err(IamError::Internal("use up an unused refresh token")),
    }
}

/// Gives a successor to a token that this transaction has claimed. A refusal drops the transaction, and the token stays unused.
async fn give_successor(
    iam: &Iam,
    mut tx: Tx,
    token: &RefreshToken,
    renewal: &Renewal,
) -> Result<SessionTokens, IamError> {
    let renewed = renew(iam, &mut tx, token, renewal).await?;
    let (session, login) = (renewed.session, &renewed.login);
    // The end of a delegated token is that of its whole chain.
    let receiver = Receiver {
        client: renewal.client.id(),
        delegation: token.is_delegated().then_some(Delegation {
            until: token.expires_at,
            is_renewed: true,
        }),
    };
    let refresh_token = refresh_token::issue(iam, &mut tx, session, receiver, login).await?;
    let encrypted = successor::encrypt(&renewal.text, &refresh_token)?;
    // The grace begins when the answer is near: rows of others may have been waited for.
    let now = iam.0.clock.now();
    refresh_tokens::set_successor(&mut tx, &renewal.text, encrypted, now).await?;
    if !token.is_delegated() {
        let ends = login.bounds().end(now, renewed.life.refresh_seconds);
        sessions::extend(&mut tx, session, ends).await?;
    }
    finish(iam, tx, renewed, refresh_token, renewal).await
}

/// Shows the latest successor of a token that was used within its grace once more. Its session is renewed as if with the successor, which
/// is not used up.
async fn show_again(
    iam: &Iam,
    mut tx: Tx,
    token: RefreshToken,
    renewal: &Renewal,
) -> Result<SessionTokens, IamError> {
    let (token, refresh_token) =
        last_of_chain(&mut tx, &renewal.text, renewal.client.id(), token).await?;
    let renewed = renew(iam, &mut tx, &token, renewal).await?;
    finish(iam, tx, renewed, refresh_token, renewal).await
}

/// Adds the extra tokens that are requested, and commits.
async fn finish(
    iam: &Iam,
    mut tx: Tx,
    renewed: Renewed,
    refresh_token: Secret<String>,
    renewal: &Renewal,
) -> Result<SessionTokens, IamError> {
    let Renewed {
        subject,
        login,
        session,
        displaced,
        ..
    } = renewed;
    let extra = issue_extras(iam, &mut tx, session, &login, renewal.requested).await?;
    let principal = login.bounds().principal();
    match displaced_entry::of(principal, Credential::RefreshToken, &displaced) {
        Some(entry) => {
            let entry = entry.in_account(login.account());
            iam.commit_without_read_back(tx, entry).await?;
        }
        // A renewal alone is no change.
        None => iam.commit_unaudited(tx).await?,
    }
    Ok(SessionTokens {
        subject,
        login,
        refresh_token,
        extra,
    })
}

/// A renewed session, before its tokens are added and all of it is committed.
struct Renewed {
    subject: Subject,
    login: Login,
    session: SessionId,
    /// In the account that it is for now.
    life: Lifetimes,
    /// The sessions that were ended to make room for it in the account to which it was switched.
    displaced: Vec<SessionId>,
}

/// Renews a session, for the requested account from now on, unless anything speaks against it.
async fn renew(
    iam: &Iam,
    tx: &mut Tx,
    token: &RefreshToken,
    renewal: &Renewal,
) -> Result<Renewed, IamError> {
    let live = live_session::read(iam, tx, token).await?;
    let (subject, login) = login_after(iam, &live, token, renewal)?;
    let (bounds, account, session) = (login.bounds(), login.account(), token.session);
    let life = Lifetimes::of(iam, bounds, account);
    let now = iam.0.clock.now();
    // A delegated token does not move its login, nor is it a sign that somebody still uses that.
    let is_delegated = token.is_delegated();
    let changes = SessionChanges {
        account: (!is_delegated).then_some(account),
        tokens_until: bounds.end(now, life.access_seconds),
        used_at: (!is_delegated).then_some(now),
    };
    if !sessions::renew(tx, session, changes).await? {
        return Err(session_ended_error());
    }
    let mut displaced = Vec::new();
    if !is_delegated && account != live.account {
        let moved = Newcomer {
            session,
            account,
            own_limit: life.sessions,
        };
        displaced = limit::enforce_own(tx, bounds, &moved, now).await?;
    }
    Ok(Renewed {
        subject,
        login,
        session,
        life,
        displaced,
    })
}

/// Who goes on, and with what login: for the requested account, or for the one that it was for.
///
/// # Errors
/// Whatever speaks against the renewal, but for what only the database knows.
fn login_after(
    iam: &Iam,
    live: &LiveSession,
    token: &RefreshToken,
    renewal: &Renewal,
) -> Result<(Subject, Login), IamError> {
    // By the settings of the account that it was for it must not be over either.
    let subject = iam.subject(&live.bounds_for(iam, live.account)?)?;
    if renewal.requested.uaa {
        subject.require_user()?;
    }
    let named = renewal.account.as_deref();
    let asked = named.map_or(Some(live.account), |text| text.parse().ok());
    let login = Login::to(iam, live.bounds, asked, token.grant_type.clone())?;
    check_password(iam, login.account(), login.grant_type())?;
    let bounds = live.bounds_for(iam, login.account())?;
    Ok((subject, login.with_bounds(bounds)))
}
