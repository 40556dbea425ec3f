//! What is left of an answer on its way out, so that it can be given up by whoever watches the connection.

use axum::body::{Body, Bytes};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One piece: what fits a frame of HTTP/2 at its usual size.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// What is left of an answer.
#[derive(Debug)]
pub(super) struct SharedBody(Mutex<Option<RemainingBody>>);

#[derive(Debug)]
pub(super) struct RemainingBody {
    pub(super) body: Body,
    /// Of the body's last chunk, what was not handed out.
    pub(super) rest: Bytes,
}

impl SharedBody {
    pub(super) const fn new(left: RemainingBody) -> Self {
        Self(Mutex::new(Some(left)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<RemainingBody>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees what is left; the client sees the answer break off.
    pub(super) fn give_up(&self) {
        let left = self.lock().take();
        drop(left);
    }
}

impl RemainingBody {
    /// The next piece of it.
    pub(super) fn piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(PIECE_BYTES))
    }
}
