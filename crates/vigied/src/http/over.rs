//! Why there is no more of a good.

use base::limit::Limit;

/// Why there is no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    /// The limit of the good as a whole.
    pub(crate) whole: &'static Limit,
    /// The limit that was run into: the same, or one of the shares.
    pub(crate) limit: &'static Limit,
    /// How much that allows.
    pub(crate) allowed: u64,
}

impl Over {
    /// Whether the good is used up, and not only a share of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.limit == self.whole
    }
}
