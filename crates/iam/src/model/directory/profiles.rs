//! Trusted profiles, by id and by name.

use super::map::Map;
use super::profile::Profile;
use base::id::{AccountId, ProfileId};

/// The profiles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profiles {
    pub(super) all: Map<ProfileId, Profile>,
    pub(super) by_name: Map<(AccountId, String), ProfileId>,
}

impl Profiles {
    pub(super) fn add(&mut self, profile: Profile) {
        let (id, name) = (profile.id, profile.name.clone());
        self.by_name.insert((profile.account, name), id);
        self.all.insert(id, profile);
    }

    pub(super) fn forget(&mut self, id: ProfileId) {
        let Some(profile) = self.all.get(&id) else {
            return;
        };
        self.by_name
            .remove(&(profile.account, profile.name.clone()));
        self.all.remove(&id);
    }
}
