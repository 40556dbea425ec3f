//! A word that is offered to the shell.

use std::time::Duration;

/// A press of a key is answered by then, or not at all.
pub(super) const DEADLINE: Duration = Duration::from_millis(900);
/// No list is longer: nobody reads it.
pub(super) const OFFERS_MAX: usize = 200;

/// One word that could come next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offer {
    pub(super) word: String,
    pub(super) about: String,
}

impl Offer {
    /// Of these.
    pub(super) fn new(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            about: about.into(),
        }
    }
}
