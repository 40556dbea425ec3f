//! The sessions that were ended while tokens of theirs can still live. What was ended stays ended, so this is one growing
//! set for all snapshots of the directory; each node reads from the database only the ends it has not seen.

use crate::error::IamError;
use crate::repo::{counters, sessions};
use base::id::SessionId;
use base::time::Millis;
use db::Db;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// What a token may outlive its session's record by: the moment between the record and the signature, and clocks of nodes
/// that differ.
const MARGIN_MILLISECONDS: i64 = 120_000;

/// Below so many there is nothing to gain by looking for those that can be forgotten.
const WORTH_SWEEPING: usize = 1024;

#[derive(Debug, Default)]
struct Set {
    /// Until when tokens of each can live.
    until: HashMap<SessionId, i64>,
    /// The number of the latest end that is in it.
    seen: i64,
    /// As many as there may be before those are forgotten whose tokens have all expired.
    sweep_at: usize,
}

/// The ended sessions.
#[derive(Debug, Default)]
pub(crate) struct Ended(RwLock<Set>);

impl Ended {
    /// Whether the session was ended. Takes nothing from the heap.
    pub(crate) fn contains(&self, session: SessionId) -> bool {
        let set = self.0.read().unwrap_or_else(PoisonError::into_inner);
        set.until.contains_key(&session)
    }

    /// Reads the ends that have happened since it was last asked.
    pub(crate) async fn catch_up(&self, db: &Db, now: Millis) -> Result<(), IamError> {
        let seen = self.seen();
        // The counter before the rows: whatever was numbered up to it is among them.
        let (_, counted) = counters::changes_and_ends(db).await?;
        if counted == seen {
            return Ok(());
        }
        let mut new = sessions::ends_since(db, seen).await?;
        for (_, until, _) in &mut new {
            // A request may outlive its token, and ends when its session does: so it is kept for a moment in any case.
            *until = (*until).max(now.0).saturating_add(MARGIN_MILLISECONDS);
        }
        self.add(&new, counted, now);
        Ok(())
    }

    fn add(&self, new: &[(SessionId, i64, i64)], counted: i64, now: Millis) {
        let mut set = self.0.write().unwrap_or_else(PoisonError::into_inner);
        set.seen = set.seen.max(counted);
        for (session, until, number) in new {
            set.seen = set.seen.max(*number);
            if *until > now.0 {
                set.until.insert(*session, *until);
            }
        }
        if set.until.len() > set.sweep_at.max(WORTH_SWEEPING) {
            set.until.retain(|_, until| *until > now.0);
            set.sweep_at = set.until.len().saturating_mul(2);
        }
    }

    /// Forgets what it has seen: an older copy was put in the database's place, whose numbers begin lower. What was ended
    /// stays ended.
    pub(crate) fn see_all_again(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).seen = 0;
    }

    /// The number of the latest end it holds.
    pub(crate) fn seen(&self) -> i64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    fn session(number: u64) -> SessionId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        SessionId(Guid::from_random(bytes))
    }

    #[test]
    fn it_holds_no_more_than_twice_what_can_still_live() {
        let ended = Ended::default();
        for number in 0..20_000_i64 {
            let new = (session(number.unsigned_abs()), number + 100, number + 1);
            ended.add(&[new], 0, Millis(number));
        }
        assert!(ended.contains(session(19_999)));
        assert!(!ended.contains(session(0)));
        assert!(ended.0.read().unwrap().until.len() <= WORTH_SWEEPING + 1);
        assert_eq!(ended.seen(), 20_000);
    }
}
