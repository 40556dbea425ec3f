//! The last authentication of a principal or an API key, and their number.

use base::id::{AccountId, Guid};
use base::time::Millis;

/// The last authentication of a principal or an API key, and their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// The last time; none for who never has.
    pub last_at: Option<Millis>,
    /// How often.
    pub times: u64,
}

impl Activity {
    /// Once.
    pub(crate) const fn once(at: Millis) -> Self {
        Self {
            last_at: Some(at),
            times: 1,
        }
    }

    /// The sum of the activity that two nodes have seen, or one node at two times.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            last_at: self.last_at.max(other.last_at),
            times: self.times.saturating_add(other.times),
        }
    }
}

/// An API key or a principal in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Subject {
    /// The account.
    pub(crate) account: AccountId,
    /// The principal.
    pub(crate) holder: Guid,
    /// The key, or the principal itself.
    pub(crate) guid: Guid,
}
