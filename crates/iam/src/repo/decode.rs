//! Decodes rows into the model's types. This takes time, so it does not run on a reactor thread.

use super::column::{at, domain, parse, parse_guid, tenant};
use super::principals;
use super::rows::Rows;
use crate::error::IamError;
use crate::model::bounds::Narrowing;
use crate::model::directory::facts::{DomainFact, Facts, Left, Membership};
use crate::model::directory::{
    Account, ApiKey, Deleted, Org, Region, RuleTexts, Service, Space, User,
};
use crate::model::issuers::{Issuers, Kind};
use crate::model::role::Role;
use base::id::{AccountId, KeyId, ServiceId, UserId};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::Row;
use std::collections::HashMap;
use std::sync::Arc;

impl Rows {
    /// Decodes them.
    pub(crate) fn facts(self) -> Result<Facts, IamError> {
        Ok(Facts {
            accounts: accounts(&self.accounts)?,
            limits: each(&self.limits, limit)?,
            regions: self.regions.map(|rows| each(&rows, region)).transpose()?,
            orgs: each(&self.orgs, org)?,
            spaces: each(&self.spaces, space)?,
            users: each(&self.users, user)?,
            services: each(&self.services, service)?,
            members: known(&self.members, member)?,
            departures: known(&self.departures, departure)?,
            domains: domains(&self.domains)?,
            roles: roles(&self.roles)?,
            deletions: deletions(&self.deletions, &self.managers)?,
            keys: keys(&self.keys)?,
            issuers: self.issuers.map(|rows| issuers(&rows)).transpose()?,
        })
    }
}

fn each<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, IamError>) -> Result<Vec<T>, IamError> {
    rows.iter().map(read).collect()
}

/// The rows of principals that this program knows.
fn known<T>(
    rows: &[Row],
    read: impl Fn(&Row, Principal) -> Result<T, IamError>,
) -> Result<Vec<T>, IamError> {
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(principal) = principals::read(row)? {
            own.push(read(row, principal)?);
        }
    }
    Ok(own)
}

/// Accounts that are not deleted: deleted ones are invisible.
fn accounts(rows: &[Row]) -> Result<Vec<Account>, IamError> {
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        if row.int_or_none("deleted_at")?.is_none() {
            own.push(account(row)?);
        }
    }
    Ok(own)
}

fn limit(row: &Row) -> Result<(AccountId, String, u64), IamError> {
    let account = parse(row, "account", "an account GUID")?;
    let value = u64::try_from(row.int("value")?).unwrap_or_default();
    Ok((account, row.text("name")?, value))
}

fn departure(row: &Row, principal: Principal) -> Result<Left, IamError> {
    Ok(Left {
        principal,
        account: parse(row, "account", "an account GUID")?,
        at: at(row, "left_at")?,
    })
}

/// Domains that are in use.
fn domains(rows: &[Row]) -> Result<Vec<DomainFact>, IamError> {
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        if row.int_or_none("retired_at")?.is_some() {
            continue;
        }
        let seconds = row.int_or_none("resolution_seconds")?;
        let resolution_seconds = seconds.map(u32::try_from).transpose();
        let resolution_seconds = resolution_seconds.map_err(|_| IamError::Stored {
            value: seconds.unwrap_or_default().to_string(),
            expected: "a resolution in seconds",
        })?;
        own.push(DomainFact {
            domain: domain(&row.text("domain")?)?,
            tenant: tenant(row)?,
            resolution_seconds,
            key_before_names: row.int("key_before_names")? != 0,
            rules: rules(row)?,
        });
    }
    Ok(own)
}

/// The rules of a domain; none where it has neither text.
fn rules(row: &Row) -> Result<Option<Arc<RuleTexts>>, IamError> {
    let texts = RuleTexts {
        schemas: row.text_or_none("schemas")?,
        aggregation: row.text_or_none("aggregation")?,
    };
    Ok((texts != RuleTexts::default()).then(|| Arc::new(texts)))
}

