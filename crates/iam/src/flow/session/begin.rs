//! Begins a session with a login.

use super::lifetimes::Lifetimes;
use super::limit::{self, Newcomer};
use super::login::Login;
use super::refresh_token::{self, Receiver};
use crate::entropy;
use crate::error::IamError;
use crate::repo::principals::key;
use crate::repo::sessions::{self, NewSession};
use crate::repo::transactions::credentials;
use crate::service::Iam;
use base::id::SessionId;
use base::secret::Secret;
use db::Tx;

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
    credentials::sweep(tx, &key(login.bounds().principal()), over).await?;
    let life = Lifetimes::of_new_session(iam, login.bounds(), login.account());
    let bounds = life.bound(*login.bounds(), now)?;
    let (login, session) = (login.with_bounds(bounds), SessionId(entropy::guid()));
    credentials::lock(tx, &bounds, now).await?;
    let new = NewSession {
        session,
        account: login.account(),
        bounds: &bounds,
        now,
        expires_at: bounds.end(now, life.refresh_seconds),
        tokens_until: bounds.end(now, life.access_seconds),
    };
    sessions::insert(tx, &new).await?;
    let newcomer = Newcomer {
        session,
        account: login.account(),
        own_limit: life.sessions,
    };
    let displaced = limit::enforce(iam, tx, &bounds, &newcomer, now).await?;
    let login = login.in_session(session);
    let receiver = Receiver::of(client);
    let token = refresh_token::issue(iam, tx, session, receiver, &login).await?;
    Ok(StartedSession {
        login,
        session,
        refresh_token: token,
        displaced,
    })
}
