//! Only the operator creates accounts: the first with `vigied init`, further ones with `vigied account create`.

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::flow::password;
use crate::manage::invitation;
use crate::model::address::Address;
use crate::model::bounds::KeyLife;
use crate::model::directory::{ApiKey, Org, Space, User};
use crate::model::role::Role;
use crate::model::text::name;
use crate::refusal::Remedy;
use crate::repo::users::NewUser;
use crate::repo::{accounts, api_keys, orgs, regions, spaces};
use crate::repo::{invitation_roles, members, roles, users};
use crate::service::Iam;
use crate::{entropy, key_text, tenant_numbers};
use base::id::{AccountId, KeyId, OrgId, SpaceId};
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;

/// The names of a new account and its parts, and its owner.
#[derive(Debug)]
pub struct Request {
    /// Name of the account.
    pub account: String,
    /// Name of the region. The first account creates it; for further accounts it must exist (none: the first by name).
    pub region: Option<String>,
    /// Name of the organization.
    pub org: String,
    /// Name of the space.
    pub space: String,
    /// E-mail address of the owner.
    pub owner: String,
    /// A new owner's password; one is generated if this is none.
    pub password: Option<Secret<String>>,
}

/// A created account with the credentials of its owner.
#[derive(Debug)]
pub struct Created {
    /// The account.
    pub account: AccountId,
    /// The region of the organization.
    pub region: String,
    /// The organization.
    pub org: OrgId,
    /// The space.
    pub space: SpaceId,
    /// The owner, or the invited owner: see `code`.
    pub owner: User,
    /// The initial credentials of a new owner; none for an existing user, who keeps their own.
    pub opening: Option<InitialCredentials>,
    /// A one-time code for the owner, if the existing user of the address redeemed a code that somebody else had seen:
    /// then the owner is only invited, and owns the account after accepting.
    pub code: Option<Secret<String>>,
}

/// A new owner's initial credentials. They can be read here only.
#[derive(Debug)]
pub struct InitialCredentials {
    /// The password.
    pub password: Secret<String>,
    /// The API key, for the new account.
    pub api_key: Secret<String>,
}

/// The region of the first account if none is named.
const REGION: &str = "local";

impl Iam {
    /// Creates the first account with its region, organization, space and owner, who gets every role, a password and a
    /// key.
    ///
    /// # Errors
    /// [`IamError::AlreadyInitialised`] when an account exists.
    pub async fn bootstrap(&self, request: Request) -> Result<Created, IamError> {
        if self.is_initialised() {
            return Err(IamError::AlreadyInitialised);
        }
        self.make(request, true).await
    }

    /// Creates a further account. Its owner is a new user or an existing one.
    ///
    /// # Errors
    /// [`IamError::NotInitialised`] before the first account; refused when a name is taken or invalid.
    pub async fn create_account(&self, request: Request) -> Result<Created, IamError> {
        if !self.is_initialised() {
            return Err(IamError::NotInitialised);
        }
        self.make(request, false).await
    }

