//! Objects that this node has not heard of yet: another node may have made them a moment ago. A caller who names one must not be told
//! that it is not there while it is, so every look-up of one object by its id goes through here.

use crate::error::IamError;
use crate::refusal::Reason;
use crate::service::Iam;
use base::scope::Domain;

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

    /// Asks for the changes of the other nodes if this one does not know a domain: before it is looked up where nothing can be asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hear_of(&self, domain: Domain) -> Result<(), IamError> {
        match self.directory().account_of(domain) {
            Some(_) => Ok(()),
            None => self.sync().await,
        }
    }
}
