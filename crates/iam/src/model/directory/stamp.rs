//! Who did something, and when.

use base::principal::Principal;
use base::time::Millis;

/// Who did something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: Principal,
}
