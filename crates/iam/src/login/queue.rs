//! The queue of password checks: bounded in total and for each source, with a turn for each source and a limit on the
//! wait.
//!
//! Each check takes 19 MiB and a core for some milliseconds, so only few run at once. The checks of one source wait
//! one after another; when the queue is full, a new source displaces a check of the source with most. Sources from
//! which the user logged in before have a queue of their own, which unknown sources cannot fill.
//!
//! What it is not: it counts no failures ([`super::throttle`]) and hashes nothing ([`super::hash`]).

use super::hash::HashMemory;
use base::source::SourceKey;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The limits of the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    pub(crate) at_once: usize,
    pub(crate) waiting: usize,
    pub(crate) waiting_per_source: usize,
    pub(crate) wait: Duration,
}

/// Why a check gets no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueError {
    /// The queue is full.
    Full,
    /// The queue holds as many checks of this source as it may.
    SourceFull,
    /// The check waited as long as it may.
    TimedOut,
}

/// A source whose checks wait behind each other: one that is counted, or a single check if its source is not counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Counted(SourceKey),
    Alone(u64),
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    wake: oneshot::Sender<CheckPermit>,
}

/// The waiting checks, with a turn for each source.
#[derive(Debug, Default)]
struct CheckQueue {
    turns: VecDeque<Source>,
    by_source: HashMap<Source, VecDeque<Waiter>>,
}

impl CheckQueue {
    fn of(&self, source: Source) -> usize {
        self.by_source.get(&source).map_or(0, VecDeque::len)
    }

    fn push(&mut self, source: Source, waiter: Waiter) {
        let waiters = self.by_source.entry(source).or_default();
        if waiters.is_empty() {
            self.turns.push_back(source);
        }
        waiters.push_back(waiter);
    }

    /// The next check; its source moves to the end.
    fn pop(&mut self) -> Option<Waiter> {
        let source = self.turns.pop_front()?;
        let waiters = self.by_source.get_mut(&source)?;
        let first = waiters.pop_front();
        if waiters.is_empty() {
            self.by_source.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        first
    }

    fn take(&mut self, source: Source, number: u64) -> Option<Waiter> {
        let waiters = self.by_source.get_mut(&source)?;
        let at = waiters.iter().position(|waiter| waiter.number == number)?;
        let taken = waiters.remove(at);
        if waiters.is_empty() {
            self.by_source.remove(&source);
            self.turns.retain(|turn| *turn != source);
        }
        taken
    }

    /// The source with the most waiting checks, and their number.
    fn longest(&self) -> Option<(Source, usize)> {
        let counted = self
            .by_source
            .iter()
            .map(|(source, waiters)| (*source, waiters.len()));
        counted.max_by_key(|(_, count)| *count)
    }

    fn newest(&self, source: Source) -> Option<u64> {
        Some(self.by_source.get(&source)?.back()?.number)
    }
}

#[derive(Debug, Default)]
struct State {
    /// Free permits with their memory. No check waits while there is one.
    free: Vec<HashMemory>,
    /// Known sources and all others; the two queues take turns.
    queues: [CheckQueue; 2],
    turn: usize,
    waiting: usize,
    number: u64,
}

impl State {
    fn next(&mut self) -> Option<Waiter> {
        self.turn = 1 - self.turn;
        let turn = self.turn;
        let first = self.queues.get_mut(turn).and_then(CheckQueue::pop);
        let found = first.or_else(|| self.queues.get_mut(1 - turn).and_then(CheckQueue::pop));
        if found.is_some() {
            self.waiting -= 1;
        }
        found
    }

