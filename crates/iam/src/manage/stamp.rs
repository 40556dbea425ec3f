//! The author and the time of a change.

use crate::model::directory::Stamp;
use crate::service::Iam;
use crate::token::identity::Identity;

impl Iam {
    /// The caller, now.
    pub(super) fn stamp(&self, caller: &Identity) -> Stamp {
        Stamp {
            at: self.0.clock.now(),
            by: caller.principal(),
        }
    }
}
