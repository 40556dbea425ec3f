//! A login session that has not ended, as it is listed.

use base::id::{AccountId, KeyId, SessionId};
use base::principal::Principal;
use base::time::Millis;

/// The session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id, as in the claim `session_id`.
    pub id: SessionId,
    /// Its owner.
    pub principal: Principal,
    /// The key that it was begun with.
    pub key: Option<KeyId>,
    /// When it was begun.
    pub created_at: Millis,
    /// When the proof that it rests on was given.
    pub proven_at: Millis,
    /// When it was begun, renewed or kept alive last.
    pub used_at: Millis,
    /// When it ends unless it is renewed.
    pub expires_at: Millis,
}

/// Selects the sessions of a principal in an account.
#[derive(Debug)]
pub(crate) struct SessionOwner {
    pub(crate) principal: Principal,
    /// The account that the sessions are for.
    pub(crate) account: AccountId,
    /// Only those of this key, if there is one.
    pub(crate) key: Option<KeyId>,
}

/// A place in a list of sessions, of which the latest come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPlace {
    /// When the session there was begun.
    pub created_at: Millis,
    /// Its id.
    pub id: SessionId,
    /// Whether those before it are read, from there to the beginning of the list; else those after it.
    pub is_end: bool,
}
