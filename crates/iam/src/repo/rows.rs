//! The rows of the directory: all of them, or those that a few changes are about. They are read at one moment of the
//! database and decoded later, because decoding takes time and must not run on a reactor thread.

use crate::error::IamError;
use crate::model::directory::change::{Change, Changed};
use crate::model::role::Role;
use db::{Row, Tx, Value};

/// Two statements for one table: all rows, and the rows of one id.
struct Table {
    all: &'static str,
    one: &'static str,
}

/// `$select`, and the column of the id.
macro_rules! table {
    ($select:literal, $key:literal) => {
        Table {
            all: $select,
            one: concat!($select, " WHERE ", $key, " = $1"),
        }
    };
}

const ACCOUNTS: Table = table!(
    "SELECT guid, name, owner, created_at, deleted_at FROM accounts",
    "guid"
);
const LIMITS: Table = table!("SELECT account, name, value FROM account_limits", "account");
const REGIONS: &str = "SELECT name, display_name FROM regions ORDER BY name";
const ORGS: Table = table!(
    "SELECT guid, account, region, name, created_at, updated_at FROM orgs",
    "guid"
);
const SPACES: Table = table!(
    "SELECT guid, org, name, created_at, updated_at FROM spaces",
    "guid"
);
const USERS: Table = table!(
    "SELECT guid, home, email, given_name, family_name, created_at, password_changed_at FROM users",
    "guid"
);
const MEMBERS: Table = table!(
    "SELECT account, principal, principals.kind AS principal_kind, added_at FROM members \
     JOIN principals ON principals.guid = members.principal",
    "members.principal"
);
/// A departure matters only while the principal is in the account again.
const DEPARTURES: Table = table!(
    "SELECT departures.account, departures.principal, principals.kind AS principal_kind, left_at FROM departures \
     JOIN principals ON principals.guid = departures.principal JOIN members ON members.account = departures.account AND members.principal = departures.principal",
    "departures.principal"
);
const ROLES: Table = table!(
    "SELECT principal, principals.kind AS principal_kind, domain, role FROM roles \
     JOIN principals ON principals.guid = roles.principal",
    "roles.principal"
);
const DOMAINS: Table = table!(
    "SELECT tenant, domain, resolution_seconds, key_before_names, schemas, aggregation, retired_at FROM domains",
    "domain"
);
const DELETIONS: Table = table!(
    "SELECT tenant, domain, account, org, name, deleted_at, deleted_with, due_at FROM deletions",
    "domain"
);
const MANAGERS: Table = Table {
    all: "SELECT principal, principals.kind AS principal_kind, domain FROM deleted_roles \
          JOIN principals ON principals.guid = deleted_roles.principal WHERE role = $1",
    one: "SELECT principal, principals.kind AS principal_kind, domain FROM deleted_roles \
          JOIN principals ON principals.guid = deleted_roles.principal WHERE role = $1 AND domain = $2",
};
const KEYS: Table = table!(
    "SELECT api_keys.guid, account, principal, principals.kind AS principal_kind, name, description, hash, locked, disabled, \
     revision, expires_at, created_at, modified_at, reach_domain, reach_only FROM api_keys \
     JOIN principals ON principals.guid = api_keys.principal",
    "api_keys.guid"
);
const ISSUERS: &str = "SELECT issuer, kind FROM issuers";

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) accounts: Vec<Row>,
    pub(crate) limits: Vec<Row>,
    /// All of them, or none if no change is about them.
    pub(crate) regions: Option<Vec<Row>>,
    pub(crate) orgs: Vec<Row>,
    pub(crate) spaces: Vec<Row>,
    pub(crate) users: Vec<Row>,
    pub(crate) members: Vec<Row>,
    pub(crate) departures: Vec<Row>,
    pub(crate) roles: Vec<Row>,
    pub(crate) domains: Vec<Row>,
    pub(crate) deletions: Vec<Row>,
    /// The managers of deleted domains.
    pub(crate) managers: Vec<Row>,
    pub(crate) keys: Vec<Row>,
    /// Like the regions.
    pub(crate) issuers: Option<Vec<Row>>,
}

impl Rows {
    /// All rows.
    pub(crate) async fn all(tx: &mut Tx) -> Result<Self, IamError> {
        let manager = [Value::from(Role::Manager.name())];
        Ok(Self {
            accounts: tx.all(ACCOUNTS.all, &[]).await?,
            limits: tx.all(LIMITS.all, &[]).await?,
            regions: Some(tx.all(REGIONS, &[]).await?),
            orgs: tx.all(ORGS.all, &[]).await?,
            spaces: tx.all(SPACES.all, &[]).await?,
            users: tx.all(USERS.all, &[]).await?,
            members: tx.all(MEMBERS.all, &[]).await?,
            departures: tx.all(DEPARTURES.all, &[]).await?,
            roles: tx.all(ROLES.all, &[]).await?,
            domains: tx.all(DOMAINS.all, &[]).await?,
            deletions: tx.all(DELETIONS.all, &[]).await?,
            managers: tx.all(MANAGERS.all, &manager).await?,
            keys: tx.all(KEYS.all, &[]).await?,
            issuers: Some(tx.all(ISSUERS, &[]).await?),
        })
    }

    /// The rows that the changes are about, as they are now.
    pub(crate) async fn of(tx: &mut Tx, changed: &Changed) -> Result<Self, IamError> {
        let mut own = Self::default();
        for change in changed.iter() {
            let id = |text: String| [Value::from(text)];
            match *change {
                Change::Account(account) => {
                    let id = id(account.to_string());
                    own.accounts.extend(tx.all(ACCOUNTS.one, &id).await?);
                }
                Change::Limits(account) => {
                    let id = id(account.to_string());
                    own.limits.extend(tx.all(LIMITS.one, &id).await?);
                }
                Change::Regions => own.regions = Some(tx.all(REGIONS, &[]).await?),
                Change::Org(org) => {
                    own.orgs
                        .extend(tx.all(ORGS.one, &id(org.to_string())).await?);
                }
                Change::Space(space) => {
                    let id = id(space.to_string());
                    own.spaces.extend(tx.all(SPACES.one, &id).await?);
                }
                Change::User(user) => {
                    let id = id(user.0.to_string());
                    own.users.extend(tx.all(USERS.one, &id).await?);
                }
                Change::Principal(guid) => {
                    let id = id(guid.to_string());
                    own.members.extend(tx.all(MEMBERS.one, &id).await?);
                    own.departures.extend(tx.all(DEPARTURES.one, &id).await?);
                    own.roles.extend(tx.all(ROLES.one, &id).await?);
                }
                Change::Domain(domain) => {
                    let id = id(domain.to_string());
                    own.domains.extend(tx.all(DOMAINS.one, &id).await?);
                }
                Change::Deletion(domain) => {
                    let id = id(domain.to_string());
                    own.deletions.extend(tx.all(DELETIONS.one, &id).await?);
                    let [id] = id;
                    let values = [Role::Manager.name().into(), id];
                    own.managers.extend(tx.all(MANAGERS.one, &values).await?);
                }
                Change::Key(key) => {
                    let id = id(key.0.to_string());
                    own.keys.extend(tx.all(KEYS.one, &id).await?);
                }
                Change::Issuers => own.issuers = Some(tx.all(ISSUERS, &[]).await?),
                // Not part of the directory.
                Change::SigningKeys => {}
            }
        }
        Ok(own)
    }
}
