//! The unsent part of an answer's body, shared with the task that watches the connection, which can give it up.

use axum::body::{Body, Bytes};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One piece: fits an HTTP/2 frame of the default size.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// The unsent part of a body, or `None` once given up.
#[derive(Debug)]
pub(super) struct SharedBody(Mutex<Option<RemainingBody>>);

#[derive(Debug)]
pub(super) struct RemainingBody {
    pub(super) body: Body,
    /// The part of the body's last chunk that was not handed out.
    pub(super) rest: Bytes,
}

impl SharedBody {
    pub(super) const fn new(left: RemainingBody) -> Self {
        Self(Mutex::new(Some(left)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<RemainingBody>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees the rest; the client sees the answer break off.
    pub(super) fn give_up(&self) {
        let left = self.lock().take();
        drop(left);
    }
}

impl RemainingBody {
    /// The next piece.
    pub(super) fn piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(PIECE_BYTES))
    }
}
