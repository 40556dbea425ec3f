//! Login sessions: listed, ended one by one or all at once, and kept alive. Callers see and end their own sessions for the
//! account of the credential; an Administrator sees and ends those of all its members.
//!
//! A session of no key opens every account of its user, one after the other. So whoever may end a user's sessions in an account
//! ends these wherever they are renewed for now; those for other accounts are not listed.
//!
//! An API key, and what was obtained with it, acts for the key: it sees and ends the sessions of that key alone. What was delegated
//! to another program sees none of its person's, and ends the one that it is of.

pub use crate::model::open_session::{OpenSession, SessionPlace};

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::flow::session::lifetimes::Lifetimes;
use crate::model::bounds::{CredentialBounds, Root};
use crate::model::open_session::SessionOwner;
use crate::model::page::{Page, PageRequest, PlacedPage};
use crate::model::session_limits::SessionLimits;
use crate::policy::is_administrator;
use crate::progress::{Progress, Stage};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::members::is_still_member;
use crate::repo::sessions::{self, SessionSelector};
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use crate::token::identity::Identity;
use base::id::{AccountId, SessionId};
use base::principal::Principal;
use base::time::Millis;

const ENDING: &str = "ending the sessions of others";

/// How long after its last use a session is not noted as used again.
const NOTED_MILLISECONDS: i64 = 1000;

fn unknown() -> IamError {
    IamError::not_found("the session")
}

impl Iam {
    /// The sessions of a member for the credential's account, the latest first; the caller's own if no member is named.
    ///
    /// # Errors
    /// For somebody else's without Administrator of the account; for one's own by what was delegated.
    pub async fn sessions(
        &self,
        caller: &Identity,
        of: Option<Principal>,
        window: PageRequest,
    ) -> Result<Page<OpenSession>, IamError> {
        let all = self.sessions_from(caller, of, None, window).await?;
        Ok(all.page)
    }

    /// As [`Self::sessions`], on one side of a place.
    ///
    /// # Errors
    /// As [`Self::sessions`].
    pub async fn sessions_from(
        &self,
        caller: &Identity,
        of: Option<Principal>,
        place: Option<SessionPlace>,
        window: PageRequest,
    ) -> Result<PlacedPage<OpenSession>, IamError> {
        let what = "listing the sessions of others";
        let owner = self.session_owner(caller, of, what).await?;
        let now = self.0.clock.now();
        let directory = self.directory();
        // Sessions of service IDs have no settings.
        let stored = directory.account_settings.get(&owner.account);
        let stored = stored.filter(|_| owner.principal.user().is_some());
        let limits = stored.map_or_else(SessionLimits::default, |stored| {
            stored.settings.session_limits()
        });
        let over = limits.cutoffs(now);
        let found = sessions::open_of(&self.0.db, &owner, now, over, place, window);
        let mut found = found.await?;
        for one in &mut found.page.entries {
            one.expires_at = limits.end(one.proven_at, one.used_at, one.expires_at);
        }
        Ok(found)
    }

    async fn session_owner(
        &self,
        caller: &Identity,
        of: Option<Principal>,
        what: &str,
    ) -> Result<SessionOwner, IamError> {
        let (oneself, account) = (caller.principal(), caller.account());
        let principal = of.unwrap_or(oneself);
        if principal == oneself {
            if caller.is_delegated() {
                let message = "sessions are seen and ended by a login of your own: what was delegated is for a program";
                let refusal = Refusal::new(Reason::NotAllowed, message);
                return Err(IamError::Refused(refusal.remedy(Remedy::LogInByPassword)));
            }
            let key = caller.bounds().root().key;
            return Ok(SessionOwner {
                principal,
                account,
                key,
            });
        }
        self.administer(caller, account, what)?;
        let find = || match self.directory().is_member(principal, account) {
            true => Ok(()),
            false => Err(IamError::not_found("the user or service ID")),
        };
        self.found_at_any_node(find).await?;
        Ok(SessionOwner {
            principal,
            account,
            key: None,
        })
    }

    /// Looks for a session that the caller wants to end, by a read alone: what is not there takes no turn, and delays no writer.
    ///
    /// # Errors
    /// When there is none that is open, or the caller may not end it.
    pub async fn require_endable(&self, caller: &Identity, id: SessionId) -> Result<(), IamError> {
        let found = sessions::find_open(&self.0.db, id, self.0.clock.now()).await?;
        match found {
            Some((session, _)) if self.may_end(caller, &session) => Ok(()),
            _ => Err(unknown()),
        }
    }

    fn may_end(&self, caller: &Identity, session: &OpenSession) -> bool {
        // An Administrator's key acts for itself among its owner's sessions, whatever its owner's roles are.
        let key = caller.bounds().root().key;
        match session.principal == caller.principal() {
            true if caller.is_delegated() => caller.session() == Some(session.id),
            true => key.is_none() || key == session.key,
            false => is_administrator(&self.directory(), caller, caller.account()),
        }
    }

