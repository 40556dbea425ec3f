//! Objects that this node does not know yet: another node may have just created or unlocked one. A caller who names it must not be told
//! that it does not exist, or is locked. Every look-up of one object by its id goes through here, and every check of what a
//! body names.

use crate::error::IamError;
use crate::refusal::{Reason, Refusal};
use crate::service::Iam;

impl Iam {
    /// Finds or checks something by what this node knows; if what is named is not there, or locked, once more with the changes of the
    /// other nodes.
    ///
    /// # Errors
    /// Those of `find`, and when the database cannot be read.
    pub async fn found_at_any_node<T>(
        &self,
        find: impl Fn() -> Result<T, IamError>,
    ) -> Result<T, IamError> {
        let known = self.directory().changes;
        let found = find();
        let refusal = found.as_ref().err().and_then(IamError::refusal);
        let may_be_over = |refusal: &Refusal| {
            refusal.may_be_unknown || matches!(refusal.reason, Reason::NotFound | Reason::Locked)
        };
        if !refusal.is_some_and(may_be_over) {
            return found;
        }
        self.sync().await?;
        match self.directory().changes == known {
            true => found,
            false => find(),
        }
    }
}
