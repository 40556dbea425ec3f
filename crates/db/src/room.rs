//! Whether the database's disk had room when it was last written to, so that whoever is asked whether all is well knows it
//! without writing anything.

use crate::DbError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the last write found. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room(Arc<AtomicBool>);

impl Room {
    pub(crate) fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What an error of the database means; notes that there was no room.
    pub(crate) fn heard(&self, action: &'static str) -> impl FnOnce(sqlx::Error) -> DbError {
        move |error| {
            let error = DbError::sql(action)(error);
            if matches!(error, DbError::Full { .. }) {
                self.0.store(true, Ordering::Relaxed);
            }
            error
        }
    }

    /// Notes that something was written.
    pub(crate) fn wrote(&self) {
        if self.is_full() {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}

/// A pool or a transaction, with what is known of the disk under it.
#[derive(Debug, Clone)]
pub struct Watched<T> {
    pub(crate) on: T,
    pub(crate) room: Room,
    /// Whether a statement of it has changed a row.
    pub(crate) has_written: bool,
}

impl<T> Watched<T> {
    pub(crate) const fn new(on: T, room: Room) -> Self {
        Self {
            on,
            room,
            has_written: false,
        }
    }
}
