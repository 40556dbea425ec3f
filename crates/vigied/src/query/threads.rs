//! The threads that queries run on. One that has ended a query waits a while for the next, which costs less than to start another; a
//! query never waits for a thread.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SendError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a thread waits for the next query.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// What a thread has to do.
type Work = Box<dyn FnOnce() + Send>;

/// All threads that queries run on.
#[derive(Debug)]
pub(super) struct QueryThreads {
    /// How many may wait: each keeps what its deepest query has touched of its stack.
    idle_max: usize,
    idle_time: Duration,
    /// All of them, those that wait included.
    count: AtomicUsize,
    idle: Mutex<IdleThreads>,
}

#[derive(Debug, Default)]
struct IdleThreads {
    last_number: u64,
    /// The number of each, and how it gets its work. Last in, first out, so that those beyond the need time out.
    waiting: Vec<(u64, Sender<Work>)>,
}

impl QueryThreads {
    /// Threads of which as many wait for work as there are processors.
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self::with(processors, IDLE_TIME)
    }

    fn with(idle_max: usize, idle_time: Duration) -> Self {
        Self {
            idle_max,
            idle_time,
            count: AtomicUsize::new(0),
            idle: Mutex::default(),
        }
    }

    /// Runs `work` on a thread that waits for some, or on a new one. If it panics, its thread ends.
    ///
    /// # Errors
    /// If none waits and the system has no further one.
    pub(super) fn run(self: &Arc<Self>, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut work: Work = Box::new(work);
        while let Some(thread) = self.unregister_last() {
            match thread.send(work) {
                Ok(()) => return Ok(()),
                // That thread has panicked while it was idle.
                Err(SendError(left)) => work = left,
            }
        }
        let counted = Counted::new(self);
        thread::Builder::new()
            .name("query".to_owned())
            .stack_size(::query::evaluate::STACK_BYTES)
            .spawn(move || counted.0.thread_main(work))?;
        Ok(())
    }

    /// Threads that run a query or wait for one.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Runs `work`, then waits for more, until the thread has been idle for too long.
    fn thread_main(&self, mut work: Work) {
        let (sender, receiver) = mpsc::channel();
        loop {
            work();
            let Some(number) = self.register_idle(&sender) else {
                return;
            };
            match self.wait_for_work(&receiver, number) {
                Some(next) => work = next,
                None => return,
            }
        }
    }

    /// Takes the thread that began to wait last.
    fn unregister_last(&self) -> Option<Sender<Work>> {
        let (_, thread) = self.idle().waiting.pop()?;
        Some(thread)
    }

    /// Registers a thread that waits for work, and returns its number; `None` if `idle_max` threads wait already.
    fn register_idle(&self, sender: &Sender<Work>) -> Option<u64> {
        let mut idle = self.idle();
        if idle.waiting.len() >= self.idle_max {
            return None;
        }
        idle.last_number += 1;
        let number = idle.last_number;
        idle.waiting.push((number, sender.clone()));
        Some(number)
    }

    /// Waits for the next query; `None` after `idle_time`.
    fn wait_for_work(&self, receiver: &Receiver<Work>, number: u64) -> Option<Work> {
        match receiver.recv_timeout(self.idle_time) {
            Ok(work) => Some(work),
            Err(RecvTimeoutError::Timeout) if self.unregister(number) => None,
            // Somebody has just taken it, and its work is on the way.
            Err(_) => receiver.recv().ok(),
        }
    }

    /// Whether the thread of this number was still registered; it no longer is.
    fn unregister(&self, number: u64) -> bool {
        let mut idle = self.idle();
        let waiting = idle.waiting.len();
        idle.waiting.retain(|(other, _)| *other != number);
        idle.waiting.len() < waiting
    }

    fn idle(&self) -> MutexGuard<'_, IdleThreads> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread until it ends, by a panic as well.
struct Counted(Arc<QueryThreads>);

impl Counted {
    fn new(threads: &Arc<QueryThreads>) -> Self {
        threads.count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(threads))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::ThreadId;

    const LONG: Duration = Duration::from_secs(600);

    /// Runs work that says on which thread, and waits for that.
    fn run_one(threads: &Arc<QueryThreads>) -> ThreadId {
        let (say, said) = mpsc::channel();
        let work = move || say.send(thread::current().id()).unwrap();
        threads.run(work).unwrap();
        said.recv().unwrap()
    }

    fn until(threads: &QueryThreads, is_so: impl Fn(&IdleThreads) -> bool) {
        while !is_so(&threads.idle()) {
            thread::yield_now();
        }
    }

    #[test]
    fn a_thread_that_waits_takes_the_next_query() {
        let threads = Arc::new(QueryThreads::with(1, LONG));
        let first = run_one(&threads);
        for _ in 0..100 {
            until(&threads, |idle| idle.waiting.len() == 1);
            assert_eq!(run_one(&threads), first);
        }
    }

    #[test]
    fn a_query_waits_for_no_thread_and_few_threads_wait_for_a_query() {
        let threads = Arc::new(QueryThreads::with(2, LONG));
        let (say, said) = mpsc::channel();
        let mut ends = Vec::new();
        for _ in 0..8 {
            let (end, ended) = mpsc::channel::<()>();
            let say = say.clone();
            let work = move || {
                say.send(thread::current().id()).unwrap();
                let _ = ended.recv();
            };
            threads.run(work).unwrap();
            ends.push(end);
        }
        // All of them run at once.
        let mut ids: Vec<String> = said.iter().take(8).map(|id| format!("{id:?}")).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 8);
        drop(ends);
        while threads.count() > 2 {
            thread::yield_now();
        }
        assert_eq!(threads.idle().waiting.len(), 2);
    }

    #[test]
    fn a_thread_that_nobody_wants_ends() {
        let threads = Arc::new(QueryThreads::with(2, Duration::from_millis(1)));
        run_one(&threads);
        while threads.count() > 0 {
            thread::yield_now();
        }
        assert!(threads.idle().waiting.is_empty());
    }

    #[test]
    fn work_that_is_on_its_way_at_the_end_of_the_wait_is_waited_for() {
        let threads = QueryThreads::with(2, Duration::from_nanos(1));
        let (sender, receiver) = mpsc::channel();
        let number = threads.register_idle(&sender).unwrap();
        // Its time is over, but it was taken before that.
        let taken = threads.unregister_last().unwrap();
        let (has_work, receiver) = thread::scope(|scope| {
            let threads = &threads;
            let waits = scope.spawn(move || {
                let work = threads.wait_for_work(&receiver, number);
                (work.is_some(), receiver)
            });
            taken.send(Box::new(|| ())).unwrap();
            waits.join().unwrap()
        });
        assert!(has_work);
        // Nobody has taken it.
        let number = threads.register_idle(&sender).unwrap();
        assert!(threads.wait_for_work(&receiver, number).is_none());
    }

    #[test]
    fn a_panic_ends_its_thread_alone() {
        let threads = Arc::new(QueryThreads::with(2, LONG));
        let (say, said) = mpsc::channel::<()>();
        let work = move || {
            let _say = say;
            panic!("as a bug would");
        };
        threads.run(work).unwrap();
        assert!(said.recv().is_err());
        while threads.count() > 0 {
            thread::yield_now();
        }
        assert!(threads.idle().waiting.is_empty());
        run_one(&threads);
    }
}
