//! The table `deletions`: what was deleted, and when its samples are deleted; until then it can be restored.

use super::column::{domain, tenant};
use super::principals::key;
use crate::error::IamError;
use crate::model::directory::Account;
use crate::model::metering;
use base::id::{AccountId, TenantId};
use base::principal::Principal;
use base::scope::{Domain, Metering};
use base::time::Millis;
use db::{Db, Tx, Value};

/// What a deletion means for samples.
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

/// Removes access to the domains that are recorded as deleted with the domain `$1`; their roles are kept in another
/// table. Those of open invitations stay where they are: an acceptance gives none in a retired domain.
const CLOSE: [&str; 2] = [
    "INSERT INTO deleted_roles (principal, domain, role) SELECT principal, domain, role FROM roles \
     WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1) ON CONFLICT DO NOTHING",
    "DELETE FROM roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
];

/// Their numbers in the store are never given to others.
const RETIRE: &str = "UPDATE domains SET retired_at = $2 WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";

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

/// Removes all access to the domains recorded as deleted with the domain.
pub(crate) async fn close(tx: &mut Tx, with: Domain, now: Millis) -> Result<(), IamError> {
    let cause = Value::from(with.to_string());
    for sql in CLOSE {
        tx.execute(sql, std::slice::from_ref(&cause)).await?;
    }
    tx.execute(RETIRE, &[cause, now.0.into()]).await?;
    Ok(())
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
pub(crate) struct Written {
    pub(crate) spaces: u64,
    pub(crate) orgs: u64,
}

/// Records the deletion of an account by the operator, with all its contents.
pub(crate) async fn write_account(
    tx: &mut Tx,
    account: &Account,
    now: Millis,
    due: Millis,
) -> Result<Written, IamError> {
    let domain = Value::from(Domain::Account(account.id).to_string());
    let mut values = vec![
        Value::from(account.id.to_string()),
        domain.clone(),
        now.0.into(),
        due.0.into(),
    ];
    let spaces = tx.execute(RECORD_SPACES, &values).await?;
    let orgs = tx.execute(RECORD_ORGS, &values).await?;
    values.push(account.name.as_str().into());
    tx.execute(RECORD_ACCOUNT, &values).await?;
    tx.execute(RETIRE, &[domain, now.0.into()]).await?;
    Ok(Written { spaces, orgs })
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
pub(crate) async fn undo(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    for sql in [
        "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
        "DELETE FROM deletions WHERE deleted_with = $1",
    ] {
        tx.execute(sql, &[domain.to_string().into()]).await?;
    }
    Ok(())
}

/// Records that the samples are being deleted: a restore is no longer possible. `false` if it was restored before. Events go at
/// once.
#[expect(
    clippy::disallowed_methods,
    reason = "what the deletion has said comes true: its entry says so"
)]
pub(crate) async fn begin(db: &Db, tenant: TenantId, now: Millis) -> Result<bool, IamError> {
    let values = [Value::from(i64::from(tenant.0)), now.0.into()];
    if db.execute(BEGIN, &values).await? == 0 {
        return Ok(false);
    }
    for sql in EVENTS {
        db.execute(sql, &values[..1]).await?;
    }
    Ok(true)
}

const BEGIN: &str = "UPDATE deletions SET begun = 1 WHERE tenant = $1 AND due_at <= $2";

/// The events of a domain whose removal has begun.
const EVENTS: [&str; 2] = [
    "DELETE FROM events WHERE tenant = $1 AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = events.tenant AND begun = 1)",
    "DELETE FROM event_counts WHERE tenant = $1 \
     AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = event_counts.tenant AND begun = 1)",
];

/// Whether a part deleted with the domain, or in it before, is not forgotten yet.
pub(crate) async fn has_parts(tx: &mut Tx, domain: Domain) -> Result<bool, IamError> {
    let sql = "SELECT 1 FROM deletions WHERE (deleted_with = $1 OR 'a-' || account = $1) AND domain <> $1 LIMIT 1";
    let row = tx.one(sql, &[domain.to_string().into()]).await?;
    Ok(row.is_some())
}

/// Forgets a deletion without stored samples.
pub(crate) async fn forget(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<(), IamError> {
    let tenant = Value::from(i64::from(tenant.0));
    // Also if there never was a sample.
    tx.execute(BEGIN, &[tenant.clone(), now.0.into()]).await?;
    for sql in EVENTS.into_iter().chain([
        "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)",
        "DELETE FROM invitation_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)",
        "DELETE FROM domains WHERE tenant = $1 AND retired_at IS NOT NULL \
         AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = domains.tenant AND begun = 1)",
        "DELETE FROM deletions WHERE tenant = $1 AND begun = 1",
    ]) {
        tx.execute(sql, std::slice::from_ref(&tenant)).await?;
    }
    Ok(())
}

/// Makes the domain and everything deleted with it due now; an account includes what was deleted in it before. Returns
/// the domains that were not due yet.
pub(crate) async fn advance(
    tx: &mut Tx,
    named: Domain,
    now: Millis,
) -> Result<Vec<Domain>, IamError> {
    let sql = "UPDATE deletions SET due_at = $2 WHERE (domain = $1 OR deleted_with = $1 OR 'a-' || account = $1) \
               AND due_at > $2 RETURNING domain";
    let rows = tx
        .all(sql, &[named.to_string().into(), now.0.into()])
        .await?;
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
