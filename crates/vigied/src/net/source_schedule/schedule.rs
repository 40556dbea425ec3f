//! Which tasks of one source are polled next, and how many at once. It reads no clock and wakes nobody: `W` is what wakes a task.

#[cfg(test)]
mod tests;

use crate::net::active_sources::WINDOW;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::time::{Duration, Instant};

/// For how long the released tasks of all sources may keep each thread busy, by what their polls have taken lately.
pub(super) const RELEASED_TIME: Duration = Duration::from_millis(1);

/// How many tasks of a source's queue may be released at once, for each thread.
const RELEASED_PER_THREAD_MAX: usize = 64;

/// How many tasks of all queues may at least be released, for each thread, so that no thread waits for a releaser.
const RELEASED_PER_THREAD_MIN: usize = 2;

/// The two halves of a queue, which take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Tasks of connections that have authenticated.
    Authenticated,
    /// All other tasks.
    Others,
}

/// The place of a task in the queue: its lane, and its number in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    lane: Lane,
    number: u64,
}

/// The used time and the queue of one source. A ticket is in one of the lanes or in `released`, never in two of them.
#[derive(Debug)]
pub(super) struct Schedule<W> {
    window_began: Option<Instant>,
    /// Time used since then.
    spent: Duration,
    /// How much of that it has before its tasks queue up.
    share: Duration,
    /// How long a poll has taken lately, on average.
    poll_time: Duration,
    last_number: u64,
    authenticated: BTreeMap<Ticket, W>,
    others: BTreeMap<Ticket, W>,
    /// The lane that is served next while tasks wait in both.
    next_lane: Lane,
    /// Taken from the queue, and neither polled nor dropped yet.
    released: BTreeSet<Ticket>,
    /// Whether the releaser runs.
    is_releasing: bool,
}

impl<W> Default for Schedule<W> {
    fn default() -> Self {
        Self {
            window_began: None,
            spent: Duration::ZERO,
            share: Duration::ZERO,
            poll_time: Duration::ZERO,
            last_number: 0,
            authenticated: BTreeMap::new(),
            others: BTreeMap::new(),
            next_lane: Lane::Authenticated,
            released: BTreeSet::new(),
            is_releasing: false,
        }
    }
}

impl Lane {
    const fn other(self) -> Self {
        match self {
            Self::Authenticated => Self::Others,
            Self::Others => Self::Authenticated,
        }
    }
}

impl<W> Schedule<W> {
    const fn lane(&mut self, lane: Lane) -> &mut BTreeMap<Ticket, W> {
        match lane {
            Lane::Authenticated => &mut self.authenticated,
            Lane::Others => &mut self.others,
        }
    }

    fn is_empty(&self) -> bool {
        self.authenticated.is_empty() && self.others.is_empty()
    }

    /// Whether a task may be polled that has no place in the queue. `begin_window` says how much time the source has in a new window.
    pub(super) fn is_unqueued(
        &mut self,
        now: Instant,
        begin_window: impl FnOnce() -> Duration,
    ) -> bool {
        if !self.is_empty() {
            return false;
        }
        let is_over = |began| now.saturating_duration_since(began) >= WINDOW;
        if self.window_began.is_none_or(is_over) {
            self.window_began = Some(now);
            self.spent = Duration::ZERO;
            self.share = begin_window();
        }
        self.spent < self.share
    }

    /// The ticket of a task that is to be queued.
    pub(super) const fn draw_ticket(&mut self, lane: Lane) -> Ticket {
        self.last_number += 1;
        Ticket {
            lane,
            number: self.last_number,
        }
    }

    /// Queues a task that is not released, or keeps its place, with the waker that it has now.
    pub(super) fn enqueue(&mut self, ticket: Ticket, waker: &W)
    where
        W: Clone,
    {
        match self.lane(ticket.lane).entry(ticket) {
            Entry::Occupied(mut queued) => queued.get_mut().clone_from(waker),
            Entry::Vacant(place) => {
                place.insert(waker.clone());
            }
        }
    }

    /// Whether the task has been taken from the queue to be polled.
    pub(super) fn is_released(&self, ticket: Ticket) -> bool {
        self.released.contains(&ticket)
    }

    /// A queued or released task runs, or is dropped.
    pub(super) fn forget(&mut self, ticket: Ticket) {
        if !self.released.remove(&ticket) {
            self.lane(ticket.lane).remove(&ticket);
        }
    }

    /// A poll took so long.
    pub(super) fn note_poll(&mut self, took: Duration) {
        self.spent += took;
        self.poll_time = (self.poll_time * 7 + took) / 8;
    }

    /// Whether a releaser has to be started: there is one at most.
    pub(super) const fn begin_release(&mut self) -> bool {
        !mem::replace(&mut self.is_releasing, true)
    }

    /// How many tasks may be released at once, where the queues of so many sources are.
    fn released_max(&self, threads: usize, sources: usize) -> usize {
        let polls = RELEASED_TIME.as_nanos() / self.poll_time.as_nanos().max(1);
        let polls = usize::try_from(polls).unwrap_or(usize::MAX);
        let of_thread = polls.clamp(RELEASED_PER_THREAD_MIN, RELEASED_PER_THREAD_MAX);
        (threads * of_thread / sources.max(1)).max(1)
    }

    /// Takes tasks from the queue until as many are released as it may have, and adds their wakers to `woken`. Returns `false` when nothing
    /// is queued: the releaser has ended.
    pub(super) fn release(
        &mut self,
        threads: usize,
        sources: usize,
        woken: &mut VecDeque<W>,
    ) -> bool {
        if self.is_empty() {
            self.is_releasing = false;
            return false;
        }
        let released_max = self.released_max(threads, sources);
        while self.released.len() < released_max
            && let Some((ticket, waker)) = self.take_next()
        {
            self.released.insert(ticket);
            woken.push_back(waker);
        }
        true
    }

    fn take_next(&mut self) -> Option<(Ticket, W)> {
        let first = self.next_lane;
        self.next_lane = first.other();
        let taken = self.lane(first).pop_first();
        taken.or_else(|| self.lane(first.other()).pop_first())
    }

    /// The releaser was cut off. Returns the wakers of all that are queued: each task queues again at its old place when it is polled,
    /// also one that was released, and the first of them starts another releaser.
    pub(super) fn abandon_release(&mut self) -> impl Iterator<Item = W> + use<W> {
        self.is_releasing = false;
        self.released.clear();
        let authenticated = mem::take(&mut self.authenticated).into_values();
        authenticated.chain(mem::take(&mut self.others).into_values())
    }
}

#[cfg(test)]
impl<W> Schedule<W> {
    /// The schedule of a source whose polls take long.
    pub(super) fn of_long_polls() -> Self {
        Self {
            poll_time: Duration::from_secs(1),
            ..Self::default()
        }
    }

    /// And that has no time left.
    pub(super) fn busy() -> Self {
        Self {
            window_began: Some(Instant::now() + Duration::from_secs(3600)),
            ..Self::of_long_polls()
        }
    }

    pub(super) fn queued_count(&self) -> usize {
        self.authenticated.len() + self.others.len()
    }
}
