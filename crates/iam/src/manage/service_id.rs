//! Service IDs: programs with an identity of their own, each in one account, with roles and API keys like a user's. An
//! Administrator of the account manages them; a service sees itself.

use super::administrator::{not_administrator, still_administers};
use super::api_key::NewKey;
use super::new_key::check_not_revoked;
use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{ApiKey, Service};
use crate::model::entity_tag;
use crate::model::page::ListPart;
use crate::model::room::check_count;
use crate::model::text;
use crate::model::text::name;
use crate::policy::is_administrator;
use crate::refusal::{Lockable, Refusal};
use crate::repo::accounts::lock_active;
use crate::repo::counts::CountedItem;
use crate::repo::revisions::Versioned;
use crate::repo::transactions::departure::leave;
use crate::repo::{api_keys, members, principals, service_id_groups, service_ids};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{KeyId, ServiceGroupId, ServiceId};
use base::limit;
use base::principal::Principal;
use base::secret::Secret;
use db::Tx;
use std::cmp::Ordering;

const CHANGING: &str = "changing service IDs";

/// A new service ID.
#[derive(Debug, Default)]
pub struct NewService {
    /// Its name; several may have the same.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The CRNs of the instances it is for.
    pub crns: Vec<String>,
    /// The group by which it is listed.
    pub group: Option<ServiceGroupId>,
    /// Created locked against changes.
    pub locked: bool,
}

/// A change to a service ID.
#[derive(Debug, Clone, Default)]
pub struct ServiceChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new description.
    pub description: Option<String>,
    /// The CRNs of the instances it is for from now on.
    pub crns: Option<Vec<String>>,
}

/// A new service ID, with its first key and the key's text if one was made with it.
#[derive(Debug)]
pub struct CreatedService {
    /// The service ID.
    pub service: Service,
    /// The key.
    pub key: Option<(ApiKey, Secret<String>)>,
}

/// The version of a service ID, for `If-Match`.
#[must_use]
pub fn entity_tag(service: &Service) -> String {
    entity_tag::of(service.revision, service.id.0)
}

impl Revised for Service {
    const CHANGED: &'static str =
        "the service ID has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        entity_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.description, &self.crns)
            == (&other.name, &other.description, &other.crns)
    }
}

