//! Sessions and their refresh tokens: opaque, stored as hashes, replaced at every use.
//!
//! Within [`GRACE_MILLISECONDS`] a reused token gives the same successor, or the latest one if that was used too, so
//! that two processes may renew at the same moment. A later reuse ends the session: somebody else has a copy.
//!
//! A session is for one account at a time, whose settings it obeys, and a renewal may switch it. The token is used up first, and every reason
//! against the renewal is checked in the same transaction: a refusal rolls it back, and costs nothing. `tests/it/session.rs` and
//! `tests/it/late_renewal.rs` have its races.

use super::account_rules::{check_address, check_password};
use super::displaced;
use super::held_login;
use super::lifetimes::Lifetimes;
use super::refresh_refusal::{ended, invalid, reused, unexpired};
use super::session_limit;
use crate::audit::{Action, Actor, Credential, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::repo::principals::key;
use crate::repo::refresh_tokens::{self, NewToken, RefreshToken};
use crate::repo::sessions;
use crate::repo::sessions::NewSession;
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::issued::Client;
use crate::token::subject::Subject;
use crate::token::successor;
use base::id::{AccountId, SessionId};
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// How long a used token still gives its successor.
pub const GRACE_MILLISECONDS: i64 = 30_000;

/// How many successors are followed for a late token; more than any honest client makes within the grace.
pub const CHAIN_STEPS_MAX: usize = 256;

const PREFIX: &str = "vgr_";

/// A proof and the account it is used for; a session begins with it. Only [`Login::to`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    bounds: CredentialBounds,
    account: AccountId,
    grant_type: String,
}

impl Login {
    /// A login to the account, if the bounds open it. No account, as of a text that is no id, is refused as an unknown one is.
    pub(crate) fn to(
        iam: &Iam,
        bounds: CredentialBounds,
        asked: Option<AccountId>,
        grant_type: String,
    ) -> Result<Self, IamError> {
        let account = iam.account_for(&bounds, asked)?;
        check_address(iam, account)?;
        Ok(Self {
            bounds,
            account,
            grant_type,
        })
    }

    /// The bounds of what may be issued for it.
    pub(crate) const fn bounds(&self) -> &CredentialBounds {
        &self.bounds
    }

    /// Its account.
    pub(crate) const fn account(&self) -> AccountId {
        self.account
    }

    /// Whose it is, in whose turn it writes.
    pub(crate) fn owner(&self) -> LoginOwner {
        LoginOwner {
            account: self.account,
            holder: self.bounds.principal().into(),
        }
    }

    /// The authentication method, as in the claims.
    pub(crate) fn grant_type(&self) -> &str {
        &self.grant_type
    }

    /// This login, in its account alone.
    pub(crate) fn in_its_account(mut self) -> Self {
        self.bounds = self.bounds.only_in(self.account);
        self
    }

    /// This login, for what ends no later than `end`.
    pub(crate) fn until(mut self, end: Millis) -> Self {
        self.bounds = self.bounds.until(end);
        self
    }

    /// This login, in the session that was begun with it.
    pub(crate) fn in_session(mut self, session: SessionId) -> Self {
        self.bounds = self.bounds.of_session(session);
        self
    }
}

/// A session that was begun or renewed, with its new refresh tokens.
#[derive(Debug)]
pub(crate) struct SessionTokens {
    pub(crate) subject: Subject,
    pub(crate) login: Login,
    pub(crate) refresh_token: Secret<String>,
    /// For the UAA, where its tokens were asked for.
    pub(crate) uaa_refresh_token: Option<Secret<String>>,
}

/// A new session.
pub(crate) struct StartedSession {
    pub(crate) login: Login,
    pub(crate) session: SessionId,
    pub(crate) refresh_token: Secret<String>,
    /// The sessions that were ended to make room.
    pub(crate) displaced: Vec<SessionId>,
}

/// Begins a session with a login. The rows that the login was derived from are locked.
pub(crate) async fn begin(
    iam: &Iam,
    tx: &mut Tx,
    login: Login,
    client: &str,
) -> Result<StartedSession, IamError> {
    let now = iam.0.clock.now();
    // Each login deletes what is over of its principal's sessions, so that it counts for no limit. What is over of others is deleted in
    // the background: who deletes it here would keep all logins waiting that find the same.
    let over = credentials::Forgotten::at(now);
    credentials::sweep(tx, &key(login.bounds.principal()), over).await?;
    let life = Lifetimes::of(iam, &login.bounds, login.account, true);
    let bounds = life.bound(login.bounds, now)?;
    let (login, session) = (Login { bounds, ..login }, SessionId(entropy::guid()));
    credentials::lock(tx, &bounds, now).await?;
    let new = NewSession {
        session,
        account: login.account,
        bounds: &bounds,
        now,
        expires_at: bounds.end(now, life.refresh_seconds),
        tokens_until: bounds.end(now, life.access_seconds),
    };
    sessions::insert(tx, &new).await?;
    let begun = (session, login.account, life.sessions);
    let displaced = session_limit::enforce(iam, tx, &bounds, begun, now).await?;
    let login = login.in_session(session);
    let token = issue(iam, tx, session, client, &login).await?;
    Ok(StartedSession {
        login,
        session,
        refresh_token: token,
        displaced,
    })
}

