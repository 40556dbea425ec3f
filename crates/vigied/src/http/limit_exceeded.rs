//! Why a resource is exhausted.

use base::limit::Limit;

/// Why a resource is exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitExceeded {
    /// The limit of the resource as a whole.
    pub(crate) whole: &'static Limit,
    /// The limit that was reached: the same, or one of the shares.
    pub(crate) limit: &'static Limit,
    /// How much that limit allows.
    pub(crate) allowed: u64,
}

impl LimitExceeded {
    /// Whether the good is used up, and not only a share of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.limit == self.whole
    }
}
