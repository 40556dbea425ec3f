//! Resource groups, in which the instances of the account are. Everybody in the account sees them; an Administrator makes, renames
//! and deletes them. The first group of an account is there from the beginning and stays.

use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{ResourceGroup, Stamp};
use crate::model::number::number_of;
use crate::model::text::name;
use crate::repo::counts::CountedItem;
use crate::repo::{policies, resource_groups, resource_instances};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::ResourceGroupId;
use base::limit;
use db::Tx;

const WHAT: &str = "managing resource groups";

impl Iam {
    /// The resource groups of the credential's account: the first one, then the others by name.
    #[must_use]
    pub fn resource_groups(&self, caller: &Identity) -> Vec<ResourceGroup> {
        self.directory().resource_groups_of(caller.account())
    }

    /// One resource group of the credential's account.
    ///
    /// # Errors
    /// When there is none.
    pub async fn resource_group(
        &self,
        caller: &Identity,
        id: ResourceGroupId,
    ) -> Result<ResourceGroup, IamError> {
        self.found_at_any_node(|| self.known_resource_group(caller, id))
            .await
    }

    fn known_resource_group(
        &self,
        caller: &Identity,
        id: ResourceGroupId,
    ) -> Result<ResourceGroup, IamError> {
        let found = self.directory().resource_group(id);
        let found = found.filter(|group| group.account == caller.account());
        found.ok_or_else(|| IamError::not_found("the resource group"))
    }

    /// Checks that the caller may make and change resource groups of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_resource_groups(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// Makes a resource group in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is not valid or taken; over a limit.
    pub async fn create_resource_group(
        &self,
        caller: &Identity,
        requested: &str,
    ) -> Result<ResourceGroup, IamError> {
        self.may_manage_resource_groups(caller)?;
        let now = self.0.clock.now();
        let group = ResourceGroup {
            id: ResourceGroupId(entropy::guid()),
            account: caller.account(),
            name: name("name", requested)?,
            created: Stamp {
                at: now,
                by: caller.principal(),
            },
            modified_at: now,
        };
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        let limit = &limit::RESOURCE_GROUPS_PER_ACCOUNT;
        self.check_room_unpaged(&mut tx, group.account, limit, CountedItem::ResourceGroups)
            .await?;
        put(&mut tx, &group).await?;
        let entry = about(caller, Action::ResourceGroupMade, &group);
        self.commit(tx, entry).await?;
        Ok(group)
    }

    /// Renames a resource group.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none, or the name is not valid or taken.
    pub async fn rename_resource_group(
        &self,
        caller: &Identity,
        id: ResourceGroupId,
        requested: &str,
    ) -> Result<ResourceGroup, IamError> {
        let old = self.resource_group(caller, id).await?;
        self.may_manage_resource_groups(caller)?;
        let new = ResourceGroup {
            name: name("name", requested)?,
            modified_at: self.0.clock.now(),
            ..old
        };
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        let named = resource_groups::name_of(&mut tx, new.account, id).await?;
        if !new.is_default() && named.is_none() {
            return Err(IamError::not_found("the resource group"));
        }
        if named.as_deref().unwrap_or(ResourceGroup::DEFAULT_NAME) == new.name {
            drop(tx);
            // Perhaps another node has named it so.
            self.sync().await?;
            return Ok(ResourceGroup {
                modified_at: old.modified_at,
                ..new
            });
        }
        put(&mut tx, &new).await?;
        let entry = about(caller, Action::ResourceGroupChanged, &new);
        self.commit(tx, entry).await?;
        Ok(new)
    }

    /// Deletes a resource group in which there is nothing.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none; for the account's first one, and one with instances.
    pub async fn delete_resource_group(
        &self,
        caller: &Identity,
        id: ResourceGroupId,
    ) -> Result<(), IamError> {
        let group = self.resource_group(caller, id).await?;
        self.may_manage_resource_groups(caller)?;
        if group.is_default() {
            let message = "the first resource group of an account stays";
            return Err(IamError::conflict(message));
        }
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        let held = resource_instances::count_in(&mut tx, id).await?;
        if held > 0 {
            let message = format!(
                "the resource group `{}` has {}, with those of deleted spaces that can still be restored",
                group.name,
                number_of(held, "instance", "instances")
            );
            return Err(IamError::conflict(message));
        }
        let named = policies::count_naming(&mut tx, group.account, id).await?;
        if named > 0 {
            let message = format!(
                "the resource group `{}` is named by {}: delete or change them first",
                group.name,
                number_of(named, "access policy", "access policies")
            );
            return Err(IamError::conflict(message));
        }
        if !resource_groups::delete(&mut tx, id).await? {
            return Err(IamError::not_found("the resource group"));
        }
        let entry = about(caller, Action::ResourceGroupDeleted, &group);
        self.commit(tx, entry).await
    }
}

/// Writes a group if its name is free: that of the first group also as long as it has no row.
async fn put(tx: &mut Tx, group: &ResourceGroup) -> Result<(), IamError> {
    let taken = || IamError::conflict("a resource group of this name exists in the account");
    if group.name == ResourceGroup::DEFAULT_NAME && !group.is_default() {
        let first = ResourceGroup::default_of(group.account);
        if !resource_groups::is_there(tx, group.account, first).await? {
            return Err(taken());
        }
    }
    let stored = resource_groups::put(tx, group).await;
    stored.map_err(|error| error.if_unique(taken))
}

fn about(caller: &Identity, action: Action, group: &ResourceGroup) -> Entry {
    Entry::by(caller, action)
        .in_account(group.account)
        .on(group.id)
        .with("name", &group.name)
}
