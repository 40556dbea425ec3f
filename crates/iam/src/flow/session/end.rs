//! Sessions ended by their users: by logout, by revocation, or by a change of password.

use crate::audit::{Action, Actor, Credential, Entry};
use crate::error::IamError;
use crate::progress::{Progress, Stage};
use crate::refusal::Reason;
use crate::repo::api_keys;
use crate::repo::refresh_tokens::{self, TokenState};
use crate::repo::sessions::{self, SessionSelector};
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::identity::Identity;
use crate::token::verified::Verified;
use base::id::{SessionId, UserId};
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// Ends what the old password opened: the user's one-time codes and sessions, except the session that changes the
/// password and those of API keys.
///
/// # Errors
/// When the credential used for the change was revoked.
pub(crate) async fn end_password(
    tx: &mut Tx,
    person: UserId,
    caller: &Identity,
    now: Millis,
) -> Result<(), IamError> {
    // Codes before keys and sessions: the redeeming of a code takes them in this order.
    credentials::end_codes(tx, person).await?;
    credentials::lock(tx, caller.bounds(), now).await?;
    let but = caller.session();
    if let Some(kept) = but {
        // This session now rests on the password that was just proven, even if the session it came from ends.
        sessions::detach(tx, kept).await?;
    }
    sessions::end(tx, person, SessionSelector::ByPassword { but }, now).await?;
    Ok(())
}

impl Iam {
    /// Ends one session, and commits; ending it again is no change.
    pub(crate) async fn end_session_and_commit(
        &self,
        mut tx: Tx,
        session: SessionId,
        entry: impl FnOnce(Principal) -> Entry,
    ) -> Result<(), IamError> {
        let Some((principal, account)) = sessions::find_live(&mut tx, session).await? else {
            return Ok(());
        };
        let now = self.0.clock.now();
        if sessions::end(&mut tx, principal, SessionSelector::One(session), now).await? == 0 {
            return Ok(());
        }
        let entry = entry(principal).in_account(account).on(session);
        self.commit_without_read_back(tx, entry).await
    }

    /// Ends one session in a turn of its account. However often it is asked for, it takes one turn: the others wait for that one here, and
    /// see that the session has ended.
    async fn end_in_turn(
        &self,
        session: SessionId,
        entry: impl FnOnce(Principal) -> Entry + Send + 'static,
    ) -> Result<(), IamError> {
        Progress::reach(Stage::EndsLogin);
        let turn = self.0.ending.take(session).await;
        let found = sessions::find_live_now(&self.0.db, session).await?;
        let Some((principal, account)) = found else {
            return Ok(());
        };
        let owner = LoginOwner {
            account,
            holder: principal.into(),
        };
        let iam = self.clone();
        self.in_ending_turn(owner, async move {
            let _turn = turn;
            iam.end_session_and_commit(iam.0.db.begin().await?, session, entry)
                .await
        })
        .await
    }

    /// Ends the session of a verified caller with all its tokens.
    ///
    /// # Errors
    /// When the credential has no session; when the database fails.
    pub async fn log_out(&self, caller: &Identity) -> Result<(), IamError> {
        let session = caller.session().ok_or_else(no_session)?;
        let caller = caller.clone();
        let entry = move |_| Entry::by(&caller, Action::SessionEnded).with("why", "logged_out");
        self.end_in_turn(session, entry).await
    }

    /// Revokes a token (RFC 7009): the session of a refresh token or an access token ends with all its tokens. An
    /// unknown token is no error.
    ///
    /// # Errors
    /// When the token is valid but has no session, so that it cannot be revoked; when the database fails.
    pub async fn revoke(&self, token: &Secret<String>) -> Result<(), IamError> {
        if let Some(state) = refresh_tokens::find_state(&self.0.db, token).await? {
            return self.revoke_refresh_token(&state).await;
        }
        let bearer = self.verifier().bearer(token.expose());
        let holder = match self.holder_at_any_node(bearer).await {
            Ok(holder) => holder,
            Err(undecided) if undecided.is_undecided() => return Err(undecided.into()),
            // What is refused now may be good again, or be good elsewhere.
            Err(_) => return self.revoke_refused(token).await,
        };
        let session = holder.session().ok_or_else(no_session)?;
        let entry = move |owner: Principal| {
            Entry::by(&holder, Action::SessionEnded)
                .with("owner", owner)
                .with("why", "revoked")
        };
        self.end_in_turn(session, entry).await
    }

    /// Ends the session of an access token that is refused at the moment. One that is not this server's, or over, is no error; one without
    /// a session is, as far as it may be good again.
    async fn revoke_refused(&self, token: &Secret<String>) -> Result<(), IamError> {
        let Some(unexpired) = self.verifier().unexpired(token.expose()) else {
            return Ok(());
        };
        let Some(session) = unexpired.session else {
            return match self.may_be_good_again(&unexpired).await? {
                true => Err(no_session()),
                false => Ok(()),
            };
        };
        let entry = |owner: Principal| {
            Entry::by_actor(
                Actor::from(owner),
                Credential::IamToken,
                Action::SessionEnded,
            )
            .with("owner", owner)
            .with("why", "revoked")
        };
        self.end_in_turn(session, entry).await
    }

    /// Whether a token that is refused may be good again: not where the key that it was obtained with is deleted. A key that is disabled,
    /// or was deleted with its account, is still there.
    async fn may_be_good_again(&self, token: &Verified) -> Result<bool, IamError> {
        let Some(key) = token.key else {
            return Ok(true);
        };
        let mut tx = self.0.db.snapshot().await?;
        let keys = api_keys::of(&mut tx, key).await?;
        tx.end().await?;
        Ok(!keys.is_empty())
    }

    async fn revoke_refresh_token(&self, state: &TokenState) -> Result<(), IamError> {
        // A used or expired token proves nothing: somebody may have found a copy.
        let is_good = !state.is_used && state.expires_at > self.0.clock.now();
        let entry = move |owner: Principal| {
            let (who, credential) = match is_good {
                true => (Actor::from(owner), Credential::RefreshToken),
                false => (Actor::Unknown, Credential::None),
            };
            Entry::by_actor(who, credential, Action::SessionEnded)
                .with("owner", owner)
                .with("why", "revoked")
        };
        self.end_in_turn(state.session, entry).await
    }
}

/// An error instead of "done", because the credential stays valid.
fn no_session() -> IamError {
    IamError::refused(
        Reason::NoSession,
        "This credential is of no login session that could end: disable or delete its API key instead",
    )
}
