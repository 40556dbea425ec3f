//! Everything that deciding needs, in memory: an immutable snapshot, replaced as a whole after every change.

mod deleted;
mod entry;
mod sorted;

pub use deleted::Deleted;
pub use entry::{Account, ApiKey, DomainEntry, Member, Org, Region, Space, User};

use crate::departures::Departures;
use crate::error::IamError;
use crate::manage::address;
use crate::role::Role;
use crate::token::issuer::Issuers;
use base::id::{AccountId, Guid, KeyId, OrgId, SpaceId, TenantId, UserId};
use base::scope::{Actions, Domain};
use base::time::Millis;
use db::{Db, Row};
use std::collections::{BTreeMap, HashMap};

/// The snapshot.
#[derive(Debug, Default)]
pub struct Directory {
    pub(crate) changes: i64,
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    pub(crate) account_limits: HashMap<AccountId, HashMap<String, u64>>,
    pub(crate) regions: Vec<Region>,
    pub(crate) orgs: BTreeMap<OrgId, Org>,
    pub(crate) spaces: BTreeMap<SpaceId, Space>,
    pub(crate) users: HashMap<UserId, User>,
    /// Users by their address as it is compared; no two have the same.
    pub(crate) users_by_address: HashMap<String, UserId>,
    /// Who is in which account, and since when.
    pub(crate) members: HashMap<(AccountId, UserId), Millis>,
    pub(crate) departures: Departures,
    pub(crate) domains: HashMap<Domain, DomainEntry>,
    /// What was deleted and whose samples are still to go, in the order in which they go.
    pub(crate) deletions: Vec<Deleted>,
    /// By person first: what somebody may see is found by looking through his roles, not through all domains.
    pub(crate) roles: HashMap<UserId, HashMap<Domain, Vec<Role>>>,
    pub(crate) keys: HashMap<KeyId, ApiKey>,
    pub(crate) keys_by_hash: HashMap<[u8; 32], KeyId>,
    pub(crate) issuers: Issuers,
    sorted: sorted::Sorted,
}

impl Directory {
    /// Reads everything.
    pub(crate) async fn load(db: &Db) -> Result<Self, IamError> {
        let mut own = Self {
            changes: changes(db).await?,
            issuers: Issuers::load(db).await?,
            ..Self::default()
        };
        for row in db
            .all(
                "SELECT guid, name, owner, created_at FROM accounts WHERE deleted_at IS NULL",
                &[],
            )
            .await?
        {
            let id = parse(&row, "guid", "an account GUID")?;
            let owner = UserId(parse_guid(&row, "owner")?);
            own.accounts.insert(
                id,
                Account {
                    id,
                    name: row.text("name")?,
                    owner,
                    created_at: at(&row, "created_at")?,
                },
            );
        }
        let limits = "SELECT account, name, value FROM account_limits";
        for row in db.all(limits, &[]).await? {
            let account = parse(&row, "account", "an account GUID")?;
            let value = u64::try_from(row.int("value")?).unwrap_or_default();
            let own: &mut HashMap<_, _> = own.account_limits.entry(account).or_default();
            own.insert(row.text("name")?, value);
        }
        for row in db
            .all("SELECT name, display_name FROM regions ORDER BY name", &[])
            .await?
        {
            own.regions.push(Region {
                name: row.text("name")?,
                display_name: row.text("display_name")?,
            });
        }
        for row in db
            .all(
                "SELECT guid, account, region, name, created_at, updated_at FROM orgs",
                &[],
            )
            .await?
        {
            let org = Org {
                id: parse(&row, "guid", "an organization GUID")?,
                account: parse(&row, "account", "an account GUID")?,
                region: row.text("region")?,
                name: row.text("name")?,
                created_at: at(&row, "created_at")?,
                updated_at: at(&row, "updated_at")?,
            };
            // Of an account that was deleted nothing is seen: neither places nor members, and so no roles, keys or tokens.
            if own.accounts.contains_key(&org.account) {
                own.orgs.insert(org.id, org);
            }
        }
        for row in db
            .all(
                "SELECT guid, org, name, created_at, updated_at FROM spaces",
                &[],
            )
            .await?
        {
            let space = Space {
                id: parse(&row, "guid", "a space GUID")?,
                org: parse(&row, "org", "an organization GUID")?,
                name: row.text("name")?,
                created_at: at(&row, "created_at")?,
                updated_at: at(&row, "updated_at")?,
            };
            if own.orgs.contains_key(&space.org) {
                own.spaces.insert(space.id, space);
            }
        }
        own.load_people(db).await?;
        own.deletions = deleted::load(db).await?;
        own.load_keys(db).await?;
        own.sorted = sorted::Sorted::of(&own);
        Ok(own)
    }

