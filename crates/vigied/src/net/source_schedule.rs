//! Fair shares of the reactor threads: what one source sends makes nobody else wait for long, with or without a credential.
//!
//! The threads that serve connections poll their tasks in the order in which these became ready, so a source that makes a
//! thousand tasks ready at once, each with a piece of a flood, would be a thousand polls ahead of everybody else. All tasks of one source
//! therefore share a [`SourceSchedule`]. A source that uses more than one thread's time puts its further tasks into a queue of its own, and a
//! *releaser* moves a few of them at a time behind the tasks of everybody else. It goes on while any are queued: a source that is alone
//! has all of the threads' time.
//!
//! In the queue, tasks of connections that have authenticated take turns with those of all others, so that a stranger behind the same
//! address does not displace them.

use super::connection_state::ConnectionState;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A source whose tasks have used this much time within as much time keeps a whole thread busy: further ones queue up.
const WINDOW: Duration = Duration::from_millis(5);

/// How many tasks of a source's queue may be ready to be polled, for each thread: two, so that no thread waits for the releaser.
const RELEASED_PER_THREAD: usize = 2;

/// The schedule of one source.
#[derive(Debug, Default)]
pub(super) struct SourceSchedule(Mutex<Schedule>);

#[derive(Debug, Default)]
struct Schedule {
    window_began: Option<Instant>,
    /// Time used since then.
    spent: Duration,
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

/// Polls the task of a connection when it is its source's turn. Without a schedule, as for the connections of trusted proxies, which
/// many callers share, that is at once.
pub(super) async fn scheduled<F: Future>(
    schedule: Option<Arc<SourceSchedule>>,
    state: Arc<ConnectionState>,
    task: F,
) -> F::Output {
    let mut task = std::pin::pin!(task);
    let Some(schedule) = schedule else {
        return task.await;
    };
    let mut place = Place {
        schedule,
        state,
        ticket: None,
    };
    poll_fn(|context| place.poll(context, task.as_mut())).await
}

/// The place of one task in its source's schedule.
struct Place {
    schedule: Arc<SourceSchedule>,
    state: Arc<ConnectionState>,
    /// Its number in the queue.
    ticket: Option<u64>,
}

impl Place {
    fn poll<F: Future>(&mut self, context: &mut Context<'_>, task: Pin<&mut F>) -> Poll<F::Output> {
        let begun = Instant::now();
        let mut schedule = self.schedule.lock();
        let may_run = match self.ticket {
            // Its slot and its descriptor are wanted: it only ends.
            _ if self.state.is_evicted() => true,
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
        let polled = task.poll(context);
        self.schedule.lock().spent += begun.elapsed();
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
        let woken = schedule.lock().release(threads * RELEASED_PER_THREAD);
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
        self.spent < WINDOW
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

    /// Takes tasks from the queue until so many are released; `None` when nothing is queued.
    fn release(&mut self, released_max: usize) -> Option<Vec<Waker>> {
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
        let (schedule, state) = (self.schedule.clone(), Arc::clone(&self.state));
        tokio::spawn(scheduled(schedule, state, stream));
    }
}

#[cfg(test)]
mod tests {
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
        schedule.lock().spent = WINDOW;
        schedule
    }

    /// A task that is always ready, `times` times.
    async fn always_ready(who: &'static str, times: usize, polls: Polls) {
        for _ in 0..times {
            polls.borrow_mut().push(who);
            go_behind_the_others().await;
        }
    }

    fn spawn_many(
        tasks: &mut JoinSet<()>,
        schedule: &Arc<SourceSchedule>,
        who: &'static str,
        polls: &Polls,
    ) {
        for _ in 0..100 {
            let task = always_ready(who, 20, Rc::clone(polls));
            let schedule = Some(Arc::clone(schedule));
            tasks.spawn_local(scheduled(schedule, connection(false), task));
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
                tasks.spawn_local(scheduled(schedule, connection(false), honest));
                while tasks.join_next().await.is_some() {}
                assert_eq!(polls.borrow().len(), 2100);
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
                tasks.spawn_local(scheduled(Some(schedule), connection(true), honest));
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
            Box::pin(scheduled(schedule, Arc::clone(&state), async {}))
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
}