impl Iam {
    /// The service IDs of the credential's account that are wanted. Sorted by `order`, then by name.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn service_ids<P: ListPart<Service>>(
        &self,
        caller: &Identity,
        is_wanted: impl Fn(&Service) -> bool,
        order: impl Fn(&Service, &Service) -> Ordering,
        part: P,
    ) -> Result<P::Page, IamError> {
        let directory = self.directory();
        if !is_administrator(&directory, caller, caller.account()) {
            return Err(not_administrator("listing service IDs"));
        }
        let all = directory.services_of(caller.account());
        let all: Vec<&Service> = all.filter(|service| is_wanted(service)).collect();
        Ok(part.cut(all, |a, b| {
            let by_name = || (&a.name, a.created_at, a.id).cmp(&(&b.name, b.created_at, b.id));
            order(a, b).then_with(by_name)
        }))
    }

    /// One service ID.
    ///
    /// # Errors
    /// When the caller is neither it nor an Administrator of its account.
    pub async fn service_id(&self, caller: &Identity, id: ServiceId) -> Result<Service, IamError> {
        self.found_at_any_node(|| self.known_service_id(caller, id))
            .await
    }

    fn known_service_id(&self, caller: &Identity, id: ServiceId) -> Result<Service, IamError> {
        let directory = self.directory();
        let is_seen = |service: &&Service| {
            service.account == caller.account()
                && (caller.principal() == Principal::Service(id)
                    || is_administrator(&directory, caller, service.account))
        };
        let found = directory.service(id).filter(is_seen).cloned();
        found.ok_or_else(|| IamError::not_found("the service ID"))
    }

    /// Whether the caller may make and change service IDs in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_service_ids(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), "managing service IDs")
    }

    /// One service ID that the caller may change.
    pub(super) async fn changeable_service(
        &self,
        caller: &Identity,
        id: ServiceId,
        what: &str,
    ) -> Result<Service, IamError> {
        let find = || {
            let service = self.known_service_id(caller, id)?;
            self.administer(caller, service.account, what)?;
            match service.locked {
                true => Err(locked(&service)),
                false => Ok(service),
            }
        };
        self.found_at_any_node(find).await
    }

    /// Checks again, within the transaction of a change, whether the caller may make it, and locks the row of the service ID. The
    /// account is locked already.
    pub(super) async fn lock_service(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        service: &Service,
        what: &str,
    ) -> Result<(), IamError> {
        still_administers(tx, caller, service.account, what).await?;
        check_not_revoked(tx, caller, self.0.clock.now()).await?;
        if service_ids::lock_changeable(tx, service.id).await? {
            return Ok(());
        }
        // Another request, or another node, may have deleted it a moment ago.
        match service_ids::find(tx, service.id).await? {
            Some(stored) => Err(locked(&stored)),
            None => Err(IamError::not_found("the service ID")),
        }
    }

    /// As [`Self::lock_service`], for the end of the service ID: a key of it that is locked stays, and so does it.
    pub(super) async fn lock_ending_service(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        service: &Service,
        what: &str,
    ) -> Result<(), IamError> {
        self.lock_service(tx, caller, service, what).await?;
        match api_keys::locked_of(tx, service.account, service.id.into()).await? {
            None => Ok(()),
            Some((key, name)) => {
                let message = format!(
                    "the API key `{key}` (`{name}`) of the service ID `{}` (`{}`) is locked: unlock it first",
                    service.id, service.name
                );
                Err(IamError::locked(Lockable::ServiceKey, message))
            }
        }
    }

    /// Creates a service ID in the credential's account, with a key if one is asked for: both or neither.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is invalid; over a limit; without the group; for the key as
    /// `create_api_key`.
    pub async fn create_service_id(
        &self,
        caller: &Identity,
        new: NewService,
        key: Option<NewKey>,
    ) -> Result<CreatedService, IamError> {
        let (account, what) = (caller.account(), "making service IDs");
        self.administer(caller, account, what)?;
        text::check_description(&new.description)?;
        check_crns(&new.crns)?;
        let now = self.0.clock.now();
        let service = Service {
            id: ServiceId(entropy::guid()),
            account,
            name: name("name", &new.name)?,
            description: new.description,
            crns: new.crns,
            group: new.group,
            locked: new.locked,
            revision: 1,
            created_at: now,
            modified_at: now,
        };
        let key = match key {
            None => None,
            Some(new) => {
                let owner = Some(service.id.into());
                let new = NewKey { owner, ..new };
                let prepared = self.prepare_key(caller, KeyId(entropy::guid()), new);
                Some(prepared.await?)
            }
        };
        let mut tx = self.begin_administered(caller, account, what).await?;
        if let Some(group) = service.group
            && !service_id_groups::is_there(&mut tx, account, group).await?
        {
            let message = "`group_id`: there is no such group of service IDs in the account";
            return Err(IamError::invalid("group_id", message));
        }
        let limit = &limit::SERVICE_IDS_PER_ACCOUNT;
        self.check_room(&mut tx, account, limit, CountedItem::ServiceIds)
            .await?;
        principals::insert_service(&mut tx, service.id).await?;
        members::join(&mut tx, account, service.id, now).await?;
        service_ids::insert(&mut tx, &service).await?;
        let mut entries = about(caller, Action::ServiceMade, &service).into_entries();
        if let Some(key) = &key {
            entries = entries.and(self.store_key(&mut tx, caller, key).await?);
        }
        self.commit(tx, entries).await?;
        Ok(CreatedService {
            service,
            key: key.map(|made| (made.key, made.text)),
        })
    }

    /// Changes a service ID. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when it is locked, or has changed since the tag was read.
    pub async fn update_service_id(
        &self,
        caller: &Identity,
        id: ServiceId,
        if_match: &str,
        change: ServiceChange,
    ) -> Result<Service, IamError> {
        self.change_version(
            if_match,
            || self.changeable_service(caller, id, CHANGING),
            |service| self.change_service(caller, service, change.clone()),
        )
        .await
    }

    async fn change_service(
        &self,
        caller: &Identity,
        service: Service,
        change: ServiceChange,
    ) -> Result<Option<Service>, IamError> {
        if let Some(description) = &change.description {
            text::check_description(description)?;
        }
        if let Some(crns) = &change.crns {
            check_crns(crns)?;
        }
        let name = change.name.map(|text| name("name", &text)).transpose()?;
        let now = self.0.clock.now();
        let new = Service {
            name: name.unwrap_or_else(|| service.name.clone()),
            description: (change.description).unwrap_or_else(|| service.description.clone()),
            crns: change.crns.unwrap_or_else(|| service.crns.clone()),
            revision: service.revision.saturating_add(1),
            modified_at: now,
            ..service.clone()
        };
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, service.account).await?;
        self.lock_service(&mut tx, caller, &service, CHANGING)
            .await?;
        let is_stored = service_ids::change(&mut tx, &new, service.revision).await?;
        let crns = |service: &Service| service.crns.join(" ");
        let entry = about(caller, Action::ServiceChanged, &new)
            .with_changed("description", &service.description, &new.description)
            .with_changed("unique_instance_crns", crns(&service), crns(&new));
        self.commit_version(tx, is_stored, (service, new), entry)
            .await
    }

    /// Locks a service ID against changes, or unlocks it. What it may do stays as it is.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn lock_service_id(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<ServiceId>>,
        on: bool,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let what = "locking service IDs";
        let service = self.service_id(caller, id).await?;
        self.administer(caller, service.account, what)?;
        let now = self.0.clock.now();
        let mut tx = self
            .begin_administered(caller, service.account, what)
            .await?;
        version
            .check_stored(&mut tx, (Versioned::ServiceId, id.0))
            .await?;
        if !service_ids::set_locked(&mut tx, id, on, now).await? {
            let found = service_ids::find(&mut tx, id).await?;
            drop(tx);
            self.sync().await?;
            // It is so already, perhaps by another node; or it is gone.
            let found = found.map(|_| ());
            return found.ok_or_else(|| IamError::not_found("the service ID"));
        }
        let to = if on { "locked" } else { "unlocked" };
        let entry = about(caller, Action::ServiceSwitched, &service);
        self.commit(tx, entry.with("to", to)).await
    }

    /// Deletes a service ID with its roles, keys and sessions: from the moment this returns, its keys and everything made with them
    /// are refused.
    ///
    /// # Errors
    /// Without Administrator of the account; when it is locked, or an API key of it is.
    pub async fn delete_service_id(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<ServiceId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let what = "deleting service IDs";
        let service = self.changeable_service(caller, id, what).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, service.account).await?;
        self.lock_ending_service(&mut tx, caller, &service, what)
            .await?;
        version
            .check_stored(&mut tx, (Versioned::ServiceId, id.0))
            .await?;
        // It owns no account that somebody would have to inherit.
        leave(&mut tx, service.account, id.into(), now, id.0).await?;
        let entry = about(caller, Action::ServiceDeleted, &service);
        self.commit(tx, entry).await
    }
}

fn about(caller: &Identity, action: Action, service: &Service) -> Entry {
    Entry::by(caller, action)
        .in_account(service.account)
        .on(service.id)
        .with("name", &service.name)
}

fn locked(service: &Service) -> IamError {
    let message = format!(
        "the service ID `{}` (`{}`) is locked: unlock it first",
        service.id, service.name
    );
    IamError::locked(Lockable::ServiceId, message)
}

/// A list that is not too long, of CRNs that can be shown.
fn check_crns(crns: &[String]) -> Result<(), Refusal> {
    let field = "unique_instance_crns";
    check_count(field, crns.len(), &limit::CRNS_PER_SERVICE_ID)?;
    crns.iter().try_for_each(|crn| text::check_crn(field, crn))
}
