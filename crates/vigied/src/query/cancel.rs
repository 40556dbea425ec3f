//! How a query is told to end: a flag that its work looks at, and a call that wakes it where it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Set once, and for good.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    flag: Arc<AtomicBool>,
    notify: Notify,
}

impl Cancel {
    /// What work looks at.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    pub(super) fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        // Kept for who comes to wait later; no query waits in two places.
        self.notify.notify_one();
    }

    /// Resolves when it is told, or was.
    pub(super) async fn cancelled(&self) {
        if !self.flag.load(Ordering::Relaxed) {
            self.notify.notified().await;
        }
    }
}