    /// Makes room for one more check of `source`, by displacing a source with more checks.
    fn make_room(&mut self, is_known_source: bool, of_source: usize) -> Option<Waiter> {
        let unknown = self.queues.get_mut(UNKNOWN)?;
        let (source, count) = unknown.longest()?;
        if !is_known_source && count < of_source + 2 {
            return None;
        }
        let newest = unknown.newest(source)?;
        let gone = unknown.take(source, newest);
        if gone.is_some() {
            self.waiting -= 1;
        }
        gone
    }
}

const KNOWN: usize = 1;
const UNKNOWN: usize = 0;

/// The queue and its permits.
#[derive(Debug)]
pub(crate) struct Checks {
    bounds: QueueLimits,
    state: Mutex<State>,
    waits: AtomicU64,
}

/// A permit among the concurrent checks, with the memory for one. Returned when dropped.
#[derive(Debug)]
pub(crate) struct CheckPermit {
    checks: Arc<Checks>,
    memory: Option<HashMemory>,
}

impl CheckPermit {
    /// The memory to hash in.
    pub(crate) fn memory(&mut self) -> &mut HashMemory {
        self.memory.get_or_insert_default()
    }
}

impl Drop for CheckPermit {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take() else {
            return;
        };
        let mut permit = Self {
            checks: Arc::clone(&self.checks),
            memory: Some(memory),
        };
        loop {
            let mut state = self.checks.lock();
            let Some(next) = state.next() else {
                state.free.extend(permit.memory.take());
                return;
            };
            drop(state);
            // Sent without the lock: a waiter that has left returns the permit, which goes to the next one.
            match next.wake.send(permit) {
                Ok(()) => return,
                Err(back) => permit = back,
            }
        }
    }
}

/// Removes a waiter from the queue when it is dropped.
struct QueueGuard<'a> {
    checks: &'a Checks,
    queue: usize,
    source: Source,
    number: u64,
}

impl Drop for QueueGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.checks.lock();
        let queue = state.queues.get_mut(self.queue);
        let gone = queue.and_then(|queue| queue.take(self.source, self.number));
        if gone.is_some() {
            state.waiting -= 1;
        }
    }
}

impl Checks {
    pub(crate) fn new(bounds: QueueLimits) -> Arc<Self> {
        let mut state = State::default();
        state
            .free
            .resize_with(bounds.at_once.max(1), HashMemory::default);
        Arc::new(Self {
            bounds,
            state: Mutex::new(state),
            waits: AtomicU64::new(0),
        })
    }

    /// How many checks had to wait.
    pub(crate) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// The longest wait.
    pub(crate) fn wait(&self) -> Duration {
        self.bounds.wait
    }

