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
//! More than fifty sources for each thread, all of them busy, share its time without queues: none of them uses as much as its share.
//!
//! In the queue, tasks of connections that have authenticated take turns with those of all others, so that a stranger behind the same
//! address does not displace them.
//!
//! [`schedule`] decides who is polled next; the futures here ask it, read the clock and wake.

mod schedule;
#[cfg(test)]
mod tests;

use super::active_sources::ActiveSources;
use super::connection_state::ConnectionState;
use schedule::{Lane, Schedule, Ticket};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// The schedule of one source.
#[derive(Debug, Default)]
pub(super) struct SourceSchedule {
    schedule: Mutex<Schedule<Waker>>,
    sources: Arc<ActiveSources>,
}

/// The kind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskKind {
    /// A whole connection.
    Connection,
    /// One HTTP/2 stream of it.
    Stream,
}

/// A task that serves a connection.
#[derive(Debug)]
pub(super) struct ConnectionTask {
    /// The connection.
    pub(super) state: Arc<ConnectionState>,
    pub(super) kind: TaskKind,
}

/// Polls a future, which is this task, when it is its source's turn. Without a schedule, as for the connections of trusted proxies, which
/// many callers share, that is at once.
pub(super) async fn scheduled<F: Future>(
    schedule: Option<Arc<SourceSchedule>>,
    task: ConnectionTask,
    mut future: Pin<Box<F>>,
) -> F::Output {
    let Some(schedule) = schedule else {
        return future.await;
    };
    let mut place = Place {
        schedule,
        task,
        has_begun: false,
        ticket: None,
    };
    poll_fn(|context| place.poll(context, future.as_mut())).await
}

/// The place of one task in its source's schedule.
///
/// | State    | `ticket`                          | What ends it                                                                   |
/// |----------|-----------------------------------|--------------------------------------------------------------------------------|
/// | unqueued | `None`                            | [`Place::poll`]: polled while nothing is queued and time is left, else queued   |
/// | queued   | in its lane of the queue          | the [`Releaser`]: released and woken; a poll before that renews the waker alone |
/// | released | among those released, which count | [`Place::poll`]: polled                                                         |
/// | polled   | `None`                            | the future: it is ready, or the task is unqueued until it is woken              |
///
/// Queued or released, it gives its ticket back
/// - when it serves a request or its connection is evicted, at its next poll, which polls the future;
/// - when it is dropped.
struct Place {
    schedule: Arc<SourceSchedule>,
    task: ConnectionTask,
    /// It was polled.
    has_begun: bool,
    /// While it is queued or released.
    ticket: Option<Ticket>,
}

impl Place {
    fn poll<F: Future>(
        &mut self,
        context: &mut Context<'_>,
        future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        let begun = Instant::now();
        let state = &self.task.state;
        let sources = &self.schedule.sources;
        let mut schedule = self.schedule.lock();
        let is_served = match self.task.kind {
            TaskKind::Connection => state.serves_by_itself(),
            TaskKind::Stream => self.has_begun,
        };
        let may_run = match self.ticket {
            // Of an evicted one its slot and its descriptor are wanted.
            _ if is_served || state.is_evicted() => true,
            Some(ticket) => schedule.is_released(ticket),
            None => schedule.is_unqueued(begun, || sources.join(begun)),
        };
        if !may_run {
            let ticket = *self.ticket.get_or_insert_with(|| {
                schedule.draw_ticket(if state.keeps_slot() {
                    Lane::Authenticated
                } else {
                    Lane::Others
                })
            });
            schedule.enqueue(ticket, context.waker());
            if schedule.begin_release() {
                drop(schedule);
                let releaser = Releaser::of(Arc::clone(&self.schedule));
                tokio::spawn(releaser.run());
            }
            return Poll::Pending;
        }
        if let Some(ticket) = self.ticket.take() {
            schedule.forget(ticket);
        }
        drop(schedule);
        self.has_begun = true;
        let polled = future.poll(context);
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

/// Releases the queued tasks of a source, a few at a time, until none is queued. If it is cut off by a panic, the tasks are woken to start
/// another one.
struct Releaser {
    schedule: Arc<SourceSchedule>,
    /// Released, and still to be woken.
    to_wake: VecDeque<Waker>,
    has_ended: bool,
}

impl Releaser {
    const fn of(schedule: Arc<SourceSchedule>) -> Self {
        Self {
            schedule,
            to_wake: VecDeque::new(),
            has_ended: false,
        }
    }

    /// Goes behind all tasks that are ready between two times.
    async fn run(mut self) {
        let sources = Arc::clone(&self.schedule.sources);
        let _releasing = sources.begin_release();
        while self.release(&sources) {
            while let Some(waker) = self.to_wake.pop_front() {
                waker.wake();
            }
            go_behind_the_others().await;
        }
        self.has_ended = true;
    }

    fn release(&mut self, sources: &ActiveSources) -> bool {
        let mut schedule = self.schedule.lock();
        schedule.release(sources.threads(), sources.releasing(), &mut self.to_wake)
    }
}

impl Drop for Releaser {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let queued = self.schedule.lock().abandon_release();
        self.to_wake.drain(..).chain(queued).for_each(Waker::wake);
    }
}

/// Returns when the tasks that are ready now on this thread of the runtime have been polled. (`yield_now` of the runtime would wait until
/// none is ready.)
pub(super) async fn go_behind_the_others() {
    let mut has_waited = false;
    poll_fn(|context| {
        if mem::replace(&mut has_waited, true) {
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

    fn lock(&self) -> MutexGuard<'_, Schedule<Waker>> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
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
        let task = ConnectionTask {
            state: Arc::clone(&self.state),
            kind: TaskKind::Stream,
        };
        tokio::spawn(scheduled(self.schedule.clone(), task, Box::pin(stream)));
    }
}
