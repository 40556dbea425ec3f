//! API keys: secrets that prove a principal in one account. How they are made is in `new_key`; the principal or an
//! Administrator locks, disables and deletes them.

pub use super::new_key::NewKey;

use super::new_key::{about, check_ahead};
use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::Action;
use crate::entropy;
use crate::error::IamError;
use crate::manage::administrator::not_administrator;
use crate::model::directory::{ApiKey, Directory};
use crate::model::entity_tag;
use crate::model::page::{ListPart, Page, PageRequest};
use crate::model::text;
use crate::model::text::name;
use crate::policy::is_administrator;
use crate::refusal::Lockable;
use crate::repo::revisions::Versioned;
use crate::repo::{activity, api_keys};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{KeyId, ServiceGroupId};
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;
use std::cmp::Ordering;
use std::sync::Arc;

/// The owner of the keys in a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeysOf {
    /// This principal's; without it the caller's own.
    pub principal: Option<Principal>,
    /// Everybody's in the account, if no principal is named.
    pub everybody: bool,
    /// Of these, only services' (`true`) or only users' (`false`).
    pub services: Option<bool>,
    /// Of these, only those of service IDs in this group; of all such service IDs, if no principal is named.
    pub group: Option<ServiceGroupId>,
}

impl KeysOf {
    fn has(&self, key: &ApiKey) -> bool {
        match self.services {
            None => true,
            Some(true) => matches!(key.principal, Principal::Service(_)),
            Some(false) => key.principal.user().is_some(),
        }
    }

    /// Whether it asks for the keys of all who have any.
    const fn asks_for_all(&self) -> bool {
        self.principal.is_none() && (self.everybody || self.group.is_some())
    }

    fn has_owner(&self, directory: &Directory, owner: Principal) -> bool {
        self.group.is_none_or(|group| match owner {
            Principal::Service(id) => {
                let service = directory.services.get(&id);
                service.is_some_and(|service| service.group == Some(group))
            }
            _ => false,
        })
    }
}

/// A change to a key.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new description.
    pub description: Option<String>,
    /// When it stops working; `Some(None)` for never.
    pub expires_at: Option<Option<Millis>>,
}

/// A state of a key that can be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Locked against changes and deletion.
    Locked,
    /// Disabled: refused.
    Disabled,
}

/// The version of a key, for `If-Match`.
#[must_use]
pub fn entity_tag(key: &ApiKey) -> String {
    entity_tag::of(key.revision, key.id.0)
}

impl Revised for ApiKey {
    const CHANGED: &'static str =
        "the API key has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        entity_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.description, self.expires_at)
            == (&other.name, &other.description, other.expires_at)
    }
}

impl Iam {
    /// Keys of the credential's account: the caller's own, or all of them if an Administrator asks for that. Sorted by
    /// `order`, then by name.
    ///
    /// # Errors
    /// When the caller asks for the keys of others without the right.
    pub fn api_keys(
        &self,
        caller: &Identity,
        of: KeysOf,
        order: impl Fn(&ApiKey, &ApiKey) -> Ordering,
        window: PageRequest,
    ) -> Result<Page<ApiKey>, IamError> {
        self.api_keys_found(caller, of, |_| true, order, window)
    }

    /// As [`Self::api_keys`], of those that are wanted.
    ///
    /// # Errors
    /// As [`Self::api_keys`].
    pub fn api_keys_found<P: ListPart<ApiKey>>(
        &self,
        caller: &Identity,
        of: KeysOf,
        is_wanted: impl Fn(&ApiKey) -> bool,
        order: impl Fn(&ApiKey, &ApiKey) -> Ordering,
        part: P,
    ) -> Result<P::Page, IamError> {
        let directory = self.directory();
        let foreign = of.everybody
            || of.group.is_some()
            || of
                .principal
                .is_some_and(|other| other != caller.principal());
        if foreign && !is_administrator(&directory, caller, caller.account()) {
            return Err(not_administrator("seeing the API keys of others"));
        }
        let account = caller.account();
        let one = [of.principal.unwrap_or(caller.principal())];
        let owners = match of.asks_for_all() {
            true => directory.principals_of(account),
            false => one.as_slice(),
        };
        let ids = owners
            .iter()
            .filter(|owner| of.has_owner(&directory, **owner))
            .flat_map(|owner| directory.keys_of(account, *owner));
        let keys = ids.filter_map(|id| directory.keys.get(id));
        let keys = keys.filter(|key| of.has(key) && is_wanted(key));
        let keys: Vec<&ApiKey> = keys.collect();
        Ok(part.cut(keys, |a, b| {
            let by_name = || (&a.name, a.created_at, a.id).cmp(&(&b.name, b.created_at, b.id));
            order(a, b).then_with(by_name)
        }))
    }

