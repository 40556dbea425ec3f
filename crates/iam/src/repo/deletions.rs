//! The table `deletions`: what was deleted, and when its samples are deleted; until then it can be restored.

use super::column::{at, counted, domain, parse, tenant};
use super::principals::key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{Account, Deleted};
use crate::model::metering;
use base::id::{AccountId, TenantId};
use base::principal::Principal;
use base::scope::{Domain, Metering};
use base::time::Millis;
use db::{Db, Row, Tx, Value};
use std::collections::HashMap;

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT tenant, domain, account, org, name, deleted_at, deleted_with, due_at FROM deletions",
    "domain"
);

/// Decodes a row. `managers`: those of all deleted domains.
pub(super) fn read(
    row: &Row,
    managers: &HashMap<Domain, Vec<Principal>>,
) -> Result<Deleted, IamError> {
    let deleted = domain(&row.text("domain")?)?;
    let mut managers = managers.get(&deleted).cloned().unwrap_or_default();
    managers.sort_unstable();
    Ok(Deleted {
        domain: deleted,
        tenant: tenant(row)?,
        account: parse(row, "account", "an account GUID")?,
        org: parse(row, "org", "an organization GUID")?,
        name: row.text("name")?,
        deleted_at: at(row, "deleted_at")?,
        deleted_with: domain(&row.text("deleted_with")?)?,
        due_at: at(row, "due_at")?,
        managers,
    })
}

/// A deletion, as far as it matters for samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When they are deleted; until then the deletion can be undone.
    pub removed_at: Millis,
    /// The usage counters in the store.
    pub tenants: Vec<Metering>,
}

const SPACE: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), spaces.org, '', spaces.name, spaces.created_at, \
     spaces.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM spaces JOIN domains ON domains.domain = 's-' || spaces.guid WHERE spaces.guid = $1";

const SPACES_OF_ORG: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), spaces.org, '', spaces.name, spaces.created_at, \
     spaces.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM spaces JOIN domains ON domains.domain = 's-' || spaces.guid WHERE spaces.org = $1";

const ORG: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, \
     deleted_by, deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, CAST($2 AS TEXT), orgs.guid, orgs.region, orgs.name, orgs.created_at, \
     orgs.updated_at, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), 0 \
     FROM orgs JOIN domains ON domains.domain = 'o-' || orgs.guid WHERE orgs.guid = $1";

