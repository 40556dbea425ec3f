//! Visibility of the objects of one account to a caller: computed once from their roles, not again for each of a thousand spaces.

use super::administers;
use crate::model::directory::Directory;
use crate::model::role::Role;
use crate::token::identity::Identity;
use base::id::{AccountId, OrgId, SpaceId};
use base::scope::Domain;
use std::collections::HashSet;

/// The visible part.
pub(crate) enum Visibility {
    /// Everything: the caller is an Administrator.
    All,
    /// The objects visible by the caller's roles and policies.
    Some {
        /// The organizations with a role or policy of the caller, in it or in one of its spaces.
        orgs: HashSet<OrgId>,
        /// The organizations that the caller manages, with all their spaces.
        managed: HashSet<OrgId>,
        /// The spaces with a role or policy of the caller.
        spaces: HashSet<SpaceId>,
    },
}

impl Visibility {
    /// The caller's view of the account, consistent with [`super::view::is_org_visible`] and [`super::view::is_space_visible`].
    pub(crate) fn of(directory: &Directory, caller: &Identity, account: AccountId) -> Self {
        if administers(directory, caller, account) {
            return Self::All;
        }
        let (mut orgs, mut managed, mut spaces) = (HashSet::new(), HashSet::new(), HashSet::new());
        for domain in directory.domains_of(caller.principal()) {
            match domain {
                Domain::Account(_) => {}
                Domain::Org(org) => {
                    orgs.insert(org);
                    if directory.has_role(caller.principal(), domain, Role::Manager) {
                        managed.insert(org);
                    }
                }
                Domain::Space(space) => {
                    spaces.insert(space);
                    orgs.extend(directory.spaces.get(&space).map(|space| space.org));
                }
            }
        }
        let (visible_orgs, visible_spaces) =
            directory.visible_by_policies(caller.proven(), account);
        orgs.extend(visible_orgs);
        orgs.extend(visible_spaces.iter().filter_map(|id| directory.org_of(*id)));
        spaces.extend(visible_spaces);
        Self::Some {
            orgs,
            managed,
            spaces,
        }
    }

    /// Whether the organization is visible.
    pub(crate) fn has_org(&self, org: OrgId) -> bool {
        match self {
            Self::All => true,
            Self::Some { orgs, .. } => orgs.contains(&org),
        }
    }

    /// Whether the space of this organization is visible.
    pub(crate) fn has_space(&self, org: OrgId, space: SpaceId) -> bool {
        match self {
            Self::All => true,
            Self::Some {
                managed, spaces, ..
            } => spaces.contains(&space) || managed.contains(&org),
        }
    }
}
