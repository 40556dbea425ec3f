//! The running queries, and how to cancel them.

use super::cancel::Cancel;
use super::open_queries::{OpenQuery, OpenQueryGuard};
use super::registry::{Registered, Registry};
use std::sync::Arc;

/// The cancel flags of the running queries.
pub(super) type RunningQueries = Registry<Arc<Cancel>>;

/// Registers a running query until dropped.
pub(super) type RunningQuery = Registered<Arc<Cancel>>;

/// Cancels a query when dropped: nobody waits for its answer any more.
#[derive(Debug)]
pub(super) struct CancelOnDrop {
    pub(super) cancel: Arc<Cancel>,
    pub(super) open_query: Arc<OpenQuery>,
    pub(super) _admitted: OpenQueryGuard,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl RunningQueries {
    /// Cancels all; returns whether there are any.
    pub(super) fn cancel_all(&self) -> bool {
        let all = self.all();
        for query in &all {
            query.cancel();
        }
        !all.is_empty()
    }
}