/// Records the deletion of a space or an organization by a principal of an account. `false` if there is nothing to delete.
pub(crate) async fn write(
    tx: &mut Tx,
    with: Domain,
    (account, principal): (AccountId, Principal),
    now: Millis,
    due: Millis,
) -> Result<bool, IamError> {
    let (rows, guid): (&[&'static str], String) = match with {
        Domain::Space(id) => (&[SPACE], id.to_string()),
        Domain::Org(id) => (&[SPACES_OF_ORG, ORG], id.to_string()),
        Domain::Account(_) => return Ok(false),
    };
    let values = [
        guid.into(),
        account.to_string().into(),
        now.0.into(),
        key(principal),
        with.to_string().into(),
        due.0.into(),
    ];
    let mut written = 0;
    for sql in rows {
        written = tx.execute(sql, &values).await?;
    }
    Ok(written > 0)
}

/// The deletion of the domain as the transaction has recorded it.
pub(crate) async fn of(tx: &mut Tx, with: Domain) -> Result<Deletion, IamError> {
    let sql =
        "SELECT tenant, due_at FROM deletions WHERE deleted_with = $1 ORDER BY due_at, tenant";
    let rows = tx.all(sql, &[with.to_string().into()]).await?;
    let mut deletion = Deletion {
        removed_at: Millis::default(),
        tenants: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        deletion.removed_at = deletion.removed_at.max(Millis(row.int("due_at")?));
        deletion.tenants.push(metering::of(tenant(row)?));
    }
    Ok(deletion)
}

/// The other domains deleted with the domain, and their names.
pub(crate) async fn parts(tx: &mut Tx, with: Domain) -> Result<Vec<(String, String)>, IamError> {
    let sql = "SELECT domain, name FROM deletions WHERE deleted_with = $1 AND domain <> $1";
    let mut found = Vec::new();
    for row in tx.all(sql, &[with.to_string().into()]).await? {
        found.push((row.text("domain")?, row.text("name")?));
    }
    Ok(found)
}

/// The record for the sweep: `$1` is the account, `$2` its domain, `$3` now, `$4` when all is due. The operator deletes
/// accounts, and is no user.
const RECORD_SPACES: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, spaces.org, '', spaces.name, spaces.created_at, spaces.updated_at, \
     CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM spaces JOIN orgs ON orgs.guid = spaces.org \
     JOIN domains ON domains.domain = 's-' || spaces.guid WHERE orgs.account = $1";

const RECORD_ORGS: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, orgs.guid, orgs.region, orgs.name, orgs.created_at, \
     orgs.updated_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM orgs \
     JOIN domains ON domains.domain = 'o-' || orgs.guid WHERE orgs.account = $1";

/// An account has no organization, so its own GUID is stored. `$5` is its name.
const RECORD_ACCOUNT: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, accounts.guid, accounts.guid, '', CAST($5 AS TEXT), accounts.created_at, \
     accounts.created_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM accounts \
     JOIN domains ON domains.domain = $2 WHERE accounts.guid = $1";

/// The contents of the account.
pub(crate) struct AccountContents {
    pub(crate) spaces: u64,
    pub(crate) orgs: u64,
}

/// Records the deletion of an account by the operator, with all its contents.
pub(crate) async fn write_account(
    tx: &mut Tx,
    account: &Account,
    now: Millis,
    due: Millis,
) -> Result<AccountContents, IamError> {
    let mut values = vec![
        Value::from(account.id.to_string()),
        Domain::Account(account.id).to_string().into(),
        now.0.into(),
        due.0.into(),
    ];
    let spaces = tx.execute(RECORD_SPACES, &values).await?;
    let orgs = tx.execute(RECORD_ORGS, &values).await?;
    values.push(account.name.as_str().into());
    tx.execute(RECORD_ACCOUNT, &values).await?;
    Ok(AccountContents { spaces, orgs })
}

/// Locks the rows of the deletion of the domain until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    let sql = "UPDATE deletions SET begun = begun WHERE domain = $1 OR deleted_with = $1";
    tx.execute(sql, &[domain.to_string().into()]).await?;
    Ok(())
}

/// The name of a deleted domain that can be restored completely: if the removal of one part has begun, a restore would
/// be incomplete.
pub(crate) async fn name_of_whole(
    tx: &mut Tx,
    domain: Domain,
    now: Millis,
) -> Result<Option<String>, IamError> {
    let sql = "SELECT name FROM deletions WHERE domain = $1 AND begun = 0 AND due_at > $2 \
               AND NOT EXISTS (SELECT 1 FROM deletions AS part WHERE part.deleted_with = $1 \
               AND (part.begun <> 0 OR part.due_at <= $2))";
    let values = [domain.to_string().into(), now.0.into()];
    let row = tx.one(sql, &values).await?;
    Ok(row.map(|row| row.text("name")).transpose()?)
}

/// Deletes the records of everything deleted with the domain.
pub(crate) async fn delete_of(tx: &mut Tx, with: Domain) -> Result<(), IamError> {
    let sql = "DELETE FROM deletions WHERE deleted_with = $1";
    tx.execute(sql, &[with.to_string().into()]).await?;
    Ok(())
}

