//! How much an eviction loses.

use super::new_times::NewTimes;
use crate::net::connection_state::{Activity, Usage};
use base::source::SourceKey;
use std::cmp::Reverse;
use std::time::Instant;

/// Up to so many connections without a credential an honest client, or a few behind one address, may well have; sources with no more than
/// that are alike. Where there are few slots, it is an eighth of them.
const FEW: usize = 15;

/// What an eviction loses. Its order is that in which connections are evicted: what comes first in it counts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loss {
    /// A request is open, or on its way. An idle connection has had its answer, or has sent nothing for as long as one is new.
    is_in_use: bool,
    /// It is a proxy's, which serves many clients.
    is_proxied: bool,
    /// How many its source has, by powers of two: sources with about as many are alike.
    crowd: Reverse<u32>,
    use_made: UseMade,
    /// The longer ago, the sooner it is evicted.
    since: Instant,
}

/// What is done on a connection that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum UseMade {
    /// It has been busy for longer than most requests take that need no credential.
    Long,
    /// The same with a credential: an export, say, of an account that keeps as many slots as it may.
    LongWithCredential,
    /// Its request is on its way, or it has been busy for a short time. One as the other: who sends a body in a second would else come after
    /// all newcomers.
    Brief,
}

impl Loss {
    /// Of a connection of this source, which has `crowd` that may be evicted, of all `slots`.
    pub(super) fn of(
        usage: &Usage,
        source: Option<SourceKey>,
        (crowd, slots): (usize, usize),
        (now, new): (Instant, NewTimes),
    ) -> Self {
        let is_past = |since: Instant, time| now.saturating_duration_since(since) >= time;
        let (is_in_use, use_made, since) = match (usage.activity, usage.awaits_request) {
            (Activity::Idle(idle), None) => (false, UseMade::Brief, idle),
            (Activity::Idle(_), Some(since)) => (!is_past(since, new.idle), UseMade::Brief, since),
            (Activity::Busy(since), _) => {
                let use_made = match (is_past(since, new.busy), usage.has_credential) {
                    (true, false) => UseMade::Long,
                    (true, true) => UseMade::LongWithCredential,
                    (false, _) => UseMade::Brief,
                };
                (true, use_made, since)
            }
        };
        let few = FEW.min(slots / 8).max(1);
        Self {
            is_in_use,
            is_proxied: source.is_none(),
            crowd: Reverse(crowd.max(few).ilog2()),
            use_made,
            since,
        }
    }

    /// Whether as much is lost with either, but for how long it has been so.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self { since, .. } = *other;
        Self { since, ..*self } == *other
    }

    /// Whether nothing is open on it, or on its way.
    pub(super) const fn is_idle(&self) -> bool {
        !self.is_in_use
    }
}
