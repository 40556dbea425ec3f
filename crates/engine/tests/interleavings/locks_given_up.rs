//! A long work that gives up a lock takes it again only when all who waited for it have had it, whoever else comes meanwhile, and
//! whoever else yields; and it is always woken.
//!
//! A thread that is never woken ends a run as a deadlock, which fails it.

use crate::in_every_order;
use crate::lock_tickets::ServedTarget;
use crate::lock_waiters::LockWaiters;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex, MutexGuard};
use loom::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A lock, and who waits for it.
#[derive(Default)]
struct Contended {
    lock: Mutex<()>,
    waiters: LockWaiters,
}

impl Contended {
    fn acquire(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap()
    }

    /// Somebody who waits for the lock, so many times.
    fn waiter(shared: &Arc<Self>, times: usize) -> Waiter {
        let (contended, had_it) = (Arc::clone(shared), Arc::new(AtomicBool::new(false)));
        let has_it = Arc::clone(&had_it);
        let thread = thread::spawn(move || {
            for _ in 0..times {
                drop(contended.waiters.count(|| {
                    let guard = contended.acquire();
                    has_it.store(true, Ordering::SeqCst);
                    guard
                }));
            }
        });
        Waiter { thread, had_it }
    }

    /// Returns when somebody waits. The caller has the lock.
    fn until_somebody_waits(&self) {
        while self.waiters.now().is_none() {
            thread::yield_now();
        }
    }
}

struct Waiter {
    thread: JoinHandle<()>,
    /// Whether they have had the lock.
    had_it: Arc<AtomicBool>,
}

impl Waiter {
    fn had_it(&self) -> bool {
        self.had_it.load(Ordering::SeqCst)
    }
}

/// Time does not pass in a model: whoever waits for it is never woken.
fn never() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// A model that goes on from a lock that is held while somebody waits for it, with what is reached once they have had it.
fn one_waits(
    model: impl Fn(&Arc<Contended>, MutexGuard<'_, ()>, Waiter, ServedTarget) + Sync + Send + 'static,
) {
    in_every_order(2, move || {
        let contended = Arc::new(Contended::default());
        let held = contended.acquire();
        let waiter = Contended::waiter(&contended, 1);
        contended.until_somebody_waits();
        let target = contended.waiters.now().unwrap();
        model(&contended, held, waiter, target);
    });
}

/// Those who overtook were counted as if they had waited.
#[test]
fn who_waited_has_the_lock_first_also_where_newcomers_overtake_them() {
    one_waits(|contended, held, waiter, target| {
        let newcomer = Contended::waiter(contended, 2);
        drop(held);
        contended.waiters.let_through(target, never());
        assert!(waiter.had_it());
        waiter.thread.join().unwrap();
        newcomer.thread.join().unwrap();
        assert!(contended.waiters.now().is_none());
    });
}

#[test]
fn each_of_two_that_yield_is_woken_when_who_waited_has_the_lock() {
    one_waits(|contended, held, waiter, target| {
        let (yields, had_it) = (Arc::clone(contended), Arc::clone(&waiter.had_it));
        let other = thread::spawn(move || {
            yields.waiters.let_through(target, never());
            assert!(had_it.load(Ordering::SeqCst));
        });
        drop(held);
        contended.waiters.let_through(target, never());
        assert!(waiter.had_it());
        other.join().unwrap();
        waiter.thread.join().unwrap();
    });
}

/// Nobody wakes it any more, and whoever came later does not have to.
#[test]
fn it_does_not_wait_for_those_who_were_served_before_it_yields_nor_for_who_came_later() {
    one_waits(|contended, held, waiter, target| {
        drop(held);
        waiter.thread.join().unwrap();
        let held = contended.acquire();
        let newcomer = Contended::waiter(contended, 1);
        contended.until_somebody_waits();
        contended.waiters.let_through(target, never());
        assert!(!newcomer.had_it());
        drop(held);
        newcomer.thread.join().unwrap();
    });
}

#[test]
fn who_comes_while_others_are_served_is_let_through_by_a_target_of_their_own() {
    in_every_order(2, || {
        let contended = Arc::new(Contended::default());
        let held = contended.acquire();
        let waiters = [
            Contended::waiter(&contended, 1),
            Contended::waiter(&contended, 1),
        ];
        contended.until_somebody_waits();
        let some = contended.waiters.now().unwrap();
        drop(held);
        contended.waiters.let_through(some, never());
        // One of them waited, or both did, and some were served before it yielded.
        assert!(waiters.iter().any(Waiter::had_it));
        // Who has come since is let through as well.
        if let Some(rest) = contended.waiters.now() {
            contended.waiters.let_through(rest, never());
            assert!(waiters.iter().all(Waiter::had_it));
        }
        for waiter in waiters {
            waiter.thread.join().unwrap();
        }
    });
}

#[test]
fn when_the_time_has_come_it_waits_for_nobody() {
    one_waits(|contended, held, waiter, target| {
        contended.waiters.let_through(target, Instant::now());
        assert!(!waiter.had_it());
        drop(held);
        waiter.thread.join().unwrap();
    });
}
