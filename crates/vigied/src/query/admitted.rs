//! The open queries and the access of their callers. The access is checked periodically: when a caller loses it, the answer
//! stops, however much of it is sent.

use super::cancel::Cancel;
use crate::http::problem::Refusal;
use crate::net::client_watch::ClientWatch;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How often access is checked: a revocation, here or on another node, takes effect within a second.
const LOOK: Duration = Duration::from_millis(250);

/// Queries checked before the task yields. Each check costs a few memory lookups.
const AT_ONCE: usize = 64;

/// The access of a caller.
pub(crate) trait Admission: std::fmt::Debug + Send + Sync {
    /// Checks that the caller still has access.
    ///
    /// # Errors
    /// Why they do not.
    fn still_holds(&self) -> Result<(), Refusal>;
}

/// A query, from before its turn until its answer is sent.
#[derive(Debug)]
pub(super) struct Question {
    admission: Box<dyn Admission>,
    cancel: Arc<Cancel>,
    client_watch: ClientWatch,
    /// The answer has begun: the status can no longer change.
    is_answered: AtomicBool,
    withdrawn: OnceLock<Refusal>,
    notify: Notify,
}

impl Question {
    pub(super) fn new(
        admission: Box<dyn Admission>,
        cancel: Arc<Cancel>,
        client_watch: ClientWatch,
    ) -> Arc<Self> {
        Arc::new(Self {
            admission,
            cancel,
            client_watch,
            is_answered: AtomicBool::new(false),
            withdrawn: OnceLock::new(),
            notify: Notify::new(),
        })
    }

    /// Marks the answer as begun.
    pub(super) fn answers(&self) {
        self.is_answered.store(true, Ordering::Release);
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.get().is_some()
    }

    /// Resolves when the caller loses access, with the refusal to send.
    pub(super) async fn withdrawn(&self) -> Refusal {
        loop {
            if let Some(refusal) = self.withdrawn.get() {
                return refusal.clone();
            }
            self.notify.notified().await;
        }
    }

    /// Checks the access once.
    fn look(&self) {
        if self.is_withdrawn() {
            return;
        }
        let Err(refusal) = self.admission.still_holds() else {
            return;
        };
        // Only this task sets it.
        let _ = self.withdrawn.set(refusal);
        self.notify.notify_one();
        self.cancel.cancel();
        if self.is_answered.load(Ordering::Acquire) {
            self.client_watch.end();
        }
    }
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    all: HashMap<u64, Arc<Question>>,
}

/// All open queries.
#[derive(Debug, Default)]
pub(super) struct Admitted(Mutex<Entries>);

/// Registers an open query until dropped.
#[derive(Debug)]
pub(super) struct Entered {
    admitted: Arc<Admitted>,
    number: u64,
}

impl Admitted {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(self: &Arc<Self>, question: &Arc<Question>) -> Entered {
        let mut entries = self.entries();
        let number = entries.next;
        entries.next += 1;
        entries.all.insert(number, Arc::clone(question));
        Entered {
            admitted: Arc::clone(self),
            number,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.admitted.entries().all.remove(&self.number);
    }
}

/// Checks until the server stops.
pub(super) async fn watch(admitted: Weak<Admitted>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(admitted) = admitted.upgrade() else {
            return;
        };
        let all: Vec<Arc<Question>> = {
            let entries = admitted.entries();
            entries.all.values().map(Arc::clone).collect()
        };
        for some in all.chunks(AT_ONCE) {
            for question in some {
                question.look();
            }
            tokio::task::yield_now().await;
        }
    }
}
