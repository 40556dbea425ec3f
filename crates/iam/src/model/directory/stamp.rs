//! The author and the time of a change.

use base::principal::Principal;
use base::time::Millis;

/// The author and the time of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The time.
    pub at: Millis,
    /// The author.
    pub by: Principal,
}
