//! New API keys: everybody makes them for themselves, and an Administrator for the service IDs of the account.

use super::chosen_key;
use crate::audit::{Action, Entry};
use crate::caller_roles::CallerRoles;
use crate::error::{AuthError, IamError};
use crate::model::bounds::{KeyLife, Narrowing};
use crate::model::caller_roles::hidden;
use crate::model::directory::{ApiKey, ProvenPrincipal, Service};
use crate::model::room::full;
use crate::model::text;
use crate::model::text::name;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::accounts::lock_active;
use crate::repo::api_keys;
use crate::repo::counts::CountedItem;
use crate::repo::members::is_still_member;
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::token::identity::Identity;
use crate::{entropy, key_text};
use base::id::{AccountId, KeyId};
use base::limit;
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// A new key.
#[derive(Debug, Default)]
pub struct NewKey {
    /// The service ID that it proves; if none, the caller.
    pub owner: Option<Principal>,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// A text chosen by the caller; if none, one is generated.
    pub text: Option<Secret<String>>,
    /// Created locked.
    pub locked: bool,
    /// Created disabled.
    pub disabled: bool,
    /// When it stops working.
    pub expires_at: Option<Millis>,
    /// The rights of its owner that the key has.
    pub narrowing: Narrowing,
}

/// A new key, checked as far as possible without the database.
pub(super) struct PreparedKey {
    pub(super) key: ApiKey,
    pub(super) text: Secret<String>,
    life: KeyLife,
}

/// Refuses an end that has passed: such a key would open nothing.
pub(super) fn check_ahead(expires_at: Option<Millis>, now: Millis) -> Result<(), Refusal> {
    if expires_at.is_none_or(|at| at > now) {
        return Ok(());
    }
    let message = "`expires_at` has passed already: such a key would open nothing";
    Err(Refusal::invalid("expires_at", message))
}

impl Iam {
    /// Creates a key in the credential's account; only this call returns its text.
    ///
    /// # Errors
    /// When a field is invalid, the expiry has passed, the text is in use, or the key would outlive the key of the
    /// credential; for a service ID, without Administrator of the account, and when it is locked; where the account lets
    /// Administrators alone make keys.
    pub async fn create_api_key(
        &self,
        caller: &Identity,
        new: NewKey,
    ) -> Result<(ApiKey, Secret<String>), IamError> {
        self.may_make_keys(caller)?;
        self.create_api_key_as(caller, KeyId(entropy::guid()), new)
            .await
    }

