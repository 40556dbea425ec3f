//! Resource groups and instances, found by their ids, by their account, and by the space.

use super::keyed_sets::{KeyedSets, put, take};
use super::map::Map;
use super::resource::{Instance, ResourceGroup};
use base::id::{AccountId, InstanceId, ResourceGroupId, SpaceId};

/// The groups that have a row, and the instances.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Resources {
    pub(super) groups: Map<ResourceGroupId, ResourceGroup>,
    pub(super) groups_by_account: KeyedSets<AccountId, ResourceGroupId>,
    pub(super) instances: Map<InstanceId, Instance>,
    pub(super) by_account: KeyedSets<AccountId, InstanceId>,
    pub(super) by_space: Map<SpaceId, InstanceId>,
}

impl Resources {
    pub(super) fn add_group(&mut self, group: ResourceGroup) {
        put(&mut self.groups_by_account, group.account, group.id);
        self.groups.insert(group.id, group);
    }

    pub(super) fn forget_group(&mut self, id: ResourceGroupId) {
        let Some(account) = self.groups.get(&id).map(|group| group.account) else {
            return;
        };
        take(&mut self.groups_by_account, account, &id);
        self.groups.remove(&id);
    }

    pub(super) fn add(&mut self, instance: Instance) {
        put(&mut self.by_account, instance.account, instance.id);
        self.by_space.insert(instance.space, instance.id);
        self.instances.insert(instance.id, instance);
    }

    pub(super) fn forget(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let (account, space) = (instance.account, instance.space);
        take(&mut self.by_account, account, &id);
        // Another instance may have taken its place in the same batch.
        if self.by_space.get(&space) == Some(&id) {
            self.by_space.remove(&space);
        }
        self.instances.remove(&id);
    }
}
