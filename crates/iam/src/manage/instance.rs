//! Instances of the monitoring service, each of which determines the plan of one space. Callers who see a space see its instance;
//! an Administrator of the account makes, changes and deletes instances.

pub use crate::model::directory::Plan;

use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{Instance, ResourceGroup};
use crate::model::number::number_of;
use crate::model::page::ListPart;
use crate::model::text::{check_length, name};
use crate::policy::{Visibility, require_visible};
use crate::refusal::{Lockable, Refusal};
use crate::repo::{policies, resource_groups, resource_instances, resource_keys};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{InstanceId, ResourceGroupId, SpaceId};
use base::limit;
use base::scope::Domain;
use db::Tx;

const WHAT: &str = "managing instances";

/// A new instance.
#[derive(Debug)]
pub struct NewInstance {
    /// Its name; several may have the same.
    pub name: String,
    /// The space that it is for.
    pub space: SpaceId,
    /// The region that the space lies in.
    pub region: String,
    /// The resource group it is in.
    pub group: ResourceGroupId,
    /// Its plan.
    pub plan: Plan,
    /// Created locked.
    pub locked: bool,
}

/// A change to an instance.
#[derive(Debug, Default)]
pub struct InstanceChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new plan.
    pub plan: Option<Plan>,
}

impl Iam {
    /// The instances of the credential's account that the caller sees and `is_wanted` selects, by their age.
    #[must_use]
    pub fn instances<P: ListPart<Instance>>(
        &self,
        caller: &Identity,
        is_wanted: impl Fn(&Instance) -> bool,
        part: P,
    ) -> P::Page {
        let directory = self.directory();
        let visibility = Visibility::of(&directory, caller, caller.account());
        let is_seen = |instance: &&Instance| {
            let org = directory.org_of(instance.space);
            org.is_some_and(|org| visibility.has_space(org, instance.space))
        };
        let all = directory.instances_of(caller.account());
        let all: Vec<&Instance> = all
            .filter(is_seen)
            .filter(|instance| is_wanted(instance))
            .collect();
        part.cut(all, |a, b| (a.created.at, a.id).cmp(&(b.created.at, b.id)))
    }

    /// One instance of the credential's account.
    ///
    /// # Errors
    /// When the caller does not see its space.
    pub async fn instance(&self, caller: &Identity, id: InstanceId) -> Result<Instance, IamError> {
        self.found_at_any_node(|| self.known_instance(caller, id))
            .await
    }

    /// One instance that this node knows.
    ///
    /// # Errors
    /// As [`Self::instance`].
    pub fn known_instance(&self, caller: &Identity, id: InstanceId) -> Result<Instance, IamError> {
        let missing = || IamError::not_found("the instance");
        let directory = self.directory();
        let found = directory.instance(id).ok_or_else(missing)?;
        let space = Domain::Space(found.space);
        let is_seen = found.account == caller.account()
            && require_visible(&directory, caller, space, "the space").is_ok();
        is_seen.then(|| found.clone()).ok_or_else(missing)
    }

    /// Checks that the caller may make and change instances in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_instances(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// Makes an instance in the credential's account: the space has its plan when this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is not valid; when the space has an instance.
    pub async fn create_instance(
        &self,
        caller: &Identity,
        new: &NewInstance,
    ) -> Result<Instance, IamError> {
        self.may_manage_instances(caller)?;
        self.found_at_any_node(|| self.check_place(caller, new))
            .await?;
        let by_caller = self.stamp(caller);
        let instance = Instance {
            id: InstanceId(entropy::guid()),
            account: caller.account(),
            group: new.group,
            space: new.space,
            name: name("name", &new.name)?,
            plan: new.plan,
            locked: new.locked,
            created: by_caller,
            modified: by_caller,
        };
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        // A space that was deleted at this moment takes its instance along, and a restore brings both back.
        require_group(&mut tx, &instance).await?;
        let stored = resource_instances::insert(&mut tx, &instance).await;
        let taken = || IamError::conflict("the space has an instance already: change its plan");
        stored.map_err(|error| error.if_unique(taken))?;
        let entry = about(caller, Action::InstanceMade, &instance);
        self.commit(tx, entry).await?;
        Ok(instance)
    }

    /// Checks that the space is one of the account, in the region that was named.
    fn check_place(&self, caller: &Identity, new: &NewInstance) -> Result<(), IamError> {
        let directory = self.directory();
        let space = Domain::Space(new.space);
        if directory.account_of(space) != Some(caller.account()) {
            let message = format!(
                "`space_id`: there is no space `{}` in the account",
                new.space
            );
            let refusal = Refusal::invalid("space_id", message).maybe_unknown();
            return Err(refusal.into());
        }
        check_length("target", &new.region, &limit::LABEL_BYTES)?;
        let region = directory.region_of(space).unwrap_or_default();
        if region != new.region {
            let message = format!(
                "`target` is the region of the space, `{region}`, not `{}`",
                new.region
            );
            return Err(IamError::invalid("target", message));
        }
        Ok(())
    }

    /// One instance that the caller may change.
    async fn changeable_instance(
        &self,
        caller: &Identity,
        id: InstanceId,
    ) -> Result<Instance, IamError> {
        let find = || {
            let instance = self.known_instance(caller, id)?;
            self.may_manage_instances(caller)?;
            match instance.locked {
                true => Err(locked(&instance)),
                false => Ok(instance),
            }
        };
        self.found_at_any_node(find).await
    }