    async fn load_people(&mut self, db: &Db) -> Result<(), IamError> {
        let users = "SELECT guid, home, email, folded, given_name, family_name, created_at, password_changed_at FROM users";
        for row in db.all(users, &[]).await? {
            let id = UserId(parse_guid(&row, "guid")?);
            let user = User {
                id,
                home: parse(&row, "home", "an account GUID")?,
                email: row.text("email")?,
                given_name: row.text("given_name")?,
                family_name: row.text("family_name")?,
                created_at: at(&row, "created_at")?,
                password_changed_at: at(&row, "password_changed_at")?,
            };
            self.users_by_address.insert(row.text("folded")?, id);
            self.users.insert(id, user);
        }
        let members = "SELECT account, person, added_at FROM members";
        for row in db.all(members, &[]).await? {
            let account = parse(&row, "account", "an account GUID")?;
            let user = UserId(parse_guid(&row, "person")?);
            if self.accounts.contains_key(&account) {
                self.members.insert((account, user), at(&row, "added_at")?);
            }
        }
        self.departures = Departures::load(db).await?;
        let domains =
            "SELECT tenant, domain, resolution_seconds FROM domains WHERE retired_at IS NULL";
        for row in db.all(domains, &[]).await? {
            let tenant = tenant(&row)?;
            let resolution = row
                .int_or_none("resolution_seconds")?
                .map(|seconds| {
                    u32::try_from(seconds).map_err(|_| IamError::Stored {
                        value: seconds.to_string(),
                        expected: "a resolution in seconds",
                    })
                })
                .transpose()?;
            let domain = domain(&row.text("domain")?)?;
            // A domain made since the organizations were read: the next poll, which sees that change, reads it.
            let Some(account) = self.account_of(domain) else {
                continue;
            };
            let entry = DomainEntry {
                tenant,
                account,
                resolution_seconds: resolution,
            };
            self.domains.insert(domain, entry);
        }
        for row in db
            .all("SELECT person, domain, role FROM roles", &[])
            .await?
        {
            let user = UserId(parse_guid(&row, "person")?);
            let role: Role = parse(&row, "role", "a role")?;
            let domain = domain(&row.text("domain")?)?;
            // A role is nothing without the membership: nobody outside an account acts in it, whatever a row says.
            let is_member = self
                .account_of(domain)
                .is_some_and(|account| self.is_member(user, account));
            if is_member {
                let own = self.roles.entry(user).or_default();
                own.entry(domain).or_default().push(role);
            }
        }
        Ok(())
    }

    async fn load_keys(&mut self, db: &Db) -> Result<(), IamError> {
        let keys = "SELECT guid, account, person, name, description, hash, locked, disabled, revision, expires_at, created_at, \
                    modified_at FROM api_keys";
        for row in db.all(keys, &[]).await? {
            let id = KeyId(parse_guid(&row, "guid")?);
            let hash: [u8; 32] = row.blob("hash")?.try_into().map_err(|_| IamError::Stored {
                value: id.to_string(),
                expected: "a key with a SHA-256",
            })?;
            let key = ApiKey {
                id,
                account: parse(&row, "account", "an account GUID")?,
                user: UserId(parse_guid(&row, "person")?),
                name: row.text("name")?,
                description: row.text("description")?,
                hash,
                locked: row.flag("locked")?,
                disabled: row.flag("disabled")?,
                revision: row.int("revision")?,
                expires_at: row.int_or_none("expires_at")?.map(Millis),
                created_at: at(&row, "created_at")?,
                modified_at: at(&row, "modified_at")?,
            };
            self.keys_by_hash.insert(hash, id);
            self.keys.insert(id, key);
        }
        Ok(())
    }

    /// What the user may do with the metrics of the domain.
    #[must_use]
    pub fn actions(&self, user: UserId, domain: Domain) -> Actions {
        self.roles(user, domain)
            .iter()
            .fold(Actions::NONE, |sum, role| sum.union(role.actions()))
    }

    /// Whether the user holds the role in the domain.
    #[must_use]
    pub fn holds(&self, user: UserId, domain: Domain, role: Role) -> bool {
        self.roles(user, domain).contains(&role)
    }