    /// One key.
    ///
    /// # Errors
    /// When the caller does not see it.
    pub async fn api_key(&self, caller: &Identity, id: KeyId) -> Result<ApiKey, IamError> {
        self.found_at_any_node(|| self.known_api_key(caller, id))
            .await
    }

    fn known_api_key(&self, caller: &Identity, id: KeyId) -> Result<ApiKey, IamError> {
        let directory = self.directory();
        let seen = |key: &&ApiKey| {
            key.account == caller.account()
                && (key.principal == caller.principal()
                    || is_administrator(&directory, caller, caller.account()))
        };
        directory
            .keys
            .get(&id)
            .filter(seen)
            .cloned()
            .ok_or_else(|| IamError::not_found("the API key"))
    }

    /// The key with this text.
    ///
    /// # Errors
    /// When the caller sees no such key.
    pub async fn api_key_by_text(
        &self,
        caller: &Identity,
        text: &Secret<String>,
    ) -> Result<ApiKey, IamError> {
        self.found_at_any_node(|| self.known_api_key_by_text(caller, text))
            .await
    }

    /// The key with this text, if this node knows it.
    pub(super) fn known_api_key_by_text(
        &self,
        caller: &Identity,
        text: &Secret<String>,
    ) -> Result<ApiKey, IamError> {
        let hash = entropy::sha256(text.expose().as_bytes());
        let id = self.directory().keys.of_hash(&hash).map(|key| key.id);
        self.known_api_key(
            caller,
            id.ok_or_else(|| IamError::not_found("the API key"))?,
        )
    }

    /// Changes a key. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// When it is locked, or has changed since the tag was read; when its new end has passed, or would outlive the key of the
    /// credential.
    pub async fn update_api_key(
        &self,
        caller: &Identity,
        id: KeyId,
        if_match: &str,
        change: KeyChange,
    ) -> Result<ApiKey, IamError> {
        self.change_version(
            if_match,
            || self.changeable_key(caller, id),
            |key| self.change_key(caller, key, change.clone()),
        )
        .await
    }

    /// One key that the caller may change.
    async fn changeable_key(&self, caller: &Identity, id: KeyId) -> Result<ApiKey, IamError> {
        let find = || {
            let key = self.known_api_key(caller, id)?;
            unlocked(&key).map(|()| key)
        };
        self.found_at_any_node(find).await
    }

    async fn change_key(
        &self,
        caller: &Identity,
        key: ApiKey,
        change: KeyChange,
    ) -> Result<Option<ApiKey>, IamError> {
        let name = change
            .name
            .map_or(Ok(key.name.clone()), |text| name("name", &text))?;
        if let Some(description) = &change.description {
            text::check_description(description)?;
        }
        let now = self.0.clock.now();
        let expires_at = match change.expires_at {
            None => key.expires_at,
            Some(same) if same == key.expires_at => same,
            Some(requested) => {
                check_ahead(requested, now)?;
                match extends_life(&key, requested) {
                    true => {
                        self.is_proof_new_enough(caller, (key.principal, key.account))?;
                        caller.bounds().key_life(requested)?.expires_at()
                    }
                    false => requested,
                }
            }
        };
        let has_no_end_now = key.expires_at.is_some() && expires_at.is_none();
        let mut tx = self.0.db.begin().await?;
        let entry = about(caller, Action::KeyChanged, &key)
            .with("name", &name)
            .with_some("expires_at", expires_at.map(|at| at.0))
            .with_some("to", has_no_end_now.then_some("no end"));
        let changed_key = ApiKey {
            name,
            description: (change.description).unwrap_or_else(|| key.description.clone()),
            expires_at,
            modified_at: now,
            revision: key.revision.saturating_add(1),
            ..key.clone()
        };
        self.lock_account_of(&mut tx, caller, &key).await?;
        let is_stored = api_keys::change(&mut tx, &changed_key, key.revision).await?;
        let (old, new) = (&key.description, &changed_key.description);
        let entry = entry.with_changed("description", old, new);
        self.commit_version(tx, is_stored, (key, changed_key), entry)
            .await
    }

