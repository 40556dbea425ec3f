//! When something was read. A sender sets times by its server's clock, and asking for that costs a request: it is asked only
//! for a time that depends on it.

use base::time::Millis;
use std::fmt;

/// A moment by this machine's clock, and how to tell it by the clock that times are set by.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    here: Millis,
    by: Option<&'a dyn Fn(Millis) -> Millis>,
}

impl<'a> Now<'a> {
    /// A moment by this machine's clock, which `by` puts right when that is needed.
    #[must_use]
    pub const fn corrected_by(here: Millis, by: &'a dyn Fn(Millis) -> Millis) -> Self {
        Self { here, by: Some(by) }
    }

    /// By this machine's clock.
    pub(super) const fn here(self) -> Millis {
        self.here
    }

    /// By the clock that times are set by.
    pub(super) fn exact(self) -> Millis {
        self.by.map_or(self.here, |by| by(self.here))
    }

    /// Whether the two may differ.
    pub(super) const fn is_corrected(self) -> bool {
        self.by.is_some()
    }
}

impl From<Millis> for Now<'_> {
    /// This machine's clock is the one that counts.
    fn from(here: Millis) -> Self {
        Self { here, by: None }
    }
}

impl fmt::Debug for Now<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Now").field(&self.here).finish()
    }
}
