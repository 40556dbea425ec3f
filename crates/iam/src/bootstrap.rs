//! The first account: made once, by `vigied init`.

use crate::directory::{ApiKey, Org, Space};
use crate::error::IamError;
use crate::login::password;
use crate::manage::{api_key, org, people, space};
use crate::role::Role;
use crate::service::Iam;
use crate::{entropy, key_text};
use base::id::{AccountId, KeyId, OrgId, SpaceId};
use base::scope::Domain;
use base::secret::Secret;
use db::Value;

/// What the first account shall be called.
#[derive(Debug)]
pub struct Request {
    /// Name of the account.
    pub account: String,
    /// Name of the region.
    pub region: String,
    /// Name of the organization.
    pub org: String,
    /// Name of the space.
    pub space: String,
    /// E-mail address of the owner.
    pub user: String,
    /// The owner's password; none makes one.
    pub password: Option<Secret<String>>,
}

/// What was made. Password and key are readable here and nowhere else.
#[derive(Debug)]
pub struct Bootstrap {
    /// The account.
    pub account: AccountId,
    /// The organization.
    pub org: OrgId,
    /// The space.
    pub space: SpaceId,
    /// The owner's password.
    pub password: Secret<String>,
    /// The owner's API key.
    pub api_key: Secret<String>,
}

impl Iam {
    /// Makes account, region, organization, space and owner, with every role, a password and an API key.
    ///
    /// # Errors
    /// [`IamError::AlreadyInitialised`] when there is an account.
    pub async fn bootstrap(&self, request: Request) -> Result<Bootstrap, IamError> {
        if self.is_initialised() {
            return Err(IamError::AlreadyInitialised);
        }
        let now = self.0.clock.now();
        let password = request.password.unwrap_or_else(password::generate);
        let hash = password::prepare(self, password.clone()).await?;
        let account = AccountId(entropy::guid());
        let owner = people::new_user(account, &people::address(&request.user)?, now);
        let api_key = key_text::generate();
        let mut tx = self.0.db.begin().await?;
        let sql = "INSERT INTO accounts (guid, name, owner, created_at) VALUES ($1, $2, $3, $4)";
        let values = [
            Value::from(account.to_string()),
            request.account.into(),
            owner.id.0.to_string().into(),
            now.0.into(),
        ];
        tx.execute(sql, &values).await?;
        Self::allocate(&mut tx, Domain::Account(account)).await?;
        let sql = "INSERT INTO regions (name, display_name, created_at) VALUES ($1, $2, $3)";
        tx.execute(
            sql,
            &[
                request.region.as_str().into(),
                request.region.as_str().into(),
                now.0.into(),
            ],
        )
        .await?;
        people::insert(&mut tx, &owner, &hash).await?;
        let org = Org {
            id: OrgId(entropy::guid()),
            account,
            region: request.region,
            name: request.org,
            created_at: now,
            updated_at: now,
        };
        org::insert(&mut tx, &org).await?;
        let space = Space {
            id: SpaceId(entropy::guid()),
            org: org.id,
            name: request.space,
            created_at: now,
            updated_at: now,
        };
        space::insert(&mut tx, &space).await?;
        for (domain, role) in [
            (Domain::Account(account), Role::Administrator),
            (Domain::Org(org.id), Role::Manager),
            (Domain::Space(space.id), Role::Manager),
            (Domain::Space(space.id), Role::Developer),
        ] {
            people::grant(&mut tx, owner.id, domain, role).await?;
        }
        let key = ApiKey {
            id: KeyId(entropy::guid()),
            user: owner.id,
            name: "owner".to_owned(),
            description: "made by `vigied init`".to_owned(),
            hash: entropy::sha256(api_key.expose().as_bytes()),
            locked: false,
            disabled: false,
            revision: 1,
            expires_at: None,
            created_at: now,
            modified_at: now,
        };
        api_key::insert(&mut tx, &key).await?;
        self.commit(tx).await?;
        Ok(Bootstrap {
            account,
            org: org.id,
            space: space.id,
            password,
            api_key,
        })
    }
}
