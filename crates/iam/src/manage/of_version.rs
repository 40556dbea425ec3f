//! `If-Match` of changes that do not ask for it: a caller who names a version all the same is obeyed, as everywhere.

use super::revised::overtaken;
use crate::error::IamError;
use crate::model::entity_tag;
use crate::repo::revisions::{self, Versioned};
use base::id::Guid;
use db::Tx;

/// The id of what is to be changed or deleted: in the version that the caller has read, or in any.
#[derive(Debug, Clone)]
pub struct OfVersion<T> {
    pub(super) id: T,
    pub(super) version: NamedVersion,
}

/// The tags in `If-Match`, unless they mean any version.
#[derive(Debug, Clone)]
pub(super) struct NamedVersion(Option<String>);

impl<T> From<T> for OfVersion<T> {
    fn from(id: T) -> Self {
        Self::new(id, None)
    }
}

impl<T> OfVersion<T> {
    /// `if_match` is the header, if it came.
    #[must_use]
    pub fn new(id: T, if_match: Option<&str>) -> Self {
        let named = if_match.filter(|tags| !entity_tag::is_any(tags));
        Self {
            id,
            version: NamedVersion(named.map(ToOwned::to_owned)),
        }
    }
}

impl NamedVersion {
    /// Refuses another version than the one with this tag.
    pub(super) fn check(&self, tag: &str) -> Result<(), IamError> {
        match &self.0 {
            Some(named) if !entity_tag::matches(named, tag) => Err(changed()),
            _ => Ok(()),
        }
    }

    /// Refuses another version than the one that is stored, whatever this node has heard of other nodes. The account is locked.
    pub(super) async fn check_stored(
        &self,
        tx: &mut Tx,
        (what, id): (Versioned, Guid),
    ) -> Result<(), IamError> {
        if self.0.is_none() {
            return Ok(());
        }
        match revisions::of(tx, what, id).await? {
            Some(stored) => self.check(&entity_tag::of(stored, id)),
            // Whoever deletes it says so if it is gone.
            None => Ok(()),
        }
    }
}

/// Refuses another version than the only one of what never changes.
///
/// # Errors
/// When `if_match` does not have the version with this tag.
pub fn check_version(if_match: &str, tag: &str) -> Result<(), IamError> {
    match entity_tag::matches(if_match, tag) {
        true => Ok(()),
        false => Err(changed()),
    }
}

fn changed() -> IamError {
    overtaken("it has changed since its entity tag was read: read it again")
}