/// Deletes the records of the domain, and of what was deleted with it, that can still be restored. `false` if there are
/// none.
pub(crate) async fn delete_restored(
    tx: &mut Tx,
    domain: Domain,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "DELETE FROM deletions WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2";
    let values = [domain.to_string().into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// A deleted domain that can be restored.
pub(crate) struct RestorableDomain {
    pub(crate) region: String,
    pub(crate) created_at: Millis,
}

/// The deleted domain; none if its time is over or it was restored.
pub(crate) async fn restorable(
    tx: &mut Tx,
    domain: Domain,
    now: Millis,
) -> Result<Option<RestorableDomain>, IamError> {
    let sql =
        "SELECT region, created_at FROM deletions WHERE domain = $1 AND begun = 0 AND due_at > $2";
    let values = [domain.to_string().into(), now.0.into()];
    let Some(row) = tx.one(sql, &values).await? else {
        return Ok(None);
    };
    Ok(Some(RestorableDomain {
        region: row.text("region")?,
        created_at: at(&row, "created_at")?,
    }))
}

const BEGIN: &str = "UPDATE deletions SET begun = 1 WHERE tenant = $1 AND due_at <= $2";

/// Records that the removal of a due domain begins.
pub(crate) async fn begin(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<(), IamError> {
    let values = [i64::from(tenant.0).into(), now.0.into()];
    tx.execute(BEGIN, &values).await?;
    Ok(())
}

/// Records that the removal of a due domain begins, outside of a transaction. `false` if the domain is not due, or was restored.
#[expect(
    clippy::disallowed_methods,
    reason = "what the deletion has said comes true: its entry says so"
)]
pub(crate) async fn begin_now(db: &Db, tenant: TenantId, now: Millis) -> Result<bool, IamError> {
    let values = [i64::from(tenant.0).into(), now.0.into()];
    Ok(db.execute(BEGIN, &values).await? > 0)
}

/// Deletes the record of a domain whose removal has begun. `false` if there is none.
pub(crate) async fn delete_begun(tx: &mut Tx, tenant: TenantId) -> Result<bool, IamError> {
    let sql = "DELETE FROM deletions WHERE tenant = $1 AND begun = 1";
    Ok(tx.execute(sql, &[i64::from(tenant.0).into()]).await? > 0)
}

/// Whether a part deleted with the domain, or in it before, is not forgotten yet.
pub(crate) async fn has_parts(tx: &mut Tx, domain: Domain) -> Result<bool, IamError> {
    let sql = "SELECT 1 FROM deletions WHERE (deleted_with = $1 OR account = $2) AND domain <> $1 LIMIT 1";
    let values = [domain.to_string().into(), whole_account(domain)];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The account whose deletions all belong to the domain; for another domain the empty text, which no account is.
fn whole_account(domain: Domain) -> Value {
    match domain {
        Domain::Account(account) => account.to_string().into(),
        Domain::Org(_) | Domain::Space(_) => "".into(),
    }
}

/// Makes the domain and everything deleted with it due now; an account includes what was deleted in it before. Returns
/// the domains that were not due yet.
pub(crate) async fn advance(
    tx: &mut Tx,
    named: Domain,
    now: Millis,
) -> Result<Vec<Domain>, IamError> {
    let sql = "UPDATE deletions SET due_at = $2 WHERE (domain = $1 OR deleted_with = $1 OR account = $3) \
               AND due_at > $2 RETURNING domain";
    let values = [named.to_string().into(), now.0.into(), whole_account(named)];
    let rows = tx.all(sql, &values).await?;
    rows.iter()
        .map(|row| domain(&row.text("domain")?))
        .collect()
}

/// The account and name of the domain.
pub(crate) async fn account_and_name(
    tx: &mut Tx,
    domain: Domain,
) -> Result<Option<(Option<AccountId>, String)>, IamError> {
    let sql = "SELECT account, name FROM deletions WHERE domain = $1";
    let row = tx.one(sql, &[domain.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.text("account")?.parse().ok(), row.text("name")?)))
}

/// The number of deletions in the account that are not forgotten.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM deletions WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}