    /// As [`Self::create_api_key`], with this id, which nothing else has.
    pub(crate) async fn create_api_key_as(
        &self,
        caller: &Identity,
        id: KeyId,
        new: NewKey,
    ) -> Result<(ApiKey, Secret<String>), IamError> {
        let service = self.service_for_key(caller, new.owner).await?;
        let made = self.prepare_key(caller, id, new).await?;
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, made.key.account).await?;
        match &service {
            Some(service) => {
                let what = "making API keys of service IDs";
                self.lock_service(&mut tx, caller, service, what).await?;
            }
            None => self.may_still_make_keys(&mut tx, caller).await?,
        }
        let entry = self.store_key(&mut tx, caller, &made).await?;
        self.commit(tx, entry).await?;
        Ok((made.key, made.text))
    }

    /// The service ID that a key is for, if it is not for the caller.
    async fn service_for_key(
        &self,
        caller: &Identity,
        owner: Option<Principal>,
    ) -> Result<Option<Service>, IamError> {
        match owner.filter(|owner| *owner != caller.principal()) {
            // It would go on acting as the profile when nobody may take it on any more.
            None if matches!(caller.principal(), Principal::Profile(_)) => Err(
                IamError::forbidden("a trusted profile has no API keys: make one for a service ID"),
            ),
            None => Ok(None),
            Some(Principal::Service(id)) => {
                let what = "making API keys of service IDs";
                self.changeable_service(caller, id, what).await.map(Some)
            }
            Some(_) => Err(IamError::forbidden(
                "a key can be made for yourself or for a service ID",
            )),
        }
    }

    /// Checks a new key. Whether the caller may make it for its owner has been checked.
    pub(super) async fn prepare_key(
        &self,
        caller: &Identity,
        id: KeyId,
        new: NewKey,
    ) -> Result<PreparedKey, IamError> {
        let life = caller.bounds().key_life(new.expires_at)?;
        let text = match new.text {
            None => key_text::generate(),
            Some(text) => {
                chosen_key::check(text.expose())?;
                text
            }
        };
        text::check_description(&new.description)?;
        let principal = new.owner.unwrap_or(caller.principal());
        self.found_at_any_node(|| self.may_reach(caller, principal, &new.narrowing))
            .await?;
        self.is_proof_new_enough(caller, (principal, caller.account()))?;
        let now = self.0.clock.now();
        check_ahead(new.expires_at, now)?;
        let key = ApiKey {
            id,
            account: caller.account(),
            principal,
            made_by: Some(caller.principal()).filter(|maker| *maker != principal),
            name: name("name", &new.name)?,
            description: new.description,
            narrowing: new.narrowing,
            hash: entropy::sha256(text.expose().as_bytes()),
            locked: new.locked,
            disabled: new.disabled,
            revision: 1,
            expires_at: life.expires_at(),
            created_at: now,
            modified_at: now,
        };
        Ok(PreparedKey { key, text, life })
    }

    /// Writes a new key, and returns its entry. The account is locked.
    pub(super) async fn store_key(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        made: &PreparedKey,
    ) -> Result<Entry, IamError> {
        let key = &made.key;
        if !is_still_member(tx, key.account, key.principal).await? {
            return Err(IamError::not_found("the account"));
        }
        check_not_revoked(tx, caller, key.created_at).await?;
        self.check_room(
            tx,
            key.account,
            &limit::API_KEYS_PER_ACCOUNT,
            CountedItem::Keys,
        )
        .await?;
        room_for_one_more(tx, key, self.0.config.limits.keys_per_user).await?;
        api_keys::insert(tx, key, made.life)
            .await
            .map_err(|error| error.if_unique(|| self.text_taken(caller, &made.text)))?;
        let entry = about(caller, Action::KeyMade, key);
        Ok(entry
            .with_some("expires_at", key.expires_at.map(|at| at.0))
            .with_some("reach", key.narrowing.domain)
            .with_some("only", key.narrowing.only()))
    }

    /// Refuses a key for a domain in which its owner has no role, or for another account's domain: it would be useless,
    /// and would reveal that the domain exists.
    fn may_reach(
        &self,
        caller: &Identity,
        owner: Principal,
        requested: &Narrowing,
    ) -> Result<(), IamError> {
        let Some(domain) = requested.domain else {
            return Ok(());
        };
        let directory = self.directory();
        let is_own = directory.account_of(domain) == Some(caller.account());
        let proven = match owner == caller.principal() {
            true => caller.proven(),
            false => ProvenPrincipal::now(owner),
        };
        if is_own && directory.has_access(proven, domain) {
            return Ok(());
        }
        let who = match owner == caller.principal() {
            true => "you have",
            false => "the service ID has",
        };
        let message = format!(
            "`reach.domain`: `{domain}` does not exist in the account of the credential, or {who} no role in it"
        );
        let problem = Refusal::new(Reason::NotFound, message).field("reach.domain");
        let hidden = hidden(
            &directory,
            (caller.proven(), Some(caller.account())),
            domain,
        );
        let remedy = match (hidden.roles, hidden.holder) {
            _ if hidden.is_proof_too_old && owner == caller.principal() => Remedy::LogInAgain,
            (CallerRoles::NoRole | CallerRoles::AccountAlone, Some(holder)) => {
                Remedy::AskForRole(holder)
            }
            _ => Remedy::NameSpace,
        };
        Err(IamError::Refused(problem.remedy(remedy)))
    }

    /// Refuses its own holder a key that would be good for longer, be it new, enabled or given a later end, if a dynamic rule of an access
    /// group of its account lets them in no more for the age of their proof: a key proves at every request who they are, and would let
    /// them in again without a login.
    pub(super) fn is_proof_new_enough(
        &self,
        caller: &Identity,
        (holder, account): (Principal, AccountId),
    ) -> Result<(), IamError> {
        let is_own = holder == caller.principal();
        if !is_own || !self.directory().has_lapsed(caller.proven(), Some(account)) {
            return Ok(());
        }
        let message = "your login is too old for a dynamic rule of an access group that you are in, and a key would open to you again what it \
                       opens";
        let refusal = Refusal::new(Reason::NotAllowed, message);
        Err(IamError::Refused(refusal.remedy(Remedy::LogInAgain)))
    }

    /// Only a caller who may see the existing key with this text is told about it.
    fn text_taken(&self, caller: &Identity, text: &Secret<String>) -> IamError {
        match self.known_api_key_by_text(caller, text) {
            Ok(key) => IamError::conflict(format!(
                "this text is that of the API key `{}` already",
                key.name
            )),
            Err(_) => chosen_key::refused(),
        }
    }
}

/// An entry about a key.
pub(super) fn about(caller: &Identity, action: Action, key: &ApiKey) -> Entry {
    Entry::by(caller, action)
        .in_account(key.account)
        .on(key.id)
        .with("owner", key.principal)
        .with("name", &key.name)
}

/// The account is locked, so that concurrent requests cannot exceed the limit together.
pub(super) async fn room_for_one_more(
    tx: &mut Tx,
    key: &ApiKey,
    most: u64,
) -> Result<(), IamError> {
    let count = api_keys::count_of(tx, key.account, key.principal).await?;
    if count < most {
        return Ok(());
    }
    let holder = match key.made_by {
        None => "you have",
        Some(_) => "the service ID has",
    };
    let refusal = full(holder, count, &limit::KEYS_PER_USER, most);
    Err(refusal.remedy(Remedy::DeleteKeys).into())
}

/// Ensures, within the transaction, that the credential was not revoked meanwhile.
pub(super) async fn check_not_revoked(
    tx: &mut Tx,
    caller: &Identity,
    now: Millis,
) -> Result<(), IamError> {
    match credentials::lock(tx, caller.bounds(), now).await {
        Err(IamError::Refused(_)) => {
            let why = "its session or API key has ended at this moment";
            Err(AuthError::Revoked(why).into())
        }
        other => other,
    }
}
