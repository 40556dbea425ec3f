//! The rule after a failed sync, or a write that failed for another reason than a full disk: stop writing. From then on the page
//! cache may differ from the disk, so only a restart, which reads the disk, can tell what was stored.

use crate::error;
use base::store::{Outage, StoreError};
use std::sync::OnceLock;

/// The first failure after which nothing may be written any more, if there was one.
#[derive(Debug, Default)]
pub(crate) struct Poison(OnceLock<String>);

impl Poison {
    /// Refuses once something has failed.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            None => Ok(()),
            Some(reason) => Err(poisoned(reason)),
        }
    }

    /// Records a failure (the first one counts), and returns the refusal for writers.
    pub(crate) fn set(&self, error: &StoreError) -> StoreError {
        poisoned(self.0.get_or_init(|| error::with_source(error)))
    }

    /// A guard that poisons if its thread panics before it is disarmed: `what` may be half done.
    pub(crate) const fn on_panic(&self, what: &'static str) -> OnPanic<'_> {
        OnPanic {
            poison: self,
            what,
            is_armed: true,
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }
}

/// The refusal for writers, until a restart has recovered the store.
fn poisoned(reason: &str) -> StoreError {
    error::unavailable(
        Outage::ReadOnly,
        format!("the store takes no writes since a failure: {reason}"),
    )
}

/// Poisons when it is dropped before it was disarmed.
#[derive(Debug)]
pub(crate) struct OnPanic<'p> {
    poison: &'p Poison,
    what: &'static str,
    is_armed: bool,
}

impl OnPanic<'_> {
    pub(crate) fn disarm(mut self) {
        self.is_armed = false;
    }
}

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if self.is_armed {
            let reason = || format!("a thread that {} panicked", self.what);
            self.poison.0.get_or_init(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_poisons_and_says_what_was_under_way() {
        let poison = Poison::default();
        poison.on_panic("did nothing wrong").disarm();
        assert!(poison.check().is_ok());
        let panicked = std::panic::catch_unwind(|| {
            let _on_panic = poison.on_panic("appended samples");
            panic!("on purpose");
        });
        assert!(panicked.is_err());
        let message = poison.check().unwrap_err().to_string();
        assert!(
            message.contains("a thread that appended samples panicked"),
            "{message}"
        );
    }
}
