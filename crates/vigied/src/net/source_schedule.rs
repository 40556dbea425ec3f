//! Fair shares of the reactor threads: what one source sends makes nobody else wait for long, with or without a credential.
//!
//! The threads that serve connections poll their tasks in the order in which these became ready, so a source that makes a
//! thousand tasks ready at once, each with a piece of a flood, would be a thousand polls ahead of everybody else. All tasks of one source
//! therefore share a [`SourceSchedule`]. A source that has used its share of the threads' time lately ([`ActiveSources`]) puts its further
//! tasks into a queue of its own, and a *releaser* moves a few of them at a time behind the tasks of everybody else, fewer while other
//! sources have queues, too. It goes on while any are queued: a source that is alone has all of the threads' time.
//!
//! A request that is being served is not queued: it may hold what others wait for, such as a connection to the database or the query that
//! all share. So an HTTP/1.1 connection is queued between its requests alone and while a body arrives, and an HTTP/2 stream before its
//! request begins. The connection below such streams, which writes their answers, is queued at any time.
//!
//! More than twenty sources for each thread, all of them busy, share its time without queues: none of them uses as much as its share.
//!
//! In the queue, tasks of connections that have authenticated take turns with those of all others, so that a stranger behind the same
//! address does not displace them.

#[cfg(test)]
mod tests;

use super::active_sources::{ActiveSources, WINDOW};
use super::connection_state::ConnectionState;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// For how long the released tasks of all sources may keep each thread busy, by what their polls have taken lately.
const RELEASED_TIME: Duration = Duration::from_millis(1);

/// How many tasks of a source's queue may be released at once, for each thread.
const RELEASED_PER_THREAD_MAX: usize = 64;

/// How many tasks of all queues may be at least, so that no thread waits for a releaser.
const RELEASED_PER_THREAD_MIN: usize = 2;

/// The schedule of one source.
#[derive(Debug, Default)]
pub(super) struct SourceSchedule {
    schedule: Mutex<Schedule>,
    sources: Arc<ActiveSources>,
}

#[derive(Debug, Default)]
struct Schedule {
    window_began: Option<Instant>,
    /// Time used since then.
    spent: Duration,
    /// How much of that it has before its tasks queue up.
    share: Duration,
    /// How long a poll has taken lately, on average.
    poll_time: Duration,
    next_ticket: u64,
    /// In order of arrival: those of connections that have authenticated, and the others.
    authenticated: BTreeMap<u64, Waker>,
    others: BTreeMap<u64, Waker>,
    /// Whose turn it is, while both wait.
    others_next: bool,
    /// Woken, and not polled yet.
    released: BTreeSet<u64>,
    /// Whether the releaser runs.
    is_releasing: bool,
}

/// What a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskKind {
    /// A whole connection.
    Connection,
    /// One HTTP/2 stream of it.
    Stream,
}

/// Polls the task of a connection when it is its source's turn. Without a schedule, as for the connections of trusted proxies, which
/// many callers share, that is at once.
pub(super) async fn scheduled<F: Future>(
    schedule: Option<Arc<SourceSchedule>>,
    (state, kind): (Arc<ConnectionState>, TaskKind),
    mut task: Pin<Box<F>>,
) -> F::Output {
    let Some(schedule) = schedule else {
        return task.await;
    };
    let mut place = Place {
        schedule,
        state,
        kind,
        has_begun: false,
        ticket: None,
    };
    poll_fn(|context| place.poll(context, task.as_mut())).await
}

/// The place of one task in its source's schedule.
struct Place {
    schedule: Arc<SourceSchedule>,
    state: Arc<ConnectionState>,
    kind: TaskKind,
    /// It was polled.
    has_begun: bool,
    /// Its number in the queue.
    ticket: Option<u64>,
}

impl Place {
    fn poll<F: Future>(&mut self, context: &mut Context<'_>, task: Pin<&mut F>) -> Poll<F::Output> {
        let begun = Instant::now();
        let mut schedule = self.schedule.lock();
        let is_served = match self.kind {
            TaskKind::Connection => self.state.serves_by_itself(),
            TaskKind::Stream => self.has_begun,
        };
        let may_run = match self.ticket {
            // Of an evicted one its slot and its descriptor are wanted.
            _ if is_served || self.state.is_evicted() => true,
            Some(ticket) => schedule.released.contains(&ticket),
            None => schedule.is_unqueued(begun, &self.schedule.sources),
        };
        if !may_run {
            let ticket = *self.ticket.get_or_insert_with(|| schedule.draw_ticket());
            let is_authenticated = self.state.keeps_slot();
            schedule.enqueue(ticket, is_authenticated, context.waker());
            if !std::mem::replace(&mut schedule.is_releasing, true) {
                drop(schedule);
                tokio::spawn(release(Arc::clone(&self.schedule)));
            }
            return Poll::Pending;
        }
        if let Some(ticket) = self.ticket.take() {
            schedule.forget(ticket);
        }
        drop(schedule);
        self.has_begun = true;
        let polled = task.poll(context);
        self.schedule.lock().note_poll(begun.elapsed());
        polled
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.schedule.lock().forget(ticket);
        }
    }
}