    async fn make(&self, request: Request, is_first: bool) -> Result<Created, IamError> {
        let now = self.0.clock.now();
        let account = AccountId(entropy::guid());
        let address = Address::parse(&request.owner)?;
        let known = self.directory().user_by_email(&address.text).cloned();
        let is_new = known.is_none();
        let mut owner = known.unwrap_or_else(|| users::new_user(account, &address.text, now));
        // Hashing is slow, so it happens before the transaction begins.
        let opening = match is_new {
            true => Some(self.opening(&address, request.password).await?),
            false => None,
        };
        let region = self.region(request.region, is_first)?;
        let (org, space) = first_places(account, region, (&request.org, &request.space), now)?;
        let called = name("account", &request.account)?;
        let mut tx = self.0.db.begin().await?;
        if is_first {
            tenant_numbers::number_identity(&mut tx, None).await?;
            regions::insert(&mut tx, &org.region, now).await?;
        }
        let is_proven = match is_new {
            true => true,
            false => users::lock_proven(&mut tx, owner.id).await?,
        };
        let new_account = accounts::insert(&mut tx, account, &called, &owner, now)
            .await
            .map_err(|error| account_taken(error, &called))?;
        let mut code = None;
        match &opening {
            Some((hash, _)) => {
                let new = NewUser {
                    user: &owner,
                    folded: &address.folded,
                    password: hash,
                    proof: users::BY_OPERATOR,
                };
                new.insert(&mut tx).await.map_err(taken(
                    "somebody has begun with this address at this moment: try again",
                ))?;
            }
            None if is_proven => members::join(&mut tx, account, owner.id, now).await?,
            None => {
                let config = &self.0.config.invitations;
                let (id, text) =
                    invitation::of_owner(&mut tx, account, &address, now, config).await?;
                owner = users::new_user(account, &address.text, now);
                owner.id = id;
                code = Some(text);
            }
        }
        let new_org = orgs::insert(&mut tx, &org).await?;
        let new_space = spaces::insert(&mut tx, &space).await?;
        for (domain, role) in [
            (Domain::Account(account), Role::Administrator),
            (Domain::Org(org.id), Role::Manager),
            (Domain::Space(space.id), Role::Manager),
            (Domain::Space(space.id), Role::Developer),
        ] {
            match &code {
                Some(_) => invitation_roles::add(&mut tx, owner.id.0, domain, role).await?,
                None => roles::grant(&mut tx, owner.id, domain, role).await?,
            };
        }
        let mut entries = Entry::by_operator(Action::AccountMade)
            .in_account(account)
            .on(account)
            .with("name", &called)
            .with("owner", owner.id)
            .with("email", &owner.email)
            .with("org", org.id)
            .with("space", space.id)
            .into_entries();
        if let Some((_, opening)) = &opening {
            let made = Entry::by_operator(Action::UserMade).in_account(account);
            entries = entries.and(made.on(owner.id).with("email", &owner.email));
            let key = first_key(account, &owner, opening, now);
            api_keys::insert(&mut tx, &key, KeyLife::BY_OPERATOR).await?;
            let made = Entry::by_operator(Action::KeyMade).in_account(account);
            entries = entries.and(
                made.on(key.id)
                    .with("owner", owner.id)
                    .with("name", &key.name),
            );
        }
        for made in [new_account, new_org, new_space] {
            made.allocate(&mut tx).await?;
        }
        self.commit(tx, entries).await?;
        Ok(Created {
            account,
            region: org.region,
            org: org.id,
            space: space.id,
            owner,
            opening: opening.map(|(_, opening)| opening),
            code,
        })
    }

    /// The initial credentials of a new owner, and the hash of their password.
    async fn opening(
        &self,
        address: &Address,
        password: Option<Secret<String>>,
    ) -> Result<(String, InitialCredentials), IamError> {
        let password = password.unwrap_or_else(password::generate);
        let hash = password::prepare(self, Source::here(), &address.text, password.clone()).await?;
        let api_key = key_text::generate();
        Ok((hash, InitialCredentials { password, api_key }))
    }

    fn region(&self, requested: Option<String>, is_first: bool) -> Result<String, IamError> {
        if is_first {
            return Ok(name("region", requested.as_deref().unwrap_or(REGION))?);
        }
        let regions = self.regions();
        let found = match &requested {
            Some(requested) => regions.iter().find(|region| region.name == *requested),
            None => regions.first(),
        };
        match (found, requested) {
            (Some(region), _) => Ok(region.name.clone()),
            (None, Some(requested)) => Err(IamError::invalid(
                "region",
                format!("there is no region `{requested}`"),
            )),
            (None, None) => Err(IamError::NotInitialised),
        }
    }
}

/// The organization and the space that an account begins with.
fn first_places(
    account: AccountId,
    region: String,
    (org, space): (&str, &str),
    now: Millis,
) -> Result<(Org, Space), IamError> {
    let org = Org {
        id: OrgId(entropy::guid()),
        account,
        region,
        name: name("org", org)?,
        created_at: now,
        updated_at: now,
    };
    let space = Space {
        id: SpaceId(entropy::guid()),
        org: org.id,
        name: name("space", space)?,
        created_at: now,
        updated_at: now,
    };
    Ok((org, space))
}

/// The key that an owner begins with.
fn first_key(
    account: AccountId,
    owner: &User,
    opening: &InitialCredentials,
    now: Millis,
) -> ApiKey {
    ApiKey {
        id: KeyId(entropy::guid()),
        account,
        principal: owner.id.into(),
        made_by: None,
        name: "owner".to_owned(),
        description: "made with the account".to_owned(),
        narrowing: crate::model::bounds::Narrowing::NONE,
        hash: entropy::sha256(opening.api_key.expose().as_bytes()),
        locked: false,
        disabled: false,
        revision: 1,
        expires_at: None,
        created_at: now,
        modified_at: now,
    }
}

fn account_taken(error: IamError, called: &str) -> IamError {
    error.if_unique(|| {
        let message = format!("an account `{called}` exists");
        IamError::conflict_with_remedy(message, Remedy::AnotherAccountName)
    })
}

fn taken(message: &'static str) -> impl FnOnce(IamError) -> IamError {
    move |error: IamError| error.if_unique(|| IamError::conflict(message))
}
