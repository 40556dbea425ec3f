//! Fair shares of the reactor threads: what one source sends makes nobody else wait for long, with or without a credential.
//!
//! The threads that serve connections poll their tasks in the order in which these became ready, so a source that makes a
//! thousand tasks ready at once, each with a piece of a flood, would be a thousand polls ahead of everybody else. All tasks of one source
//! therefore share a [`SourceSchedule`]. A source that has used [`UNQUEUED`] of a thread's time lately puts its further tasks into a queue of its own,
//! and a *releaser* moves a few of them at a time behind the tasks of everybody else. It goes on while any are queued: a source that is
//! alone has all of the threads' time.
//!
//! A request that is being served is not queued: it may hold what others wait for, such as a connection to the database or the query that
//! all share. So an HTTP/1.1 connection is queued between its requests alone and while a body arrives, and an HTTP/2 stream before its
//! request begins. The connection below such streams, which writes their answers, is queued at any time.
//!
//! Sources whose tasks come interleaved share the threads' time without a queue, from two or three for each thread on: then none of them
//! uses as much as [`UNQUEUED`].
//!
//! In the queue, tasks of connections that have authenticated take turns with those of all others, so that a stranger behind the same
//! address does not displace them.

use super::connection_state::ConnectionState;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How much of the threads' time a source has in each [`WINDOW`] before its tasks queue up.
const UNQUEUED: Duration = Duration::from_millis(2);
const WINDOW: Duration = Duration::from_millis(5);

/// For how long the released tasks of a source may keep each thread busy, by what its polls have taken lately.
const RELEASED_TIME: Duration = Duration::from_millis(1);

/// How many tasks of a source's queue may be released at once, for each thread: at least two, so that no thread waits for the releaser.
const RELEASED_PER_THREAD: RangeInclusive<u128> = 2..=64;

/// The schedule of one source.
#[derive(Debug, Default)]
pub(super) struct SourceSchedule(Mutex<Schedule>);

#[derive(Debug, Default)]
struct Schedule {
    window_began: Option<Instant>,
    /// Time used since then.
    spent: Duration,
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
    task: F,
) -> F::Output {
    let mut task = std::pin::pin!(task);
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
            None => schedule.is_unqueued(begun),
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
    let threads = tokio::runtime::Handle::current().metrics().num_workers();
    loop {
        let woken = schedule.lock().release(threads);
        let Some(woken) = woken else {
            return;
        };
        woken.into_iter().for_each(Waker::wake);
        go_behind_the_others().await;
    }
}

