//! The state of a refresh token: what becomes of it when it is shown.

use crate::repo::refresh_tokens::RefreshToken;
use base::time::Millis;

/// How long a used token still gives its successor.
pub const GRACE_MILLISECONDS: i64 = 30_000;

/// The state of a token that is stored. Whether its session has ended is another question (`live_session.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshTokenState {
    /// Neither used nor expired: a renewal uses it up.
    Unused,
    /// Used a moment ago: a renewal gets its latest successor, even if the token expired while the renewal waited, because then only the
    /// successor must still be good. Where an expired token is refused in its grace too, `require_unexpired` does that.
    InGrace,
    /// Used before the grace, and not expired: somebody else has a copy, so its session ends.
    Reused,
    /// Expired, and not in its grace: refused, and no session ends for it.
    Expired,
}

impl RefreshTokenState {
    /// The state of a token that was found, and not claimed: one that this transaction has just claimed has no successor yet.
    pub(crate) fn of(token: &RefreshToken, now: Millis) -> Self {
        let is_in_grace = |used_at: Millis| {
            token.successor.is_some() && now.0.saturating_sub(used_at.0) <= GRACE_MILLISECONDS
        };
        match token.used_at {
            Some(used_at) if is_in_grace(used_at) => Self::InGrace,
            _ if token.expires_at <= now => Self::Expired,
            Some(_) => Self::Reused,
            None => Self::Unused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RefreshTokenState::{Expired, InGrace, Reused, Unused};
    use super::*;
    use base::id::{Guid, SessionId};

    const USED_AT: i64 = 1_000_000;
    const GRACE_ENDS: i64 = USED_AT + GRACE_MILLISECONDS;

    fn token(used_at: Option<i64>, successor: Option<Vec<u8>>, expires_at: i64) -> RefreshToken {
        RefreshToken {
            session: SessionId(Guid::from_random([1; 16])),
            principal: None,
            api_key: None,
            grant_type: String::new(),
            expires_at: Millis(expires_at),
            used_at: used_at.map(Millis),
            successor,
            delegated_for: None,
        }
    }

    #[test]
    fn an_unused_token_is_good_until_it_expires() {
        let unused = token(None, None, 5000);
        let state = |now| RefreshTokenState::of(&unused, Millis(now));
        assert_eq!(state(4999), Unused);
        assert_eq!(state(5000), Expired);
    }

    #[test]
    fn a_used_token_is_in_its_grace_then_reused_then_expired() {
        let expires_at = GRACE_ENDS + 10;
        let used = token(Some(USED_AT), Some(vec![1]), expires_at);
        let state = |now| RefreshTokenState::of(&used, Millis(now));
        // Another node's clock may be behind.
        assert_eq!(state(USED_AT - 1), InGrace);
        assert_eq!(state(GRACE_ENDS), InGrace);
        assert_eq!(state(GRACE_ENDS + 1), Reused);
        assert_eq!(state(expires_at - 1), Reused);
        assert_eq!(state(expires_at), Expired);
    }

    #[test]
    fn a_token_that_expires_in_its_grace_is_in_it_still() {
        let used = token(Some(USED_AT), Some(vec![1]), USED_AT + 10);
        let state = |now| RefreshTokenState::of(&used, Millis(now));
        assert_eq!(state(USED_AT + 10), InGrace);
        assert_eq!(state(GRACE_ENDS + 1), Expired);
    }

    #[test]
    fn a_used_token_without_a_successor_has_no_grace() {
        let used = token(Some(USED_AT), None, USED_AT + 10);
        let state = |now| RefreshTokenState::of(&used, Millis(now));
        assert_eq!(state(USED_AT), Reused);
        assert_eq!(state(USED_AT + 10), Expired);
    }
}
