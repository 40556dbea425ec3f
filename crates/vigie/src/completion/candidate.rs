//! A candidate for the next word of a command line.

use std::time::Duration;

/// The time limit of an answer; later there is none.
pub(super) const DEADLINE: Duration = Duration::from_millis(900);
/// The maximum number of candidates.
pub(super) const CANDIDATES_MAX: usize = 200;

/// One word that could come next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) word: String,
    pub(super) about: String,
}

impl Candidate {
    /// A word with its description.
    pub(super) fn new(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            about: about.into(),
        }
    }
}
