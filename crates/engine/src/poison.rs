//! The rule after a failed write or sync: stop writing. The page cache may lie from then on, so that only a restart,
//! which reads what really is there, can tell what was stored.

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
        use std::error::Error as _;
        let mut reason = error.to_string();
        if let Some(source) = error.source() {
            reason = format!("{reason}: {source}");
        }
        let reason = self.0.get_or_init(|| reason);
        StoreError::Poisoned {
            reason: reason.clone(),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }
}
