//! Cancels a query: a flag that its work polls, and a notification that wakes it while it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Set once, never cleared.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    flag: Arc<AtomicBool>,
    notify: Notify,
}

impl Cancel {
    /// The flag that the work polls.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    pub(super) fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        // This is kept for a later wait; no query waits in two places, so one is enough.
        self.notify.notify_one();
    }

    /// Resolves when the query is cancelled, at once if it already was.
    pub(super) async fn cancelled(&self) {
        if !self.flag.load(Ordering::Relaxed) {
            self.notify.notified().await;
        }
    }
}
