//! Objects that this node has not heard of yet: another node may have made them a moment ago. A caller who deletes one must not be told
//! that it is not there while it is.

use crate::error::IamError;
use crate::refusal::Reason;
use crate::service::Iam;

impl Iam {
    /// Finds something by what this node knows; if it is not there, once more with the changes of the other nodes.
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
        if refusal.is_none_or(|refusal| refusal.reason != Reason::NotFound) {
            return found;
        }
        self.sync().await?;
        match self.directory().changes == known {
            true => found,
            false => find(),
        }
    }
}