/// Returns when all tasks that are ready now have been polled. (`yield_now` of the runtime would wait until none is ready.)
async fn go_behind_the_others() {
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
    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    fn is_empty(&self) -> bool {
        self.authenticated.is_empty() && self.others.is_empty()
    }

    /// Whether a task may be polled that has no place in the queue.
    fn is_unqueued(&mut self, now: Instant) -> bool {
        if !self.is_empty() {
            return false;
        }
        let is_over = |began| now.saturating_duration_since(began) >= WINDOW;
        if self.window_began.is_none_or(is_over) {
            self.window_began = Some(now);
            self.spent = Duration::ZERO;
        }
        self.spent < UNQUEUED
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

    /// How many tasks may be released at once.
    fn released_max(&self, threads: usize) -> usize {
        let (least, most) = (RELEASED_PER_THREAD.start(), RELEASED_PER_THREAD.end());
        let each = RELEASED_TIME.as_nanos() / self.poll_time.as_nanos().max(1);
        threads * usize::try_from(each.clamp(*least, *most)).unwrap_or(1)
    }

    /// Takes tasks from the queue until as many are released as these threads may have; `None` when nothing is queued.
    fn release(&mut self, threads: usize) -> Option<Vec<Waker>> {
        let released_max = self.released_max(threads);
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
        tokio::spawn(scheduled(self.schedule.clone(), of, stream));
    }
}

#[cfg(test)]
mod tests {
    use super::super::remaining_body::{RemainingBody, SharedBody};
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use tokio::task::{JoinSet, LocalSet};

    type Polls = Rc<RefCell<Vec<&'static str>>>;

    fn connection(is_authenticated: bool) -> Arc<ConnectionState> {
        let state = ConnectionState::new(None);
        state.set_keeps_slot(is_authenticated);
        Arc::new(state)
    }

    /// A source that has used its time.
    fn busy_source() -> Arc<SourceSchedule> {
        let schedule = Arc::new(SourceSchedule::default());
        schedule.lock().window_began = Some(Instant::now() + Duration::from_secs(3600));
        schedule.lock().spent = UNQUEUED;
        // Of polls that take long.
        schedule.lock().poll_time = Duration::from_secs(1);
        schedule
    }

    /// A task that is always ready, `times` times. A flood is so costly that few polls of it are released at once.
    async fn always_ready(who: &'static str, times: usize, polls: Polls) {
        for _ in 0..times {
            polls.borrow_mut().push(who);
            let begun = Instant::now();
            while who == "flood" && begun.elapsed() < RELEASED_TIME / 2 {}
            go_behind_the_others().await;
        }
    }

    fn spawn_many(
        tasks: &mut JoinSet<()>,
        schedule: &Arc<SourceSchedule>,
        who: &'static str,
        polls: &Polls,
    ) {
        for _ in 0..50 {
            let task = always_ready(who, 10, Rc::clone(polls));
            let schedule = Some(Arc::clone(schedule));
            let of = (connection(false), TaskKind::Connection);
            tasks.spawn_local(scheduled(schedule, of, task));
        }
    }

    /// The most polls of `flood` between two of `honest`.
    fn longest_wait(polls: &Polls, flood: &str, honest: &str) -> usize {
        let polls = polls.borrow();
        let while_honest = polls.iter().rposition(|who| *who == honest).unwrap();
        let waits = polls[..while_honest].split(|who| *who == honest);
        let waits = waits.map(|wait| wait.iter().filter(|who| **who == flood).count());
        waits.max().unwrap()
    }

    #[tokio::test]
    async fn a_flood_from_one_source_is_few_polls_ahead_of_another_and_ends() {
        LocalSet::new()
            .run_until(async {
                let polls = Polls::default();
                let mut tasks = JoinSet::new();
                spawn_many(&mut tasks, &busy_source(), "flood", &polls);
                let honest = always_ready("honest", 100, Rc::clone(&polls));
                let schedule = Some(Arc::default());
                let of = (connection(false), TaskKind::Connection);
                tasks.spawn_local(scheduled(schedule, of, honest));
                while tasks.join_next().await.is_some() {}
                assert_eq!(polls.borrow().len(), 600);
                let longest = longest_wait(&polls, "flood", "honest");
                assert!(longest <= 4, "{longest}");
            })
            .await;
    }

    #[tokio::test]
    async fn in_one_source_the_authenticated_take_turns_with_all_others() {
        LocalSet::new()
            .run_until(async {
                let polls = Polls::default();
                let mut tasks = JoinSet::new();
                let schedule = busy_source();
                spawn_many(&mut tasks, &schedule, "flood", &polls);
                let honest = always_ready("honest", 100, Rc::clone(&polls));
                let of = (connection(true), TaskKind::Connection);
                tasks.spawn_local(scheduled(Some(schedule), of, honest));
                while tasks.join_next().await.is_some() {}
                let longest = longest_wait(&polls, "flood", "honest");
                assert!(longest <= 6, "{longest}");
            })
            .await;
    }

    #[tokio::test]
    async fn a_queued_task_that_is_dropped_or_evicted_leaves_the_queue() {
        let schedule = busy_source();
        let state = connection(false);
        let task = || {
            let schedule = Some(Arc::clone(&schedule));
            let of = (Arc::clone(&state), TaskKind::Connection);
            Box::pin(scheduled(schedule, of, async {}))
        };
        let context = &mut Context::from_waker(Waker::noop());
        let (mut first, mut second) = (task(), task());
        assert!(first.as_mut().poll(context).is_pending());
        assert!(second.as_mut().poll(context).is_pending());
        assert_eq!(schedule.lock().others.len(), 2);
        drop(first);
        assert_eq!(schedule.lock().others.len(), 1);
        state.evict();
        assert!(second.as_mut().poll(context).is_ready());
        assert!(schedule.lock().is_empty());
    }

    /// It waits for what others wait for, too: in its source's queue it would keep them waiting.
    #[tokio::test]
    async fn a_request_that_is_served_is_never_queued() {
        let schedule = busy_source();
        let context = &mut Context::from_waker(Waker::noop());
        let serving = |state: &Arc<ConnectionState>, kind| {
            let (schedule, of) = (Some(Arc::clone(&schedule)), (Arc::clone(state), kind));
            Box::pin(scheduled(schedule, of, tokio::task::yield_now()))
        };
        let state = connection(false);
        let mut idle = serving(&state, TaskKind::Connection);
        assert!(idle.as_mut().poll(context).is_pending());
        assert_eq!(schedule.lock().others.len(), 1);
        drop(idle);
        let request = state.begin_request(http::Version::HTTP_11);
        let mut of_connection = serving(&state, TaskKind::Connection);
        assert!(of_connection.as_mut().poll(context).is_pending());
        assert!(schedule.lock().is_empty());
        // A body that still comes holds nothing.
        state.set_awaits_body(true);
        let mut receives = serving(&state, TaskKind::Connection);
        assert!(receives.as_mut().poll(context).is_pending());
        assert_eq!(schedule.lock().others.len(), 1);
        drop(receives);
        state.set_awaits_body(false);
        drop(request);
        let unsent = RemainingBody {
            body: axum::body::Body::empty(),
            rest: axum::body::Bytes::new(),
        };
        let body = Arc::new(SharedBody::new(unsent));
        let answer = state.begin_answer(&body);
        let mut sends = serving(&state, TaskKind::Connection);
        assert!(sends.as_mut().poll(context).is_pending());
        assert!(schedule.lock().is_empty());
        state.end_answer(answer);

        let mut stream = serving(&state, TaskKind::Stream);
        assert!(stream.as_mut().poll(context).is_pending());
        let woken = schedule.lock().release(1);
        assert_eq!(woken.map(|woken| woken.len()), Some(1));
        assert!(stream.as_mut().poll(context).is_pending());
        assert!(
            stream.as_mut().poll(context).is_ready(),
            "it was queued again"
        );
    }

    /// The time that a source has used: also on one thread, and where several sources take turns.
    #[test]
    fn a_source_is_queued_once_it_has_used_its_time_of_a_window() {
        let began = Instant::now();
        let at = |micros| began + Duration::from_micros(micros);
        let mut schedule = Schedule::default();
        assert!(schedule.is_unqueued(began));
        schedule.spent = Duration::from_micros(600);
        assert!(schedule.is_unqueued(at(600)));
        schedule.spent = UNQUEUED;
        assert!(!schedule.is_unqueued(at(2000)));
        assert!(!schedule.is_unqueued(at(4999)));
        assert!(schedule.is_unqueued(at(5000)));
        assert_eq!(schedule.spent, Duration::ZERO);
        schedule.enqueue(1, false, Waker::noop());
        assert!(!schedule.is_unqueued(at(20_000)), "others wait before it");
    }

    #[test]
    fn as_many_are_released_as_keep_the_threads_busy_for_a_millisecond() {
        let released = |micros| {
            let poll_time = Duration::from_micros(micros);
            let schedule = Schedule {
                poll_time,
                ..Schedule::default()
            };
            schedule.released_max(2)
        };
        let all = [0, 1, 20, 100, 1000, 100_000].map(released);
        assert_eq!(all, [128, 128, 100, 20, 4, 4]);
        let mut schedule = Schedule::default();
        for _ in 0..100 {
            schedule.note_poll(Duration::from_micros(100));
        }
        assert_eq!(schedule.released_max(1), 10);
    }
}