/// A new refresh token of a session, valid no longer than its bounds.
pub(crate) async fn issue(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    client: &str,
    login: &Login,
) -> Result<Secret<String>, IamError> {
    issue_for(iam, tx, session, (client, None), login).await
}

/// The refresh token for the UAA's tokens beside the others of a session, in the transaction of these: so a login is made with both,
/// or refused with neither.
pub(super) async fn issue_uaa(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    login: &Login,
    with_uaa: bool,
) -> Result<Option<Secret<String>>, IamError> {
    if !with_uaa {
        return Ok(None);
    }
    let issued = issue(iam, tx, session, Client::Cf.id(), login);
    issued.await.map(Some)
}

/// A new refresh token of a session, for a client. One that is delegated `until` then expires no later, nor do its successors, and
/// stays for its account.
pub(crate) async fn issue_for(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    (client, until): (&str, Option<Millis>),
    login: &Login,
) -> Result<Secret<String>, IamError> {
    let bounds = login.bounds();
    if !bounds.renewable() {
        return Err(IamError::Internal(
            "issue a refresh token for what is not renewable",
        ));
    }
    session_limit::check_room(iam, tx, (session, client), 1).await?;
    let life = Lifetimes::of(iam, bounds, login.account, false);
    let end = bounds.end(iam.0.clock.now(), life.refresh_seconds);
    let text = format!("{PREFIX}{}", entropy::text());
    let new = NewToken {
        session,
        client,
        bounds,
        grant_type: &login.grant_type,
        expires_at: until.map_or(end, |until| until.min(end)),
        delegated_for: until.map(|_| login.account),
    };
    refresh_tokens::insert(tx, &text, &new).await?;
    Ok(Secret::new(text))
}

/// A request for a renewal: the refresh token, and what its successor is wanted for.
struct Renewal<'a> {
    text: &'a Secret<String>,
    client: &'a str,
    account: Option<&'a str>,
    with_uaa: bool,
}

/// Uses a refresh token: returns its successor and the session, which is for `account` from now on if one is named.
/// With UAA tokens, there is a refresh token for these beside the successor.
pub(crate) async fn rotate(
    iam: &Iam,
    text: &Secret<String>,
    client: &'static str,
    account: Option<&str>,
    with_uaa: bool,
) -> Result<SessionTokens, IamError> {
    let owner = owner_of(iam, text, client).await?;
    let (rotating, text) = (iam.clone(), text.clone());
    let account = account.map(str::to_owned);
    iam.in_login_turn(owner, async move {
        let renewal = Renewal {
            text: &text,
            client,
            account: account.as_deref(),
            with_uaa,
        };
        rotate_in_turn(&rotating, &renewal).await
    })
    .await
}

