//! The rule after a failed sync, or a write that failed for another reason than a lack of room: stop writing. The page cache
//! may lie from then on, so that only a restart, which reads what really is there, can tell what was stored.

use crate::error;
use base::store::StoreError;
use std::sync::OnceLock;

/// Empty until the first failure; never emptied again.
#[derive(Debug, Default)]
pub(crate) struct Poison(OnceLock<String>);

impl Poison {
    /// Says no once something has failed.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            None => Ok(()),
            Some(reason) => Err(StoreError::Poisoned {
                reason: reason.clone(),
            }),
        }
    }

    /// Records a failure (the first one counts) and returns what writers are told.
    pub(crate) fn set(&self, error: &StoreError) -> StoreError {
        let reason = self.0.get_or_init(|| error::with_source(error));
        StoreError::Poisoned {
            reason: reason.clone(),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }
}
