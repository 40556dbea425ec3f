//! The idle connections that a search has found. They are evicted a few at a time: were it all at once, the threads that serve connections
//! would do nothing but close them for a millisecond, and everybody else would wait.

use crate::net::connection_state::ConnectionKey;
use std::time::{Duration, Instant};

/// How long they are the ones to evict: later another source may have most connections.
const VALID: Duration = Duration::from_secs(1);

/// What a search has found and is left of it.
#[derive(Debug, Default)]
pub(super) struct IdleFound {
    until: Option<Instant>,
    /// Since when each has been idle; the one idle longest is the last.
    left: Vec<(Instant, ConnectionKey)>,
}

impl IdleFound {
    pub(super) fn new(mut found: Vec<(Instant, ConnectionKey)>, now: Instant) -> Self {
        found.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            until: now.checked_add(VALID),
            left: found,
        }
    }

    /// The one idle longest, as far as the search knows, and since when.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Instant, ConnectionKey)> {
        if self.until.is_none_or(|until| until <= now) {
            self.left.clear();
        }
        self.left.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_idle_longest_goes_first_and_none_goes_late() {
        let now = Instant::now();
        let since = |seconds| (now + Duration::from_secs(seconds), (None, seconds));
        let found = || IdleFound::new(vec![since(2), since(1), since(3)], now);
        let mut at_once = found();
        let order = std::iter::from_fn(|| at_once.next(now));
        assert_eq!(order.collect::<Vec<_>>(), [since(1), since(2), since(3)]);
        let mut later = found();
        assert_eq!(later.next(now + VALID / 2), Some(since(1)));
        assert_eq!(later.next(now + VALID), None);
        assert_eq!(later.next(now), None, "it is forgotten");
    }
}