    /// No code that panics runs with the lock held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a permit; waits while all are taken.
    pub(crate) async fn permit(
        self: &Arc<Self>,
        source: Option<SourceKey>,
        is_known_source: bool,
    ) -> Result<CheckPermit, QueueError> {
        let queue = if is_known_source { KNOWN } else { UNKNOWN };
        let (woken, _queue_guard) = {
            let mut state = self.lock();
            if let Some(memory) = state.free.pop() {
                return Ok(CheckPermit {
                    checks: Arc::clone(self),
                    memory: Some(memory),
                });
            }
            state.number += 1;
            let number = state.number;
            let source = source.map_or(Source::Alone(number), Source::Counted);
            let of_source = state.queues.get(queue).map_or(0, |queue| queue.of(source));
            if of_source >= self.bounds.waiting_per_source {
                return Err(QueueError::SourceFull);
            }
            if state.waiting >= self.bounds.waiting
                && state.make_room(is_known_source, of_source).is_none()
            {
                return Err(QueueError::Full);
            }
            let (wake, woken) = oneshot::channel();
            if let Some(queue) = state.queues.get_mut(queue) {
                queue.push(source, Waiter { number, wake });
                state.waiting += 1;
            }
            let queue_guard = QueueGuard {
                checks: self,
                queue,
                source,
                number,
            };
            (woken, queue_guard)
        };
        self.waits.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(self.bounds.wait, woken).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(QueueError::Full),
            Err(_) => Err(QueueError::TimedOut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    type Waiting = Pin<Box<dyn Future<Output = Result<CheckPermit, QueueError>> + Send>>;

    fn line(waiting: usize, waiting_per_source: usize) -> Arc<Checks> {
        Checks::new(QueueLimits {
            at_once: 1,
            waiting,
            waiting_per_source,
            wait: Duration::from_secs(600),
        })
    }

    fn key(last: u8) -> SourceKey {
        SourceKey::of([127, 0, 0, last].into())
    }

    fn ask(checks: &Arc<Checks>, source: Option<SourceKey>, is_known_source: bool) -> Waiting {
        let checks = Arc::clone(checks);
        Box::pin(async move { checks.permit(source, is_known_source).await })
    }

    fn poll(waiting: &mut Waiting) -> Poll<Result<CheckPermit, QueueError>> {
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }

    fn taken(waiting: &mut Waiting) -> CheckPermit {
        match poll(waiting) {
            Poll::Ready(Ok(permit)) => permit,
            other => panic!("{other:?}"),
        }
    }

    fn refused(waiting: &mut Waiting) -> QueueError {
        match poll(waiting) {
            Poll::Ready(Err(full)) => full,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_source_fills_its_part_alone_and_the_others_take_turns() {
        let checks = line(64, 3);
        let permit = checks.permit(Some(key(1)), false).await.unwrap();
        let mut many: Vec<_> = (0..3).map(|_| ask(&checks, Some(key(1)), false)).collect();
        assert!(many.iter_mut().all(|one| poll(one).is_pending()));
        assert_eq!(
            refused(&mut ask(&checks, Some(key(1)), false)),
            QueueError::SourceFull
        );
        let mut other = ask(&checks, Some(key(2)), false);
        assert!(poll(&mut other).is_pending());
        drop(permit);
        let first = taken(&mut many[0]);
        drop(first);
        // The second check of the first source waits behind the first check of the second source.
        assert!(poll(&mut many[1]).is_pending());
        drop(taken(&mut other));
        drop(taken(&mut many[1]));
        drop(taken(&mut many[2]));
        assert_eq!(checks.lock().waiting, 0);
        assert_eq!(checks.lock().free.len(), 1);
    }

    #[tokio::test]
    async fn a_source_that_is_not_in_the_line_is_let_in_before_one_that_fills_it() {
        let checks = line(3, 3);
        let permit = checks.permit(None, false).await.unwrap();
        let mut many: Vec<_> = (0..3).map(|_| ask(&checks, Some(key(1)), false)).collect();
        assert!(many.iter_mut().all(|one| poll(one).is_pending()));
        let mut other = ask(&checks, Some(key(2)), false);
        assert!(poll(&mut other).is_pending());
        assert_eq!(refused(&mut many[2]), QueueError::Full);
        let mut known = ask(&checks, Some(key(3)), true);
        assert!(poll(&mut known).is_pending());
        assert_eq!(refused(&mut many[1]), QueueError::Full);
        // One check of each source is left: a further stranger displaces none of them.
        assert_eq!(
            refused(&mut ask(&checks, Some(key(4)), false)),
            QueueError::Full
        );
        drop(permit);
        drop(taken(&mut known));
        drop((many, other));
        assert_eq!(checks.lock().waiting, 0);
        assert_eq!(checks.lock().free.len(), 1);
    }

    #[tokio::test]
    async fn a_waiter_that_leaves_takes_no_place() {
        let checks = line(8, 8);
        let permit = checks.permit(None, false).await.unwrap();
        let mut gone = ask(&checks, Some(key(1)), false);
        let mut stays = ask(&checks, Some(key(1)), false);
        assert!(poll(&mut gone).is_pending() && poll(&mut stays).is_pending());
        drop(gone);
        let mut woken = ask(&checks, None, false);
        assert!(poll(&mut woken).is_pending());
        drop(permit);
        // The permit is on its way to a waiter that leaves before it arrives.
        drop(stays);
        drop(taken(&mut woken));
        assert_eq!(checks.lock().free.len(), 1);
        assert_eq!(checks.lock().waiting, 0);
    }

    #[tokio::test]
    async fn a_wait_ends_in_time() {
        let checks = Checks::new(QueueLimits {
            at_once: 1,
            waiting: 8,
            waiting_per_source: 8,
            wait: Duration::from_millis(1),
        });
        let _permit = checks.permit(None, false).await.unwrap();
        let late = checks.permit(Some(key(1)), false).await;
        assert_eq!(late.unwrap_err(), QueueError::TimedOut);
        assert_eq!(checks.lock().waiting, 0);
    }
}
