//! The connections that changes are read over: the task that watches has some of its own, everybody else those of all requests.

use crate::service::Inner;
use db::Db;
use tokio::sync::MutexGuard;

/// The connections.
#[derive(Debug, Clone, Copy)]
pub(super) enum Connections<'a> {
    /// Those of the task that watches.
    OfWatcher(&'a Db),
    /// Those of all requests.
    Shared,
}

impl<'a> Connections<'a> {
    /// The database over these connections.
    pub(super) const fn db(self, inner: &'a Inner) -> &'a Db {
        match self {
            Self::OfWatcher(db) => db,
            Self::Shared => &inner.db,
        }
    }

    /// Waits until no other reader of changes has one of the shared connections: those who wait for each other must not take
    /// them from the requests.
    pub(super) async fn queue(self, inner: &'a Inner) -> Option<MutexGuard<'a, ()>> {
        match self {
            Self::OfWatcher(_) => None,
            Self::Shared => Some(inner.shared_reads.lock().await),
        }
    }
}