    /// Ends a session: its tokens open nothing from the moment this returns.
    ///
    /// # Errors
    /// When there is none that opens the credential's account, or the caller may not end it.
    pub async fn end_one_session(&self, caller: &Identity, id: SessionId) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        let found = sessions::open_with(&mut tx, id, self.0.clock.now()).await?;
        let (session, used_for) = found.ok_or_else(unknown)?;
        let (owner, account) = (session.principal, caller.account());
        if !self.may_end(caller, &session) {
            return Err(unknown());
        }
        self.lock_for_owner(&mut tx, caller, account, owner, ENDING)
            .await?;
        let opens = used_for == account
            || (session.key.is_none() && is_still_member(&mut tx, account, owner).await?);
        if !opens {
            return Err(unknown());
        }
        let one = SessionSelector::One(id);
        if sessions::end(&mut tx, owner, one, self.0.clock.now()).await? == 0 {
            return Err(unknown());
        }
        // In the account where it was done: another account's log does not name this one's Administrators.
        let entry = Entry::by(caller, Action::SessionEnded)
            .in_account(account)
            .on(id)
            .with("owner", owner)
            .with("why", "ended");
        self.commit_without_read_back(tx, entry).await
    }

    /// Ends all sessions that [`Self::sessions`] lists, also the caller's, and those that can be renewed for the account; returns
    /// how many.
    ///
    /// # Errors
    /// As [`Self::sessions`].
    pub async fn end_sessions(
        &self,
        caller: &Identity,
        of: Option<Principal>,
    ) -> Result<u64, IamError> {
        let owner = self.session_owner(caller, of, ENDING).await?;
        let which = match owner.key {
            None => SessionSelector::Opening(owner.account),
            Some(key) => SessionSelector::OfKey(owner.account, key),
        };
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        self.lock_for_owner(&mut tx, caller, owner.account, owner.principal, ENDING)
            .await?;
        let ended = sessions::end(&mut tx, owner.principal, which, now).await?;
        if ended == 0 {
            return Ok(0);
        }
        let entry = Entry::by(caller, Action::SessionEnded)
            .in_account(owner.account)
            .on(owner.principal)
            .with("owner", owner.principal)
            .with("why", "all_ended")
            .with("sessions", ended);
        self.commit_without_read_back(tx, entry).await?;
        Ok(ended)
    }

    /// Notes that a session is in use, so that its idle time begins anew. Nothing else about it changes and nothing is issued, so
    /// it is enough to know its id, which is no secret: however often it is called, it takes one of its owner's places among the logins,
    /// and writes once in `NOTED_MILLISECONDS`.
    ///
    /// # Errors
    /// When there is no such session, or it has ended.
    pub async fn keep_session_alive(&self, id: SessionId) -> Result<(), IamError> {
        Progress::reach(Stage::KeepsAlive);
        let turn = self.0.kept_alive.take(id).await;
        let now = self.0.clock.now();
        let found = sessions::find_open(&self.0.db, id, now).await?;
        let (session, account) = found.ok_or_else(unknown)?;
        self.check_lasts(&session, account, now)?;
        if now.0.saturating_sub(session.used_at.0) < NOTED_MILLISECONDS {
            return Ok(());
        }
        let owner = LoginOwner {
            account,
            holder: session.principal.into(),
        };
        let iam = self.clone();
        self.in_keeping_turn(owner, async move {
            // Until it is noted, the next call would not see it.
            let _turn = turn;
            iam.note_session_in_use(id).await
        })
        .await
    }

    async fn note_session_in_use(&self, id: SessionId) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        let now = self.0.clock.now();
        let found = sessions::open_with(&mut tx, id, now).await?;
        let (session, account) = found.ok_or_else(unknown)?;
        self.check_lasts(&session, account, now)?;
        sessions::touch(&mut tx, id, now).await?;
        self.commit_unaudited(tx).await
    }

    /// Refuses a session that its owner's account, or what its owner was let in by, does not let last until now.
    fn check_lasts(
        &self,
        session: &OpenSession,
        account: AccountId,
        now: Millis,
    ) -> Result<(), IamError> {
        let root = Root {
            session: Some(session.id),
            key: session.key,
        };
        let (directory, proven_at) = (self.directory(), session.proven_at);
        let bounds = CredentialBounds::derived(&directory, session.principal, proven_at, root, now);
        let bounds = bounds.map_err(|why| {
            let message = format!("The session has ended: {why}");
            let refusal = Refusal::new(Reason::WrongRefreshToken, message);
            IamError::Refused(refusal.remedy(Remedy::LogInAgain))
        })?;
        let life = Lifetimes::of(self, &bounds, account);
        life.check_idle(session.used_at, now)?;
        life.bound(bounds, now)?;
        Ok(())
    }
}
