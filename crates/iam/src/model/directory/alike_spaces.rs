//! The spaces of an account that are covered by policies which name no single space. Spaces of the same organization and resource group get
//! the same answer, so each such pair is decided once, and not again for each of ten thousand spaces.

use super::Directory;
use super::policy_index::PolicyIndex;
use base::id::{OrgId, ResourceGroupId, SpaceId};
use base::scope::Domain;
use std::collections::HashMap;

/// The decisions so far, one for each pair of organization and resource group.
pub(super) struct AlikeSpaces<'d> {
    directory: &'d Directory,
    indexes: &'d [&'d PolicyIndex],
    decided: HashMap<(OrgId, Option<ResourceGroupId>), bool>,
}

impl<'d> AlikeSpaces<'d> {
    pub(super) fn new(directory: &'d Directory, indexes: &'d [&'d PolicyIndex]) -> Self {
        Self {
            directory,
            indexes,
            decided: HashMap::new(),
        }
    }

    /// Whether a policy that names no single domain is about the space, which must be of the account of the indexes.
    pub(super) fn has(&mut self, space: SpaceId) -> bool {
        let (directory, indexes) = (self.directory, self.indexes);
        let domain = Domain::Space(space);
        let Some(org) = directory.org_of(space) else {
            return false;
        };
        // Without a policy that names a group, it does not matter which one the space is in.
        let is_named = indexes.iter().any(|index| index.names_groups());
        let group = is_named.then(|| directory.resource_group_of(domain));
        let decided = self.decided.entry((org, group.flatten()));
        *decided.or_insert_with(|| {
            let place = directory.place(domain);
            let mut all = indexes.iter();
            all.any(|index| index.actions_of_many(&place).is_some())
        })
    }
}