    /// Turns a switch of a key on or off.
    ///
    /// # Errors
    /// When the caller does not see the key, disables or enables a locked one, or enables one that outlives their own.
    pub async fn switch_api_key(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<KeyId>>,
        switch: Switch,
        on: bool,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let key = match switch {
            Switch::Locked => self.api_key(caller, id).await?,
            Switch::Disabled => self.changeable_key(caller, id).await?,
        };
        if matches!(switch, Switch::Disabled) && !on {
            caller.bounds().may_enable(&key)?;
            self.is_proof_new_enough(caller, (key.principal, key.account))?;
        }
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        self.lock_account_of(&mut tx, caller, &key).await?;
        version
            .check_stored(&mut tx, (Versioned::ApiKey, id.0))
            .await?;
        let is_switched = match switch {
            Switch::Locked => api_keys::set_locked(&mut tx, id, on, now).await?,
            Switch::Disabled => api_keys::set_disabled(&mut tx, id, on, now).await?,
        };
        if !is_switched {
            // The account is locked: what is stored now is what kept the switch from turning.
            let key = stored(&mut tx, id).await?;
            drop(tx);
            self.sync().await?;
            if matches!(switch, Switch::Disabled) {
                unlocked(&key)?;
            }
            // It is so already; perhaps another request, or another node, has made it so.
            return Ok(());
        }
        let what = match (switch, on) {
            (Switch::Locked, true) => "locked",
            (Switch::Locked, false) => "unlocked",
            (Switch::Disabled, true) => "disabled",
            (Switch::Disabled, false) => "enabled",
        };
        let entry = about(caller, Action::KeySwitched, &key);
        self.commit(tx, entry.with("to", what)).await
    }

    /// Deletes a key: from the moment this returns, the key and all tokens made with it are refused.
    ///
    /// # Errors
    /// When the caller does not see it, or it is locked.
    pub async fn delete_api_key(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<KeyId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let key = self.changeable_key(caller, id).await?;
        let mut tx = self.0.db.begin().await?;
        self.lock_account_of(&mut tx, caller, &key).await?;
        version
            .check_stored(&mut tx, (Versioned::ApiKey, id.0))
            .await?;
        if !api_keys::delete(&mut tx, id).await? {
            // Another request, or another node, has locked it or deleted it. The account is locked: it is not unlocked meanwhile.
            let key = stored(&mut tx, id).await;
            drop(tx);
            self.sync().await?;
            return Err(locked(key?.as_ref()));
        }
        activity::delete_of_key(&mut tx, &key).await?;
        self.commit(tx, about(caller, Action::KeyDeleted, &key))
            .await
    }

    /// Locks the account of a key that the caller may still change: it is their own, or they still administer the account.
    async fn lock_account_of(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        key: &ApiKey,
    ) -> Result<(), IamError> {
        let what = "changing the API keys of others";
        self.lock_for_owner(tx, caller, key.account, key.principal, what)
            .await
    }
}

/// The key as it is in the transaction. The account is locked.
async fn stored(tx: &mut Tx, id: KeyId) -> Result<Arc<ApiKey>, IamError> {
    let found = api_keys::of(tx, id).await?.into_iter().next();
    found.ok_or_else(|| IamError::not_found("the API key"))
}

fn unlocked(key: &ApiKey) -> Result<(), IamError> {
    match key.locked {
        true => Err(locked(key)),
        false => Ok(()),
    }
}

fn locked(key: &ApiKey) -> IamError {
    let message = format!("the API key `{}` is locked: unlock it first", key.name);
    let what = match key.principal {
        Principal::User(_) => Lockable::Key,
        _ => Lockable::ServiceKey,
    };
    IamError::locked(what, message)
}

/// Whether a change extends the key's life: then the credential's own expiry bounds it.
fn extends_life(key: &ApiKey, requested: Option<Millis>) -> bool {
    match (requested, key.expires_at) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(requested), Some(now)) => requested > now,
    }
}
