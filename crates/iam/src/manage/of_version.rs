//! `If-Match` of changes that do not ask for it: a caller who names a version all the same is obeyed, as everywhere.

use super::any_version::overtaken;
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
    /// Refuses another version than the one that this node knows.
    pub(super) fn check(&self, tag: &str) -> Result<(), IamError> {
        match &self.0 {
            Some(named) if !entity_tag::matches(named, tag) => Err(changed()),
            _ => Ok(()),
        }
    }

    /// The same within the transaction, in which the account is locked: what has changed since this node heard of it is refused too.
    pub(super) async fn check_stored(
        &self,
        tx: &mut Tx,
        (what, id): (Versioned, Guid),
        known: i64,
    ) -> Result<(), IamError> {
        if self.0.is_none() {
            return Ok(());
        }
        self.check(&entity_tag::of(known, id))?;
        match revisions::of(tx, what, id).await? {
            Some(stored) if stored != known => Err(changed()),
            // Whoever deletes it says so if it is gone.
            _ => Ok(()),
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

/// The refusal of a change that found another version than the one it is of: `changed`, or `gone` where another request, or another
/// node, has deleted it a moment ago.
pub(super) async fn missed(
    tx: &mut Tx,
    (what, id): (Versioned, Guid),
    changed: IamError,
    gone: IamError,
) -> IamError {
    match revisions::of(tx, what, id).await {
        Ok(Some(_)) => changed,
        Ok(None) => gone,
        Err(error) => error,
    }
}

fn changed() -> IamError {
    overtaken("it has changed since its entity tag was read: read it again")
}
