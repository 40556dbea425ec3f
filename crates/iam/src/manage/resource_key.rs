//! Keys of instances. With each there is a service ID of its own, which an access policy gives a role in the instance's space, and
//! an API key of the service ID, whose text is told once. An Administrator of the account manages keys.

pub use crate::model::resource_key::ResourceKey;

use super::access_policy::PolicyGrant;
use super::api_key::NewKey;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{
    ApiKey, Attribute, Instance, NamedRole, PolicyRole, PolicySubject, Service,
};
use crate::model::page::{Page, PageRequest};
use crate::model::room::check_room;
use crate::model::text::{check_length, name};
use crate::refusal::Refusal;
use crate::repo::counts::CountedItem;
use crate::repo::resource_keys::WantedKeys;
use crate::repo::transactions::departure::leave;
use crate::repo::{members, principals, resource_keys, service_ids};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{InstanceId, KeyId, ResourceKeyId, ServiceId};
use base::limit;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

const WHAT: &str = "managing keys of instances";

/// A new key of an instance.
#[derive(Debug)]
pub struct NewResourceKey {
    /// The instance.
    pub instance: InstanceId,
    /// Its name; several may have the same.
    pub name: String,
    /// The role that its service ID gets in the instance's space.
    pub role: NamedRole,
}

/// A new key of an instance, with the API key that was made with it and its text.
#[derive(Debug)]
pub struct CreatedResourceKey {
    /// The key.
    pub key: ResourceKey,
    /// The API key.
    pub api_key: ApiKey,
    /// The text of the API key.
    pub text: Secret<String>,
}

impl Iam {
    /// Checks that the caller may make and change keys of instances in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_resource_keys(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// The keys of the account's instances, by their age; of one name or one instance if these are named, and those after a key
    /// that was made at this time if there is one.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is too long.
    pub async fn resource_keys(
        &self,
        caller: &Identity,
        named: Option<&str>,
        instance: Option<InstanceId>,
        after: Option<(Millis, ResourceKeyId)>,
        window: PageRequest,
    ) -> Result<Page<ResourceKey>, IamError> {
        self.may_manage_resource_keys(caller)?;
        check_length("name", named.unwrap_or_default(), &limit::LABEL_BYTES)?;
        let wanted = WantedKeys {
            name: named.map(str::to_owned),
            instance,
            after,
        };
        resource_keys::of_account(&self.0.db, caller.account(), &wanted, window).await
    }

    /// One key of an instance, and the instance.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none.
    pub async fn resource_key(
        &self,
        caller: &Identity,
        id: ResourceKeyId,
    ) -> Result<(ResourceKey, Instance), IamError> {
        self.may_manage_resource_keys(caller)?;
        let missing = || IamError::not_found("the key");
        let found = resource_keys::find(&self.0.db, id).await?;
        let key = found.ok_or_else(missing)?;
        // The key is read from the database; its instance may be as new.
        let instance = self.instance(caller, key.instance).await;
        Ok((key, instance.map_err(|_| missing())?))
    }

    /// Makes a key of an instance: a service ID with a role in the instance's space, and an API key of it. All or nothing.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is no such instance, or it is locked; when the name is not valid; over a limit; for
    /// the API key as `create_api_key`.
    pub async fn create_resource_key(
        &self,
        caller: &Identity,
        new: &NewResourceKey,
    ) -> Result<CreatedResourceKey, IamError> {
        self.may_manage_resource_keys(caller)?;
        let instance = self.instance(caller, new.instance).await?;
        let (account, by_caller) = (instance.account, self.stamp(caller));
        let service = self.service_of_key(caller, &instance, &name("name", &new.name)?);
        let prepared = NewKey {
            owner: Some(service.id.into()),
            name: service.name.clone(),
            description: service.description.clone(),
            ..NewKey::default()
        };
        let prepared = self.prepare_key(caller, KeyId(entropy::guid()), prepared);
        let prepared = prepared.await?;
        let key = ResourceKey {
            id: ResourceKeyId(entropy::guid()),
            instance: instance.id,
            service: service.id,
            api_key: prepared.key.id,
            has_api_key: true,
            name: service.name.clone(),
            role: new.role,
            created: by_caller,
            modified: by_caller,
        };
        let grant = grant_in(&instance, new.role)?;
        let grant = self.check_grant(account, grant).await?;
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        self.lock_instance_row(&mut tx, &instance).await?;
        self.check_room_for_key(&mut tx, &instance).await?;
        principals::insert_service(&mut tx, service.id).await?;
        members::join(&mut tx, account, service.id, by_caller.at).await?;
        service_ids::insert(&mut tx, &service).await?;
        let stored = self.store_key(&mut tx, caller, &prepared).await?;
        let subject = PolicySubject::Principal(service.id.into());
        let policy = self
            .give(&mut tx, (caller, account), subject, &grant)
            .await?;
        resource_keys::insert(&mut tx, &key).await?;
        let made = about(caller, Action::ResourceKeyMade, &key).in_account(account);
        let made = made
            .with("service", key.service)
            .with("role", key.role.name());
        let entries = made.into_entries().and(stored).and(policy);
        self.commit(tx, entries).await?;
        Ok(CreatedResourceKey {
            key,
            api_key: prepared.key,
            text: prepared.text,
        })
    }