/// Whose a refresh token is, in whose turn it is used. One that is unknown or dead is refused by reads alone, and takes no turn.
pub(super) async fn owner_of(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<LoginOwner, IamError> {
    let mut tx = iam.0.db.snapshot().await?;
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid)?;
    let now = iam.0.clock.now();
    unexpired(&token, now)?;
    let session = held_login::live_session(iam, &mut tx, &token).await;
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

async fn rotate_in_turn(iam: &Iam, renewal: &Renewal<'_>) -> Result<SessionTokens, IamError> {
    let Renewal { text, client, .. } = *renewal;
    let mut tx = iam.0.db.begin().await?;
    // Only now: who was told to renew with the same token, while this waited for the database, has all of the grace.
    let now = iam.0.clock.now();
    if let Some(token) = refresh_tokens::claim(&mut tx, text, client, now).await? {
        return renew(iam, tx, &token, renewal).await;
    }
    let token = refresh_tokens::find(&mut tx, text, client).await?;
    let token = token.ok_or_else(invalid)?;
    if is_in_grace(&token, now) {
        return latest_successor(iam, tx, token, renewal).await;
    }
    end_reused(iam, tx, &token, now).await?;
    Err(reused())
}

/// Renews the session of a token that this transaction has used up. A refusal drops the transaction, and the token stays
/// unused.
async fn renew(
    iam: &Iam,
    mut tx: Tx,
    token: &RefreshToken,
    renewal: &Renewal<'_>,
) -> Result<SessionTokens, IamError> {
    let Renewal { text, client, .. } = *renewal;
    let RenewedSession {
        subject,
        login,
        session,
        displaced,
    } = renew_session(iam, &mut tx, token, renewal).await?;
    let issued = 1 + u64::from(renewal.with_uaa);
    session_limit::check_room(iam, &mut tx, (session, client), issued).await?;
    // The end of a delegated token is that of its whole chain.
    let until = (client == Client::Kube.id()).then_some(token.expires_at);
    let refresh_token = issue_for(iam, &mut tx, session, (client, until), &login).await?;
    let with_uaa = renewal.with_uaa;
    let uaa_refresh_token = issue_uaa(iam, &mut tx, session, &login, with_uaa).await?;
    let encrypted = successor::encrypt(text, &refresh_token)?;
    // The grace begins when the answer is near: rows of others may have been waited for.
    let now = iam.0.clock.now();
    refresh_tokens::set_successor(&mut tx, text, encrypted, now).await?;
    if until.is_none() {
        let life = Lifetimes::of(iam, login.bounds(), login.account(), false);
        let ends = login.bounds().end(now, life.refresh_seconds);
        sessions::extend(&mut tx, session, ends).await?;
    }
    let by = (login.bounds.principal(), login.account);
    displaced::commit_renewal(iam, tx, by, &displaced).await?;
    Ok(SessionTokens {
        subject,
        login,
        refresh_token,
        uaa_refresh_token,
    })
}

/// Whether a used token may still be exchanged for its successor.
pub(super) fn is_in_grace(token: &RefreshToken, now: Millis) -> bool {
    let used_at = token.used_at.unwrap_or(now);
    token.successor.is_some() && now.0.saturating_sub(used_at.0) <= GRACE_MILLISECONDS
}

/// The latest successor of a token that was used within its grace. Its session is renewed as if with the successor, which
/// is not used up.
async fn latest_successor(
    iam: &Iam,
    mut tx: Tx,
    token: RefreshToken,
    renewal: &Renewal<'_>,
) -> Result<SessionTokens, IamError> {
    let (token, refresh_token) =
        last_of_chain(&mut tx, renewal.text, renewal.client, token).await?;
    let RenewedSession {
        subject,
        login,
        session,
        displaced,
    } = renew_session(iam, &mut tx, &token, renewal).await?;
    let with_uaa = renewal.with_uaa;
    let uaa_refresh_token = issue_uaa(iam, &mut tx, session, &login, with_uaa).await?;
    let by = (login.bounds.principal(), login.account);
    displaced::commit_renewal(iam, tx, by, &displaced).await?;
    Ok(SessionTokens {
        subject,
        login,
        refresh_token,
        uaa_refresh_token,
    })
}

/// Ends the session of a token that was used again after its grace. One that has expired is refused, and ends nothing.
pub(super) async fn end_reused(
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
async fn last_of_chain(
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

/// A session that is renewed.
struct RenewedSession {
    subject: Subject,
    login: Login,
    session: SessionId,
    /// The sessions that were ended to make room for it in the account to which it was switched.
    displaced: Vec<SessionId>,
}

/// Renews a session, for the requested account from now on; all reasons against it are checked here.
async fn renew_session(
    iam: &Iam,
    tx: &mut Tx,
    token: &RefreshToken,
    renewal: &Renewal<'_>,
) -> Result<RenewedSession, IamError> {
    let held = held_login::read(iam, tx, token).await?;
    let own_bounds = held.bounds_for(iam, held.account)?;
    let subject = iam.subject(&own_bounds)?;
    let named = renewal.account;
    let asked = named.map_or(Some(held.account), |text| text.parse().ok());
    let login = Login::to(iam, held.bounds, asked, token.grant_type.clone())?;
    check_password(iam, login.account, &login.grant_type)?;
    let bounds = held.bounds_for(iam, login.account)?;
    let login = Login { bounds, ..login };
    let session = bounds.root().session.ok_or_else(invalid)?;
    let now = iam.0.clock.now();
    let life = Lifetimes::of(iam, &bounds, login.account, false);
    let tokens_until = bounds.end(now, life.access_seconds);
    // A delegated token does not move its login.
    let account = (renewal.client != Client::Kube.id()).then_some(login.account);
    if !sessions::renew(tx, session, account, tokens_until, now).await? {
        return Err(ended());
    }
    let displaced = match account.filter(|account| *account != held.account) {
        Some(account) => {
            let moved = (session, account, life.sessions);
            session_limit::enforce_own(tx, &bounds, moved, now).await?
        }
        None => Vec::new(),
    };
    if renewal.with_uaa {
        subject.require_user()?;
    }
    Ok(RenewedSession {
        subject,
        login,
        session,
        displaced,
    })
}
