//! What a caller sees of one account: found once from his roles, not asked anew for each of a thousand spaces.

use super::administers;
use crate::model::directory::Directory;
use crate::model::role::Role;
use crate::token::identity::Identity;
use base::id::{AccountId, OrgId, SpaceId};
use base::scope::Domain;
use std::collections::HashSet;

/// What he sees.
pub(crate) enum Sight {
    /// Everything in it: he is its Administrator.
    All,
    /// What his roles show him.
    Some {
        /// The organizations in which, or in a space of which, he has a role.
        orgs: HashSet<OrgId>,
        /// The organizations he manages, with all their spaces.
        managed: HashSet<OrgId>,
        /// The spaces in which he has a role.
        spaces: HashSet<SpaceId>,
    },
}

impl Sight {
    /// Of the caller, in the account; as [`super::view::knows_org`] and [`super::view::knows_space`] say of each.
    pub(crate) fn of(directory: &Directory, caller: &Identity, account: AccountId) -> Self {
        if administers(directory, caller, account) {
            return Self::All;
        }
        let (mut orgs, mut managed, mut spaces) = (HashSet::new(), HashSet::new(), HashSet::new());
        for domain in directory.domains_of(caller.user()) {
            match domain {
                Domain::Account(_) => {}
                Domain::Org(org) => {
                    orgs.insert(org);
                    if directory.holds(caller.user(), domain, Role::Manager) {
                        managed.insert(org);
                    }
                }
                Domain::Space(space) => {
                    spaces.insert(space);
                    orgs.extend(directory.spaces.get(&space).map(|space| space.org));
                }
            }
        }
        Self::Some {
            orgs,
            managed,
            spaces,
        }
    }

    /// Whether the organization is among it.
    pub(crate) fn has_org(&self, org: OrgId) -> bool {
        match self {
            Self::All => true,
            Self::Some { orgs, .. } => orgs.contains(&org),
        }
    }

    /// Whether the space of this organization is among it.
    pub(crate) fn has_space(&self, org: OrgId, space: SpaceId) -> bool {
        match self {
            Self::All => true,
            Self::Some {
                managed, spaces, ..
            } => spaces.contains(&space) || managed.contains(&org),
        }
    }
}
