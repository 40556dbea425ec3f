//! The connections that a search has found to be evicted. They are evicted a few at a time: were it all at once, the threads that serve
//! connections would do nothing but close them for a millisecond, and everybody else would wait.

use super::loss::Loss;
use crate::net::connection_state::{ConnectionKey, Usage};

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
}

impl Victims {
    /// At most so many of these, at least one: the ones that lose least, and where they are idle, idle ones alone.
    pub(super) fn new(mut found: Vec<(Loss, Victim)>, most: usize) -> Self {
        let most = most.max(1);
        if most < found.len() {
            found.select_nth_unstable_by(most, |(one, _), (other, _)| one.cmp(other));
            found.truncate(most);
        }
        found.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        let are_idle = found.last().is_some_and(|(loss, _)| loss.is_idle());
        let alike = found
            .into_iter()
            .filter(|(loss, _)| loss.is_idle() == are_idle);
        Self {
            left: alike.map(|(_, victim)| victim).collect(),
            are_idle,
        }
    }

    /// Whether nothing is open on them.
    pub(super) const fn are_idle(&self) -> bool {
        self.are_idle
    }

    /// The one that loses least.
    pub(super) fn next(&mut self) -> Option<Victim> {
        self.left.pop()
    }
}