fn roles(rows: &[Row]) -> Result<Vec<(Principal, Domain, Role)>, IamError> {
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        // A role that a newer node gave, or gave to a kind of principal that is unknown here, permits nothing.
        let role = row.text("role")?.parse::<Role>();
        if let (Some(principal), Ok(role)) = (principals::read(row)?, role) {
            own.push((principal, domain(&row.text("domain")?)?, role));
        }
    }
    let unknown = rows.len().saturating_sub(own.len());
    if unknown > 0 {
        tracing::warn!(
            roles = unknown,
            "roles that this program does not know are left out"
        );
    }
    Ok(own)
}

fn keys(rows: &[Row]) -> Result<Vec<ApiKey>, IamError> {
    let mut own = Vec::with_capacity(rows.len());
    for row in rows {
        if let (Some(principal), Some(narrowing)) = (principals::read(row)?, narrowing(row)?) {
            own.push(key(row, principal, narrowing)?);
        }
    }
    let unknown = rows.len().saturating_sub(own.len());
    if unknown > 0 {
        tracing::warn!(
            keys = unknown,
            "API keys for what this program does not know are left out"
        );
    }
    Ok(own)
}

fn deletions(rows: &[Row], managed: &[Row]) -> Result<Vec<Deleted>, IamError> {
    let mut managers: HashMap<Domain, Vec<Principal>> = HashMap::new();
    if !rows.is_empty() {
        for row in managed {
            let own = managers.entry(domain(&row.text("domain")?)?).or_default();
            own.extend(principals::read(row)?);
        }
    }
    each(rows, |row| {
        let domain = domain(&row.text("domain")?)?;
        let mut managers = managers.get(&domain).cloned().unwrap_or_default();
        managers.sort_unstable();
        Ok(Deleted {
            domain,
            tenant: tenant(row)?,
            account: parse(row, "account", "an account GUID")?,
            org: parse(row, "org", "an organization GUID")?,
            name: row.text("name")?,
            deleted_at: at(row, "deleted_at")?,
            deleted_with: self::domain(&row.text("deleted_with")?)?,
            due_at: at(row, "due_at")?,
            managers,
        })
    })
}

fn issuers(rows: &[Row]) -> Result<Issuers, IamError> {
    let mut own = HashMap::new();
    for row in rows {
        let kind = row.text("kind")?;
        let kind = [Kind::Iam, Kind::Uaa]
            .into_iter()
            .find(|own| own.name() == kind)
            .ok_or(IamError::Stored {
                value: kind,
                expected: "a kind of token",
            })?;
        own.insert(row.text("issuer")?, kind);
    }
    Ok(Issuers::new(own))
}

fn member(row: &Row, principal: Principal) -> Result<Membership, IamError> {
    Ok(Membership {
        account: parse(row, "account", "an account GUID")?,
        principal,
        added_at: at(row, "added_at")?,
    })
}

fn account(row: &Row) -> Result<Account, IamError> {
    Ok(Account {
        id: parse(row, "guid", "an account GUID")?,
        name: row.text("name")?,
        owner: UserId(parse_guid(row, "owner")?),
        created_at: at(row, "created_at")?,
    })
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

fn service(row: &Row) -> Result<Service, IamError> {
    let crns = row.text("crns")?;
    let crns: Vec<String> = serde_json::from_str(&crns).map_err(|_| IamError::Stored {
        value: crns,
        expected: "a list of CRNs",
    })?;
    Ok(Service {
        id: ServiceId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        description: row.text("description")?,
        crns,
        locked: row.flag("locked")?,
        revision: row.int("revision")?,
        created_at: at(row, "created_at")?,
        modified_at: at(row, "modified_at")?,
    })
}

/// The limits of a key; `None` for a word unknown to this program, which then ignores the key.
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

fn key(row: &Row, principal: Principal, narrowing: Narrowing) -> Result<ApiKey, IamError> {
    let id = KeyId(parse_guid(row, "guid")?);
    let hash: [u8; 32] = row.blob("hash")?.try_into().map_err(|_| IamError::Stored {
        value: id.to_string(),
        expected: "a key with a SHA-256",
    })?;
    Ok(ApiKey {
        id,
        account: parse(row, "account", "an account GUID")?,
        principal,
        // Whom only a newer program knows is not told.
        made_by: (row.text_or_none("made_by")?).and_then(|text| text.parse().ok()),
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
