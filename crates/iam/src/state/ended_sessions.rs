//! Ended sessions whose tokens may still live. An ended session stays ended, so all snapshots of the directory share
//! one growing set; each node reads only the new ends from the database.

use crate::error::IamError;
use crate::repo::sessions::SessionEnd;
use crate::repo::{counters, sessions};
use base::id::{Guid, SessionId};
use base::principal::Principal;
use base::time::Millis;
use db::{Db, Tx};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How much a token may outlive its session's record: the time between the record and the signature, and the clock
/// differences of nodes.
const MARGIN_MILLISECONDS: i64 = 120_000;

/// Below this size, looking for sessions to forget is not worthwhile.
const WORTH_SWEEPING: usize = 1024;

#[derive(Debug, Default)]
struct Set {
    /// When the last token of each expires, and the GUID of whose it was.
    until: HashMap<SessionId, (i64, Guid)>,
    /// The number of the latest end in the set.
    seen: i64,
    /// The size at which sessions whose tokens have all expired are forgotten.
    sweep_at: usize,
}

/// The ended sessions.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions(RwLock<Set>);

impl EndedSessions {
    /// Whether the session was ended. Does not allocate.
    pub(crate) fn contains(&self, session: SessionId) -> bool {
        let set = self.0.read().unwrap_or_else(PoisonError::into_inner);
        set.until.contains_key(&session)
    }

    /// Whether the session was ended and was the principal's. Does not allocate.
    pub(crate) fn contains_of(&self, session: SessionId, owner: Principal) -> bool {
        let set = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = set.until.get(&session);
        found.is_some_and(|(_, holder)| owner.guid() == Some(*holder))
    }

    /// Reads the ends since the last call.
    pub(crate) async fn catch_up(&self, db: &Db, now: Millis) -> Result<(), IamError> {
        let seen = self.last_number();
        // The counter is read before the rows, so the rows include all ends up to it.
        let (_, counted) = counters::changes_and_ends(db).await?;
        if counted == seen {
            return Ok(());
        }
        self.add_read(sessions::ends_since(db, seen).await?, counted, now);
        Ok(())
    }

    /// Reads the ends since the last call within a transaction that has made none itself, and has read this number of them before: it
    /// needs no second connection for that.
    pub(crate) async fn catch_up_within(
        &self,
        tx: &mut Tx,
        counted: i64,
        now: Millis,
    ) -> Result<(), IamError> {
        let seen = self.last_number();
        if counted == seen {
            return Ok(());
        }
        self.add_read(sessions::ends_seen_since(tx, seen).await?, counted, now);
        Ok(())
    }

    fn add_read(&self, mut new: Vec<SessionEnd>, counted: i64, now: Millis) {
        for end in &mut new {
            // A request may outlive its token, and ends when its session does: so it is kept for a moment in any case.
            end.until = end.until.max(now.0).saturating_add(MARGIN_MILLISECONDS);
        }
        self.add(&new, counted, now);
    }

    fn add(&self, new: &[SessionEnd], counted: i64, now: Millis) {
        let mut set = self.0.write().unwrap_or_else(PoisonError::into_inner);
        set.seen = set.seen.max(counted);
        for end in new {
            set.seen = set.seen.max(end.number);
            if end.until > now.0 {
                set.until.insert(end.session, (end.until, end.owner));
            }
        }
        if set.until.len() > set.sweep_at.max(WORTH_SWEEPING) {
            set.until.retain(|_, (until, _)| *until > now.0);
            set.sweep_at = set.until.len().saturating_mul(2);
        }
    }

    /// Forgets the last number: the database was replaced by an older copy, whose numbers are lower. Ended sessions
    /// stay ended.
    pub(crate) fn forget_number(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).seen = 0;
    }

    /// The number of the latest end in the set.
    pub(crate) fn last_number(&self) -> i64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u64) -> SessionId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        SessionId(Guid::from_random(bytes))
    }

    #[test]
    fn it_holds_no_more_than_twice_what_can_still_live() {
        let ended = EndedSessions::default();
        for number in 0..20_000_i64 {
            let new = SessionEnd {
                session: session(number.unsigned_abs()),
                owner: Guid::from_random([7; 16]),
                until: number + 100,
                number: number + 1,
            };
            ended.add(&[new], 0, Millis(number));
        }
        assert!(ended.contains(session(19_999)));
        assert!(!ended.contains(session(0)));
        let of = |owner: u8| {
            let owner = base::id::UserId(Guid::from_random([owner; 16]));
            ended.contains_of(session(19_999), owner.into())
        };
        assert!(of(7) && !of(8));
        assert!(ended.0.read().unwrap().until.len() <= WORTH_SWEEPING + 1);
        assert_eq!(ended.last_number(), 20_000);
    }
}
