//! The task that reads changes over a connection of its own, as it is seen by those who wait for one: what wakes it, and how far
//! it has brought the directory.

use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// How far the directory has come, and whether a task brings it further.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The number of changes that the directory shows.
    applied: i64,
    /// How often the task could not read changes.
    failures: u64,
    /// Whether the task runs.
    is_running: bool,
}

/// The state.
#[derive(Debug)]
pub(crate) struct Watcher {
    progress: watch::Sender<Progress>,
    /// There may be changes.
    hinted: Notify,
    /// Somebody waits for a change that is committed.
    awaited: Notify,
}

/// The task runs, until this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<Watcher>);

impl Watcher {
    /// No task runs yet; the directory shows so many changes.
    pub(crate) fn new(applied: i64) -> Self {
        Self {
            progress: watch::Sender::new(Progress {
                applied,
                failures: 0,
                is_running: false,
            }),
            hinted: Notify::new(),
            awaited: Notify::new(),
        }
    }

    /// Marks that the task runs, until what this returns is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Running {
        self.progress.send_modify(|now| now.is_running = true);
        Running(Arc::clone(self))
    }

    /// The directory shows so many changes, whoever has read them.
    pub(crate) fn applied(&self, changes: i64) {
        self.progress.send_modify(|now| now.applied = changes);
    }

    /// The task could not read changes: nobody should wait for it.
    pub(crate) fn failed(&self) {
        self.progress
            .send_modify(|now| now.failures = now.failures.wrapping_add(1));
    }

    /// Has the task look for changes soon.
    pub(crate) fn hint(&self) {
        self.hinted.notify_one();
    }

    /// Returns when the task is to look for changes soon.
    pub(crate) async fn hinted(&self) {
        self.hinted.notified().await;
    }

    /// Returns when somebody waits for a change.
    pub(crate) async fn awaited(&self) {
        self.awaited.notified().await;
    }

    /// Has the task read changes at once, and waits until the directory shows so many; `false` if no task runs, or if it fails.
    pub(crate) async fn read_through(&self, changes: i64) -> bool {
        let mut progress = self.progress.subscribe();
        let before = *progress.borrow_and_update();
        if before.applied >= changes {
            return true;
        }
        if !before.is_running {
            return false;
        }
        self.awaited.notify_one();
        let is_over = |now: &Progress| {
            now.applied >= changes || now.failures != before.failures || !now.is_running
        };
        let ended = progress.wait_for(is_over).await;
        ended.is_ok_and(|now| now.applied >= changes)
    }

    /// Waits until the directory shows so many changes, whoever reads them.
    pub(crate) async fn wait_through(&self, changes: i64) {
        self.until(|now| now.applied >= changes).await;
    }

    /// Waits until no task runs.
    pub(crate) async fn ended(&self) {
        self.until(|now| !now.is_running).await;
    }

    async fn until(&self, is_so: impl FnMut(&Progress) -> bool) {
        let mut progress = self.progress.subscribe();
        // It cannot fail: the sender is `self`.
        let _ = progress.wait_for(is_so).await;
    }
}

impl Running {
    /// The state.
    pub(crate) fn watcher(&self) -> &Arc<Watcher> {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.progress.send_modify(|now| now.is_running = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    /// What is there at once.
    fn at_once<T>(future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn nobody_waits_for_a_task_that_does_not_run() {
        let watcher = Arc::new(Watcher::new(3));
        assert_eq!(at_once(pin!(watcher.read_through(3))), Some(true));
        assert_eq!(at_once(pin!(watcher.read_through(4))), Some(false));
        let running = watcher.begin();
        let mut waiting = pin!(watcher.read_through(4));
        assert_eq!(at_once(waiting.as_mut()), None);
        drop(running);
        assert_eq!(at_once(waiting), Some(false));
        // And once it has begun again, it is waited for again.
        let _running = watcher.begin();
        assert_eq!(at_once(pin!(watcher.read_through(4))), None);
    }

    #[test]
    fn each_waits_for_its_own_number() {
        let watcher = Arc::new(Watcher::new(0));
        let _running = watcher.begin();
        let mut first = pin!(watcher.read_through(1));
        let mut second = pin!(watcher.read_through(2));
        assert_eq!(at_once(pin!(watcher.awaited())), None, "nobody asked");
        assert_eq!(at_once(first.as_mut()), None);
        assert_eq!(at_once(second.as_mut()), None);
        assert_eq!(at_once(pin!(watcher.awaited())), Some(()), "it is asked");
        watcher.applied(1);
        assert_eq!(at_once(first), Some(true));
        assert_eq!(at_once(second.as_mut()), None);
        watcher.applied(2);
        assert_eq!(at_once(second), Some(true));
    }

    #[test]
    fn nobody_waits_for_a_task_that_fails() {
        let watcher = Arc::new(Watcher::new(0));
        let _running = watcher.begin();
        watcher.failed();
        let mut waiting = pin!(watcher.read_through(1));
        assert_eq!(at_once(waiting.as_mut()), None, "it failed before");
        watcher.failed();
        assert_eq!(at_once(waiting), Some(false));
    }

    #[test]
    fn whoever_waits_hears_of_what_others_have_read_and_of_the_end() {
        let watcher = Arc::new(Watcher::new(0));
        let mut applied = pin!(watcher.wait_through(1));
        assert_eq!(at_once(applied.as_mut()), None);
        watcher.applied(1);
        assert_eq!(at_once(applied), Some(()));
        let running = watcher.begin();
        let mut ended = pin!(watcher.ended());
        assert_eq!(at_once(ended.as_mut()), None);
        drop(running);
        assert_eq!(at_once(ended), Some(()));
    }
}
