//! From rows to a directory: from those of everything, or from the one before and the rows of what has changed since.

use super::change::{Change, Changed};
use super::rows::Rows;
use super::sorted::Sorted;
use super::{
    Account, ApiKey, Deleted, Directory, DomainEntry, Org, Region, Space, User, at, deleted,
    domain, parse, parse_guid, tenant,
};
use crate::address;
use crate::bounds::Narrowing;
use crate::error::IamError;
use crate::issuers::Issuers;
use crate::role::Role;
use base::id::{AccountId, KeyId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::Row;
use std::collections::HashMap;
use std::sync::Arc;

impl Directory {
    /// The directory of everything there is after that many changes.
    pub(crate) fn build(changes: i64, rows: &Rows) -> Result<Self, IamError> {
        let mut own = Self {
            changes,
            ..Self::default()
        };
        own.add(rows)?;
        own.sorted = Sorted::of(&own);
        Ok(own)
    }

    /// The directory after further changes, of which these are the rows.
    pub(crate) fn apply(
        &self,
        changes: i64,
        changed: &Changed,
        rows: &Rows,
    ) -> Result<Self, IamError> {
        let mut own = self.clone();
        own.changes = changes;
        // Where something stands in the lists is asked of the directory as it was.
        for change in changed.iter() {
            own.sorted.take_out(self, *change);
            own.forget(self, *change);
        }
        own.add(rows)?;
        let mut sorted = std::mem::take(&mut own.sorted);
        for change in changed.iter() {
            sorted.put_in(self, &own, *change);
        }
        for row in &rows.members {
            let (account, user) = member(row)?;
            if own.is_member(user, account) {
                sorted.put_member(&own, account, user);
            }
        }
        own.sorted = sorted;
        Ok(own)
    }

    fn forget(&mut self, before: &Self, change: Change) {
        match change {
            Change::Account(id) => self.accounts.remove(&id),
            Change::Limits(id) => self.account_limits.remove(&id),
            Change::Org(id) => self.orgs.remove(&id),
            Change::Space(id) => self.spaces.remove(&id),
            Change::User(id) => {
                if let Some(user) = before.users.get(&id) {
                    let address = address::fold(&user.email);
                    // Another user may have taken the address over in the same batch.
                    if self.users_by_address.get(&address) == Some(&id) {
                        self.users_by_address.remove(&address);
                    }
                }
                self.users.remove(&id);
            }
            Change::Person(id) => {
                for account in before.accounts_of(id) {
                    self.members.remove(&(*account, id));
                }
                self.departures.forget(id);
                self.roles.remove(&id);
            }
            Change::Domain(domain) => self.domains.remove(&domain),
            Change::Deletion(domain) => {
                if self.deletions.iter().any(|own| own.domain == domain) {
                    Arc::make_mut(&mut self.deletions).retain(|own| own.domain != domain);
                }
            }
            Change::Key(id) => {
                if let Some(key) = before.keys.get(&id) {
                    self.keys_by_hash.remove(&key.hash);
                }
                self.keys.remove(&id);
            }
            // Read as a whole.
            Change::Regions | Change::Issuers | Change::SigningKeys => {}
        }
    }

    /// Puts in what the rows say: places before those who are in them, and memberships before roles.
    fn add(&mut self, rows: &Rows) -> Result<(), IamError> {
        // Of an account that was deleted nothing is seen: neither places nor members, and so no roles, keys or tokens.
        for row in &rows.accounts {
            if row.int_or_none("deleted_at")?.is_none() {
                let account = account(row)?;
                self.accounts.insert(account.id, account);
            }
        }
        for row in &rows.limits {
            let account = parse(row, "account", "an account GUID")?;
            let (name, value) = (row.text("name")?, row.int("value")?);
            let value = u64::try_from(value).unwrap_or_default();
            self.account_limits.change(account, |own| {
                own.insert(name, value);
            });
        }
        if let Some(rows) = &rows.regions {
            let regions = rows.iter().map(region);
            self.regions = Arc::new(regions.collect::<Result<_, _>>()?);
        }
        for row in &rows.orgs {
            let org = org(row)?;
            if self.accounts.contains_key(&org.account) {
                self.orgs.insert(org.id, org);
            }
        }
        for row in &rows.spaces {
            let space = space(row)?;
            if self.orgs.contains_key(&space.org) {
                self.spaces.insert(space.id, space);
            }
        }
        for row in &rows.users {
            let user = user(row)?;
            self.users_by_address
                .insert(address::fold(&user.email), user.id);
            self.users.insert(user.id, user);
        }
        for row in &rows.members {
            let (account, user) = member(row)?;
            if self.accounts.contains_key(&account) {
                self.members.insert((account, user), at(row, "added_at")?);
            }
        }
        self.departures.add(&rows.departures)?;
        for row in &rows.domains {
            self.add_domain(row)?;
        }
        self.add_roles(&rows.roles)?;
        self.add_deletions(rows)?;
        self.add_keys(&rows.keys)?;
        if let Some(rows) = &rows.issuers {
            self.issuers = Arc::new(Issuers::of(rows)?);
        }
        Ok(())
    }

    fn add_domain(&mut self, row: &Row) -> Result<(), IamError> {
        if row.int_or_none("retired_at")?.is_some() {
            return Ok(());
        }
        let seconds = row.int_or_none("resolution_seconds")?;
        let resolution_seconds = seconds.map(u32::try_from).transpose();
        let resolution_seconds = resolution_seconds.map_err(|_| IamError::Stored {
            value: seconds.unwrap_or_default().to_string(),
            expected: "a resolution in seconds",
        })?;
        let domain = domain(&row.text("domain")?)?;
        // Nobody's: what is in no account opens to nobody.
        let Some(account) = self.account_of(domain) else {
            return Ok(());
        };
        let entry = DomainEntry {
            tenant: tenant(row)?,
            account,
            resolution_seconds,
        };
        self.domains.insert(domain, entry);
        Ok(())
    }

    fn add_roles(&mut self, rows: &[Row]) -> Result<(), IamError> {
        let mut all: HashMap<UserId, HashMap<Domain, Vec<Role>>> = HashMap::new();
        let mut unknown = 0_usize;
        for row in rows {
            let user = UserId(parse_guid(row, "person")?);
            // One that a newer node gave: what it allows is not known here, and so it allows nothing.
            let Ok(role) = row.text("role")?.parse::<Role>() else {
                unknown += 1;
                continue;
            };
            let domain = domain(&row.text("domain")?)?;
            // A role is nothing without the membership: nobody outside an account acts in it, whatever a row says.
            let is_member = self
                .account_of(domain)
                .is_some_and(|account| self.is_member(user, account));
            if is_member {
                let own = all.entry(user).or_default();
                own.entry(domain).or_default().push(role);
            }
        }
        for (user, mut roles) in all {
            roles.values_mut().for_each(|own| own.sort_unstable());
            self.roles.insert(user, roles);
        }
        if unknown > 0 {
            tracing::warn!(
                roles = unknown,
                "roles that this program does not know are left out"
            );
        }
        Ok(())
    }

    fn add_keys(&mut self, rows: &[Row]) -> Result<(), IamError> {
        let mut unknown = 0_usize;
        for row in rows {
            let Some(narrowing) = narrowing(row)? else {
                unknown += 1;
                continue;
            };
            let key = key(row, narrowing)?;
            self.keys_by_hash.insert(key.hash, key.id);
            self.keys.insert(key.id, key);
        }
        if unknown > 0 {
            tracing::warn!(
                keys = unknown,
                "API keys for what this program does not know are left out"
            );
        }
        Ok(())
    }

    fn add_deletions(&mut self, rows: &Rows) -> Result<(), IamError> {
        if rows.deletions.is_empty() {
            return Ok(());
        }
        let mut managers: HashMap<Domain, Vec<UserId>> = HashMap::new();
        for row in &rows.managers {
            let own = managers.entry(domain(&row.text("domain")?)?).or_default();
            own.push(UserId(parse_guid(row, "person")?));
        }
        let all: &mut Vec<Deleted> = Arc::make_mut(&mut self.deletions);
        for row in &rows.deletions {
            let mut own = deleted::of(row)?;
            own.managers = managers.remove(&own.domain).unwrap_or_default();
            own.managers.sort_unstable();
            all.push(own);
        }
        all.sort_unstable_by_key(|own| (own.due_at, own.tenant));
        Ok(())
    }
}

fn account(row: &Row) -> Result<Account, IamError> {
    Ok(Account {
        id: parse(row, "guid", "an account GUID")?,
        name: row.text("name")?,
        owner: UserId(parse_guid(row, "owner")?),
        created_at: at(row, "created_at")?,
    })
}

fn member(row: &Row) -> Result<(AccountId, UserId), IamError> {
    let account = parse(row, "account", "an account GUID")?;
    Ok((account, UserId(parse_guid(row, "person")?)))
}

fn region(row: &Row) -> Result<Region, IamError> {
    Ok(Region {
        name: row.text("name")?,
        display_name: row.text("display_name")?,
    })
}

fn org(row: &Row) -> Result<Org, IamError> {
    Ok(Org {
        id: parse(row, "guid", "an organization GUID")?,
        account: parse(row, "account", "an account GUID")?,
        region: row.text("region")?,
        name: row.text("name")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn space(row: &Row) -> Result<Space, IamError> {
    Ok(Space {
        id: parse(row, "guid", "a space GUID")?,
        org: parse(row, "org", "an organization GUID")?,
        name: row.text("name")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

fn user(row: &Row) -> Result<User, IamError> {
    let id = UserId(parse_guid(row, "guid")?);
    Ok(User {
        id,
        home: parse(row, "home", "an account GUID")?,
        email: row.text("email")?,
        given_name: row.text("given_name")?,
        family_name: row.text("family_name")?,
        created_at: at(row, "created_at")?,
        password_changed_at: at(row, "password_changed_at")?,
    })
}

/// What it is narrowed to; `None` for a word that this program does not know: it is no key of ours then.
fn narrowing(row: &Row) -> Result<Option<Narrowing>, IamError> {
    let only = row.text_or_none("reach_only")?;
    let send_only = match only.as_deref() {
        None => false,
        Some(Narrowing::SEND) => true,
        Some(_) => return Ok(None),
    };
    let reached = row.text_or_none("reach_domain")?;
    Ok(Some(Narrowing {
        domain: reached.as_deref().map(domain).transpose()?,
        send_only,
    }))
}

fn key(row: &Row, narrowing: Narrowing) -> Result<ApiKey, IamError> {
    let id = KeyId(parse_guid(row, "guid")?);
    let hash: [u8; 32] = row.blob("hash")?.try_into().map_err(|_| IamError::Stored {
        value: id.to_string(),
        expected: "a key with a SHA-256",
    })?;
    Ok(ApiKey {
        id,
        account: parse(row, "account", "an account GUID")?,
        user: UserId(parse_guid(row, "person")?),
        name: row.text("name")?,
        description: row.text("description")?,
        narrowing,
        hash,
        locked: row.flag("locked")?,
        disabled: row.flag("disabled")?,
        revision: row.int("revision")?,
        expires_at: row.int_or_none("expires_at")?.map(Millis),
        created_at: at(row, "created_at")?,
        modified_at: at(row, "modified_at")?,
    })
}
