//! What was deleted and can be brought back, or whose samples are on their way out.

use super::{at, domain, parse, parse_guid, tenant};
use crate::error::IamError;
use crate::role::Role;
use base::id::{AccountId, OrgId, TenantId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Db, Value};
use std::collections::HashMap;

/// A space or an organization that was deleted.
#[derive(Debug, Clone)]
pub struct Deleted {
    /// What it was.
    pub domain: Domain,
    /// Its number in the store.
    pub tenant: TenantId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The organization it was in, or was.
    pub org: OrgId,
    /// Its name at the end.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// The domain whose deletion took it along: itself, or its organization.
    pub deleted_with: Domain,
    /// When its samples go; until then it can be brought back.
    pub due_at: Millis,
    /// Who managed it at the end.
    pub(crate) managers: Vec<UserId>,
}

impl Deleted {
    /// Whether it can still be brought back.
    #[must_use]
    pub fn is_kept(&self, now: Millis) -> bool {
        self.due_at > now
    }
}

pub(super) async fn load(db: &Db) -> Result<Vec<Deleted>, IamError> {
    let sql = "SELECT tenant, domain, account, org, name, deleted_at, deleted_with, due_at FROM deletions \
               ORDER BY due_at, tenant";
    let rows = db.all(sql, &[]).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut managers: HashMap<Domain, Vec<UserId>> = HashMap::new();
    let sql = "SELECT person, domain FROM deleted_roles WHERE role = $1";
    for row in db.all(sql, &[Value::from(Role::Manager.name())]).await? {
        let own = managers.entry(domain(&row.text("domain")?)?).or_default();
        own.push(UserId(parse_guid(&row, "person")?));
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let domain_of = domain(&row.text("domain")?)?;
        all.push(Deleted {
            domain: domain_of,
            tenant: tenant(&row)?,
            account: parse(&row, "account", "an account GUID")?,
            org: parse(&row, "org", "an organization GUID")?,
            name: row.text("name")?,
            deleted_at: at(&row, "deleted_at")?,
            deleted_with: domain(&row.text("deleted_with")?)?,
            due_at: at(&row, "due_at")?,
            managers: managers.remove(&domain_of).unwrap_or_default(),
        });
    }
    Ok(all)
}