    /// The user with this e-mail address, in any case of letters.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        let id = self.users_by_address.get(&address::fold(email))?;
        self.users.get(id)
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// The roles the user holds in the domain.
    #[must_use]
    pub fn roles(&self, user: UserId, domain: Domain) -> &[Role] {
        let own = self.roles.get(&user).and_then(|own| own.get(&domain));
        own.map_or(&[], Vec::as_slice)
    }

    /// The domains in which the user holds a role.
    pub(crate) fn domains_of(&self, user: UserId) -> impl Iterator<Item = Domain> {
        self.roles
            .get(&user)
            .into_iter()
            .flat_map(HashMap::keys)
            .copied()
    }

    /// Whether the user is in the account.
    #[must_use]
    pub fn is_member(&self, user: UserId, account: AccountId) -> bool {
        self.members.contains_key(&(account, user))
    }

    /// The user in the account, if he is in it.
    #[must_use]
    pub fn member(&self, user: UserId, account: AccountId) -> Option<Member> {
        Some(Member {
            added_at: *self.members.get(&(account, user))?,
            user: self.users.get(&user)?.clone(),
            account,
        })
    }

    /// Every account, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.accounts.values().cloned().collect();
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        accounts
    }

    /// The numbers in the store of all domains of the account, also of those that were deleted as long as anything of them
    /// may be stored.
    pub fn tenants_of(&self, account: AccountId) -> impl Iterator<Item = TenantId> {
        let live = self.domains.values();
        let live = live.filter(move |entry| entry.account == account);
        let deleted = self.deletions.iter();
        let deleted = deleted.filter(move |own| own.account == account);
        live.map(|entry| entry.tenant)
            .chain(deleted.map(|own| own.tenant))
    }

    /// What was deleted and whose samples are still to go, in the order in which they go.
    #[must_use]
    pub fn deletions(&self) -> &[Deleted] {
        &self.deletions
    }

    /// The account a domain belongs to.
    #[must_use]
    pub fn account_of(&self, domain: Domain) -> Option<AccountId> {
        match domain {
            Domain::Account(id) => self.accounts.get(&id).map(|account| account.id),
            Domain::Org(id) => self.orgs.get(&id).map(|org| org.account),
            Domain::Space(id) => {
                let space = self.spaces.get(&id)?;
                self.orgs.get(&space.org).map(|org| org.account)
            }
        }
    }
}

/// A row of `counters`.
pub(crate) fn counter(row: Option<Row>) -> Result<i64, IamError> {
    let row = row.ok_or_else(|| IamError::Stored {
        value: "nothing".to_owned(),
        expected: "a counter",
    })?;
    Ok(row.int("value")?)
}

/// How often anything was changed.
pub(crate) async fn changes(db: &Db) -> Result<i64, IamError> {
    let row = db
        .one("SELECT value FROM counters WHERE name = 'changes'", &[])
        .await?;
    counter(row)
}

/// A domain's number in the store.
pub(crate) fn tenant(row: &Row) -> Result<TenantId, IamError> {
    let tenant = row.int("tenant")?;
    let number = u32::try_from(tenant).map_err(|_| IamError::Stored {
        value: tenant.to_string(),
        expected: "a tenant number",
    })?;
    Ok(TenantId(number))
}

pub(crate) fn at(row: &Row, column: &'static str) -> Result<Millis, IamError> {
    Ok(Millis(row.int(column)?))
}

pub(crate) fn parse<T: std::str::FromStr>(
    row: &Row,
    column: &'static str,
    expected: &'static str,
) -> Result<T, IamError> {
    let value = row.text(column)?;
    value
        .parse()
        .map_err(|_| IamError::Stored { value, expected })
}

pub(crate) fn parse_guid(row: &Row, column: &'static str) -> Result<Guid, IamError> {
    let value = row.text(column)?;
    Guid::parse(&value).map_err(|_| IamError::Stored {
        value,
        expected: "a GUID",
    })
}

pub(crate) fn domain(text: &str) -> Result<Domain, IamError> {
    let stored = || IamError::Stored {
        value: text.to_owned(),
        expected: "a domain",
    };
    let (prefix, guid) = text.split_once('-').ok_or_else(stored)?;
    let guid = Guid::parse(guid).map_err(|_| stored())?;
    match prefix {
        "a" => Ok(Domain::Account(AccountId(guid))),
        "o" => Ok(Domain::Org(OrgId(guid))),
        "s" => Ok(Domain::Space(SpaceId(guid))),
        _ => Err(stored()),
    }
}