    fn service_of_key(&self, caller: &Identity, instance: &Instance, name: &str) -> Service {
        let now = self.0.clock.now();
        let directory = self.directory();
        let region = directory.region_of(instance.space.into());
        Service {
            id: ServiceId(entropy::guid()),
            account: caller.account(),
            name: name.to_owned(),
            description: format!("made for a key of the instance {}", instance.id),
            crns: vec![instance.crn(region.unwrap_or_default())],
            group: None,
            locked: false,
            revision: 1,
            created_at: now,
            modified_at: now,
        }
    }

    /// Refuses a key for which there is no room, for itself or for what is made with it. The account is locked.
    async fn check_room_for_key(&self, tx: &mut Tx, instance: &Instance) -> Result<(), IamError> {
        let (limit, account) = (&limit::RESOURCE_KEYS_PER_INSTANCE, instance.account);
        let held = resource_keys::count_of(tx, instance.id).await?;
        check_room(
            &format!("the instance `{}` has", instance.name),
            held,
            limit,
        )?;
        for (limit, what) in [
            (&limit::SERVICE_IDS_PER_ACCOUNT, CountedItem::ServiceIds),
            (&limit::POLICIES_PER_ACCOUNT, CountedItem::Policies),
        ] {
            self.check_room(tx, account, limit, what).await?;
        }
        Ok(())
    }

    /// Renames a key of an instance. Its service ID keeps its own name.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none; when the name is not valid.
    pub async fn rename_resource_key(
        &self,
        caller: &Identity,
        id: ResourceKeyId,
        requested: &str,
    ) -> Result<(ResourceKey, Instance), IamError> {
        let (old, instance) = self.resource_key(caller, id).await?;
        let new = ResourceKey {
            name: name("name", requested)?,
            modified: self.stamp(caller),
            ..old
        };
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        if new.name == old.name {
            return Ok((
                ResourceKey {
                    modified: old.modified,
                    ..new
                },
                instance,
            ));
        }
        if !resource_keys::rename(&mut tx, &new).await? {
            return Err(IamError::not_found("the key"));
        }
        let entry = about(caller, Action::ResourceKeyChanged, &new);
        self.commit(tx, entry.in_account(instance.account)).await?;
        Ok((new, instance))
    }

    /// Deletes a key of an instance, with its service ID: from the moment this returns the API keys of the service ID, and everything
    /// made with them, are refused.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none; when its service ID or an API key of it is locked.
    pub async fn delete_resource_key(
        &self,
        caller: &Identity,
        id: ResourceKeyId,
    ) -> Result<(), IamError> {
        let (key, instance) = self.resource_key(caller, id).await?;
        let mut tx = self
            .begin_administered(caller, caller.account(), WHAT)
            .await?;
        self.end_resource_key(&mut tx, caller, &key).await?;
        let entry = about(caller, Action::ResourceKeyDeleted, &key);
        self.commit(tx, entry.in_account(instance.account)).await
    }

    /// Ends a key, with its service ID. The credential's account, to which it belongs, is locked.
    pub(super) async fn end_resource_key(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        key: &ResourceKey,
    ) -> Result<(), IamError> {
        // By its row: another node may have made it a moment ago, and this one's directory does not know it yet.
        if let Some(service) = service_ids::find(tx, key.service).await? {
            self.lock_ending_service(tx, caller, &service, WHAT).await?;
            let now = self.0.clock.now();
            leave(tx, service.account, service.id.into(), now, service.id.0).await?;
        }
        // With the service ID it has gone already.
        resource_keys::delete(tx, key.id).await?;
        Ok(())
    }
}

/// The role of a key in the space of its instance.
fn grant_in(instance: &Instance, role: NamedRole) -> Result<PolicyGrant, Refusal> {
    let attributes = [
        Attribute::read("accountId", None, &instance.account.to_string())?,
        Attribute::read("spaceId", None, &instance.space.to_string())?,
    ];
    Ok(PolicyGrant {
        description: format!("made for a key of the instance {}", instance.id),
        roles: vec![PolicyRole::Named(role)],
        attributes: attributes.into(),
    })
}

fn about(caller: &Identity, action: Action, key: &ResourceKey) -> Entry {
    Entry::by(caller, action)
        .on(key.id)
        .with("name", &key.name)
        .with("instance", key.instance)
}
