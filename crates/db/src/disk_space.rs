//! Whether the database's disk had room for the last write, so that a health check needs no write of its own.

use crate::DbError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The result of the last write. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct DiskSpace(Arc<AtomicBool>);

impl DiskSpace {
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Converts a database error; records a full disk.
    pub(crate) fn classify(&self, action: &'static str) -> impl FnOnce(sqlx::Error) -> DbError {
        move |error| {
            let error = DbError::sql(action)(error);
            if matches!(error, DbError::Full { .. }) {
                self.0.store(true, Ordering::Relaxed);
            }
            error
        }
    }

    /// Records a successful write.
    pub(crate) fn wrote(&self) {
        if self.is_full() {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}

/// A pool or a transaction, with the state of its disk.
#[derive(Debug, Clone)]
pub struct DiskTracked<T> {
    pub(crate) on: T,
    pub(crate) disk_space: DiskSpace,
    /// Whether one of its statements has changed a row.
    pub(crate) has_written: bool,
}

impl<T> DiskTracked<T> {
    pub(crate) const fn new(on: T, disk_space: DiskSpace) -> Self {
        Self {
            on,
            disk_space,
            has_written: false,
        }
    }
}
