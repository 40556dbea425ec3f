//! Which resource group and which plan a domain has.

use super::plan::Plan;
use super::resource::{Instance, ResourceGroup};
use super::{Account, Directory, Stamp};
use base::id::{AccountId, InstanceId, ResourceGroupId, SpaceId};
use base::scope::Domain;

impl Directory {
    /// The resource group that the domain is in: that of a space's instance, and of everything else the account's first one.
    #[must_use]
    pub fn resource_group_of(&self, domain: Domain) -> Option<ResourceGroupId> {
        let account = self.account_of(domain)?;
        let instance = match domain {
            Domain::Space(space) => self.instance_of(space),
            Domain::Account(_) | Domain::Org(_) => None,
        };
        let of_instance = instance.map(|instance| instance.group);
        Some(of_instance.unwrap_or(ResourceGroup::default_of(account)))
    }

    /// The plan of the domain: of a space that of its instance, and without one that of the server. No other domain has one.
    #[must_use]
    pub fn plan_of(&self, domain: Domain, without_instance: Option<Plan>) -> Option<Plan> {
        let Domain::Space(space) = domain else {
            return None;
        };
        let instance = self.instance_of(space);
        instance.map(|instance| instance.plan).or(without_instance)
    }

    /// The instance of the space. A space that was deleted has none until it is restored.
    #[must_use]
    pub fn instance_of(&self, space: SpaceId) -> Option<&Instance> {
        self.instance(*self.resources.by_space.get(&space)?)
    }

    /// The instance with this id.
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> Option<&Instance> {
        let found = self.resources.instances.get(&id);
        found.filter(|instance| self.is_in_account(instance))
    }

    /// The cloud resource name of the instance.
    pub(crate) fn crn_of(&self, instance: &Instance) -> String {
        let region = self.region_of(Domain::Space(instance.space));
        instance.crn(region.unwrap_or_default())
    }

    /// The instances of the account, by their ids.
    pub(crate) fn instances_of(&self, account: AccountId) -> impl Iterator<Item = &Instance> {
        let ids = self.resources.by_account.get(&account);
        let ids = ids.into_iter().flatten();
        ids.filter_map(move |id| self.instance(*id))
    }

    fn is_in_account(&self, instance: &Instance) -> bool {
        self.account_of(Domain::Space(instance.space)) == Some(instance.account)
    }

    /// The resource group with this id.
    #[must_use]
    pub fn resource_group(&self, id: ResourceGroupId) -> Option<ResourceGroup> {
        if let Some(group) = self.resources.groups.get(&id) {
            let is_there = self.accounts.contains_key(&group.account);
            return is_there.then(|| group.clone());
        }
        self.accounts.get(&AccountId(id.0)).map(first_group)
    }

    /// The resource groups of the account: the first one, then the others by name.
    pub(crate) fn resource_groups_of(&self, account: AccountId) -> Vec<ResourceGroup> {
        let ids = self.resources.groups_by_account.get(&account);
        let others = ids.into_iter().flatten().copied();
        let first = ResourceGroup::default_of(account);
        let others = others.filter(|id| *id != first);
        let mut all: Vec<ResourceGroup> = std::iter::once(first)
            .chain(others)
            .filter_map(|id| self.resource_group(id))
            .collect();
        all.sort_by(|a, b| (!a.is_default(), &a.name).cmp(&(!b.is_default(), &b.name)));
        all
    }
}

/// The first group of an account, as long as it has not been renamed.
fn first_group(account: &Account) -> ResourceGroup {
    ResourceGroup {
        id: ResourceGroup::default_of(account.id),
        account: account.id,
        name: ResourceGroup::DEFAULT_NAME.to_owned(),
        created: Stamp {
            at: account.created_at,
            by: account.owner.into(),
        },
        modified_at: account.created_at,
    }
}
