//! How far the change of a request has come when its time ends: that is what its caller must know before they send it again.

use std::sync::{Arc, Mutex, PoisonError};

/// Whether a request makes a change, and whether that can still be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ChangeStage {
    /// It makes none, or has not come to it.
    #[default]
    NoChange,
    /// It waits for its turn: nothing is changed if it is given up.
    Waits,
    /// It goes on to its end, whatever becomes of the request.
    Begun,
}

/// The stage of the change of one request, which the layer with its time limit looks at.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangeProgress(Arc<Mutex<ChangeStage>>);

impl ChangeProgress {
    pub(super) fn reach(&self, stage: ChangeStage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    pub(super) fn stage(&self) -> ChangeStage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
