//! The connections that a search has chosen for eviction. They are evicted a few at a time: were it all at once, the threads that serve
//! connections would do nothing but close them for a millisecond, and everybody else would wait.

use super::loss::Loss;
use crate::net::connection_state::{ConnectionKey, Usage};
use std::time::{Duration, Instant};

/// How long idle ones are those to evict: later others may lose less.
const IDLE_VALID: Duration = Duration::from_secs(1);

/// The same of ones in use, which are only evicted while there are no idle ones.
const IN_USE_VALID: Duration = Duration::from_millis(100);

/// How many in use a search chooses.
const IN_USE_MAX: usize = 8;

/// A connection to evict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Victim {
    pub(super) key: ConnectionKey,
    /// What it did when it was found. If that is no longer so, it stays.
    pub(super) usage: Usage,
}

/// What a search has found and is left of it.
#[derive(Debug, Default)]
pub(super) struct Victims {
    /// The one that loses least is the last.
    left: Vec<Victim>,
    are_idle: bool,
    until: Option<Instant>,
}

impl Victims {
    /// At most so many of these, at least one: the ones that lose least. All are idle, or all lose
    /// alike.
    pub(super) fn new(mut found: Vec<(Loss, Victim)>, most: usize, now: Instant) -> Self {
        let most = most.max(1);
        if most < found.len() {
            found.select_nth_unstable_by_key(most, |(loss, _)| *loss);
            found.truncate(most);
        }
        found.sort_unstable_by_key(|(loss, _)| *loss);
        let first = found.first().map(|(loss, _)| *loss);
        let are_idle = first.is_some_and(|first| first.is_idle());
        let alike = |loss: &Loss| first.is_some_and(|first| loss.is_like(&first));
        let kept = found.into_iter().take_while(|(loss, _)| alike(loss));
        let (most, valid) = match are_idle {
            true => (most, IDLE_VALID),
            false => (IN_USE_MAX, IN_USE_VALID),
        };
        let mut left: Vec<Victim> = kept.map(|(_, victim)| victim).take(most).collect();
        left.reverse();
        Self {
            until: now.checked_add(valid),
            left,
            are_idle,
        }
    }

    /// Whether nothing is open on them.
    pub(super) const fn are_idle(&self) -> bool {
        self.are_idle
    }

    /// The one that loses least, as far as the search knows.
    pub(super) fn next(&mut self, now: Instant) -> Option<Victim> {
        if self.until.is_none_or(|until| until <= now) {
            self.left.clear();
        }
        self.left.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::super::new_times::NewTimes;
    use super::*;
    use crate::net::connection_state::Activity;
    use base::source::SourceKey;

    /// A connection of a source with so many, idle or busy since some milliseconds.
    fn found(id: u64, crowd: usize, activity: Activity, now: Instant) -> (Loss, Victim) {
        let usage = Usage {
            activity,
            awaits_request: None,
            has_credential: false,
        };
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let loss = Loss::of(&usage, source, (crowd, 4096), (now, NewTimes::default()));
        let key = (source, id);
        (loss, Victim { key, usage })
    }

    fn ids(victims: &mut Victims, now: Instant) -> Vec<u64> {
        let each = std::iter::from_fn(|| victims.next(now));
        each.map(|victim| victim.key.1).collect()
    }

    #[test]
    fn only_those_that_lose_alike_are_chosen_the_longest_first_and_for_a_while() {
        let begun = Instant::now();
        let now = begun + Duration::from_millis(500);
        let at = |milliseconds| begun + Duration::from_millis(milliseconds);
        let idle = |id, crowd, since| found(id, crowd, Activity::Idle(at(since)), now);
        let busy = |id, crowd, since| found(id, crowd, Activity::Busy(at(since)), now);
        let all = || {
            vec![
                busy(1, 1, 0),
                idle(2, 1, 0),
                idle(3, 100, 30),
                busy(4, 100, 0),
                idle(5, 100, 20),
            ]
        };
        // The crowd's idle ones: neither the older one of somebody else nor what is in use.
        assert_eq!(ids(&mut Victims::new(all(), 4, now), now), [5, 3]);
        let soon = now + Duration::from_millis(999);
        assert_eq!(ids(&mut Victims::new(all(), 4, now), soon), [5, 3]);
        let late = now + Duration::from_secs(1);
        assert_eq!(ids(&mut Victims::new(all(), 4, now), late), [0; 0]);
        let in_use = || vec![busy(1, 1, 0), busy(4, 100, 10), busy(6, 100, 0)];
        assert_eq!(ids(&mut Victims::new(in_use(), 3, now), now), [6, 4]);
        let late = now + Duration::from_millis(100);
        assert_eq!(ids(&mut Victims::new(in_use(), 3, now), late), [0; 0]);
    }
}