    /// Changes an instance: its space has the new plan when this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is not valid; when it is locked.
    pub async fn update_instance(
        &self,
        caller: &Identity,
        id: InstanceId,
        change: InstanceChange,
    ) -> Result<Instance, IamError> {
        let old = self.changeable_instance(caller, id).await?;
        let name = change.name.map(|text| name("name", &text)).transpose()?;
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        self.lock_instance_row(&mut tx, &old).await?;
        // What another request has changed meanwhile stays, if this one says nothing about it.
        let old = stored(&mut tx, &old).await?;
        let new = Instance {
            name: name.unwrap_or_else(|| old.name.clone()),
            plan: change.plan.unwrap_or(old.plan),
            modified: self.stamp(caller),
            ..old.clone()
        };
        if (&new.name, new.plan) == (&old.name, old.plan) {
            drop(tx);
            // It is so already; perhaps another node has made it so.
            self.sync().await?;
            return Ok(old);
        }
        resource_instances::change(&mut tx, &new).await?;
        let entry = about(caller, Action::InstanceChanged, &new);
        self.commit(tx, entry).await?;
        Ok(new)
    }

    /// Locks an instance against changes and deletion, or unlocks it.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn lock_instance(
        &self,
        caller: &Identity,
        id: InstanceId,
        on: bool,
    ) -> Result<Instance, IamError> {
        let old = self.instance(caller, id).await?;
        self.may_manage_instances(caller)?;
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        let old = stored(&mut tx, &old).await?;
        if old.locked == on {
            drop(tx);
            // It is so already; perhaps another node has made it so.
            self.sync().await?;
            return Ok(old);
        }
        let new = Instance {
            locked: on,
            modified: self.stamp(caller),
            ..old
        };
        if !resource_instances::set_locked(&mut tx, &new).await? {
            return Err(IamError::not_found("the instance"));
        }
        let to = if on { "locked" } else { "unlocked" };
        let entry = about(caller, Action::InstanceSwitched, &new);
        self.commit(tx, entry.with("to", to)).await?;
        Ok(new)
    }

    /// Deletes an instance, with the authorizations that are for it alone, and with its keys if they may go: the space has the server's
    /// plan when this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when it is locked; when it has keys that shall stay, or one whose service ID, or an
    /// API key of it, is locked.
    pub async fn delete_instance(
        &self,
        caller: &Identity,
        id: InstanceId,
        with_keys: bool,
    ) -> Result<(), IamError> {
        let instance = self.changeable_instance(caller, id).await?;
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        self.lock_instance_row(&mut tx, &instance).await?;
        let keys = resource_keys::of_instance(&mut tx, id).await?;
        if !keys.is_empty() && !with_keys {
            let message = format!(
                "the instance `{}` has {}: delete them first, or all at once with `recursive=true`",
                instance.name,
                number_of(keys.len() as u64, "key", "keys")
            );
            return Err(IamError::conflict(message));
        }
        for key in &keys {
            self.end_resource_key(&mut tx, caller, key).await?;
        }
        policies::delete_of_instance(&mut tx, instance.account, id).await?;
        resource_instances::delete(&mut tx, id).await?;
        let entry = about(caller, Action::InstanceDeleted, &instance);
        self.commit(tx, entry.with("keys", keys.len())).await
    }

    /// Locks the row of an instance that may be changed. The account is locked.
    pub(super) async fn lock_instance_row(
        &self,
        tx: &mut Tx,
        instance: &Instance,
    ) -> Result<(), IamError> {
        if !resource_instances::is_there(tx, instance.account, instance.id).await? {
            return Err(IamError::not_found("the instance"));
        }
        match resource_instances::lock_changeable(tx, instance.id).await? {
            true => Ok(()),
            false => Err(locked(instance)),
        }
    }
}

/// The instance as it is in the transaction. The account is locked.
async fn stored(tx: &mut Tx, instance: &Instance) -> Result<Instance, IamError> {
    let found = resource_instances::find(tx, instance.account, instance.id).await?;
    found.ok_or_else(|| IamError::not_found("the instance"))
}

/// Checks, within the transaction that stores an instance, that its resource group is there. The account is locked.
async fn require_group(tx: &mut Tx, instance: &Instance) -> Result<(), IamError> {
    let (account, group) = (instance.account, instance.group);
    if group == ResourceGroup::default_of(account)
        || resource_groups::is_there(tx, account, group).await?
    {
        return Ok(());
    }
    let message = format!("`resource_group`: there is no resource group `{group}` in the account");
    Err(IamError::invalid("resource_group", message))
}

fn locked(instance: &Instance) -> IamError {
    let message = format!(
        "the instance `{}` is locked: unlock it first",
        instance.name
    );
    IamError::locked(Lockable::Instance, message)
}

fn about(caller: &Identity, action: Action, instance: &Instance) -> Entry {
    Entry::by(caller, action)
        .in_account(instance.account)
        .on(instance.id)
        .with("name", &instance.name)
        .with("space", instance.space)
        .with("plan", instance.plan)
        .with("group", instance.group)
}