/// Releases the queued tasks, a few at a time, and goes behind all tasks that are ready between two times.
async fn release(schedule: Arc<SourceSchedule>) {
    let sources = &schedule.sources;
    let _releasing = sources.begin_release();
    loop {
        let woken = schedule
            .lock()
            .release(sources.threads(), sources.releasing());
        let Some(woken) = woken else {
            return;
        };
        woken.into_iter().for_each(Waker::wake);
        go_behind_the_others().await;
    }
}

/// Returns when all tasks that are ready now have been polled. (`yield_now` of the runtime would wait until none is ready.)
pub(super) async fn go_behind_the_others() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl SourceSchedule {
    /// The schedule of one of these sources.
    pub(super) fn among(sources: &Arc<ActiveSources>) -> Self {
        Self {
            schedule: Mutex::default(),
            sources: Arc::clone(sources),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    fn is_empty(&self) -> bool {
        self.authenticated.is_empty() && self.others.is_empty()
    }

    /// Whether a task may be polled that has no place in the queue.
    fn is_unqueued(&mut self, now: Instant, sources: &ActiveSources) -> bool {
        if !self.is_empty() {
            return false;
        }
        let is_over = |began| now.saturating_duration_since(began) >= WINDOW;
        if self.window_began.is_none_or(is_over) {
            self.window_began = Some(now);
            self.spent = Duration::ZERO;
            self.share = sources.join(now);
        }
        self.spent < self.share
    }

    const fn draw_ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// Queues a task, or keeps its place, with the waker that it has now.
    fn enqueue(&mut self, ticket: u64, is_authenticated: bool, waker: &Waker) {
        let queued = self
            .authenticated
            .get_mut(&ticket)
            .or(self.others.get_mut(&ticket));
        if let Some(queued) = queued {
            queued.clone_from(waker);
        } else if is_authenticated {
            self.authenticated.insert(ticket, waker.clone());
        } else {
            self.others.insert(ticket, waker.clone());
        }
    }

    fn note_poll(&mut self, took: Duration) {
        self.spent += took;
        self.poll_time = (self.poll_time * 7 + took) / 8;
    }

    /// How many tasks may be released at once, where the queues of so many sources are.
    fn released_max(&self, threads: usize, sources: usize) -> usize {
        let polls = RELEASED_TIME.as_nanos() / self.poll_time.as_nanos().max(1);
        let polls = usize::try_from(polls).unwrap_or(usize::MAX);
        let of_thread = polls.clamp(RELEASED_PER_THREAD_MIN, RELEASED_PER_THREAD_MAX);
        (threads * of_thread / sources.max(1)).max(1)
    }

    /// Takes tasks from the queue until as many are released as it may have; `None` when nothing is queued.
    fn release(&mut self, threads: usize, sources: usize) -> Option<Vec<Waker>> {
        let released_max = self.released_max(threads, sources);
        let mut woken = Vec::new();
        if self.is_empty() {
            self.is_releasing = false;
            return None;
        }
        while self.released.len() < released_max
            && let Some((ticket, waker)) = self.take_next()
        {
            self.released.insert(ticket);
            woken.push(waker);
        }
        Some(woken)
    }

    fn take_next(&mut self) -> Option<(u64, Waker)> {
        let others_first = self.others_next;
        self.others_next = !others_first;
        let (first, second) = if others_first {
            (&mut self.others, &mut self.authenticated)
        } else {
            (&mut self.authenticated, &mut self.others)
        };
        first.pop_first().or_else(|| second.pop_first())
    }

    /// A queued task runs, or is dropped.
    fn forget(&mut self, ticket: u64) {
        self.released.remove(&ticket);
        self.authenticated.remove(&ticket);
        self.others.remove(&ticket);
    }
}

/// Spawns the tasks of HTTP/2 streams into the schedule of their connection.
#[derive(Debug, Clone)]
pub(super) struct StreamExecutor {
    pub(super) schedule: Option<Arc<SourceSchedule>>,
    pub(super) state: Arc<ConnectionState>,
}

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let of = (Arc::clone(&self.state), TaskKind::Stream);
        tokio::spawn(scheduled(self.schedule.clone(), of, Box::pin(stream)));
    }
}
