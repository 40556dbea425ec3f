//! The table `deletions`: what was deleted, and when its samples go; until then all can be brought back.

use super::column::{domain, tenant};
use crate::error::IamError;
use crate::model::directory::Account;
use crate::model::metering;
use base::id::{AccountId, TenantId, UserId};
use base::scope::{Domain, Metering};
use base::time::Millis;
use db::{Db, Tx, Value};

/// What a deletion means for samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When they go; until then the deletion can be taken back.
    pub removed_at: Millis,
    /// What counts them in the store.
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

/// What closes domains for everybody, once they are written down as deleted with the domain `$1`: their roles are kept apart.
const CLOSE: [&str; 3] = [
    "INSERT INTO deleted_roles (person, domain, role) SELECT person, domain, role FROM roles \
     WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1) ON CONFLICT DO NOTHING",
    "DELETE FROM roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
    "DELETE FROM invitation_roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
];

/// Their numbers in the store are given to nobody else.
const RETIRE: &str = "UPDATE domains SET retired_at = $2 WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";

/// Writes a space or an organization down as deleted by a user of an account. `false` where there was nothing.
pub(crate) async fn write(
    tx: &mut Tx,
    with: Domain,
    (account, user): (AccountId, UserId),
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
        user.0.to_string().into(),
        with.to_string().into(),
        due.0.into(),
    ];
    let mut written = 0;
    for sql in rows {
        written = tx.execute(sql, &values).await?;
    }
    Ok(written > 0)
}

/// Closes for everybody what was written down as deleted with the domain.
pub(crate) async fn close(tx: &mut Tx, with: Domain, now: Millis) -> Result<(), IamError> {
    let cause = Value::from(with.to_string());
    for sql in CLOSE {
        tx.execute(sql, std::slice::from_ref(&cause)).await?;
    }
    tx.execute(RETIRE, &[cause, now.0.into()]).await?;
    Ok(())
}

/// What was deleted with the domain, as the transaction has written it down.
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

/// What was deleted with the domain, beside itself: domain and name of each.
pub(crate) async fn parts(tx: &mut Tx, with: Domain) -> Result<Vec<(String, String)>, IamError> {
    let sql = "SELECT domain, name FROM deletions WHERE deleted_with = $1 AND domain <> $1";
    let mut found = Vec::new();
    for row in tx.all(sql, &[with.to_string().into()]).await? {
        found.push((row.text("domain")?, row.text("name")?));
    }
    Ok(found)
}

/// What is written down for the sweep: `$1` is the account, `$2` its domain, `$3` now, `$4` when all is due. Who deleted it is the
/// operator, who is no user.
const WRITE_DOWN_SPACES: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, spaces.org, '', spaces.name, spaces.created_at, spaces.updated_at, \
     CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM spaces JOIN orgs ON orgs.guid = spaces.org \
     JOIN domains ON domains.domain = 's-' || spaces.guid WHERE orgs.account = $1";

const WRITE_DOWN_ORGS: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, orgs.account, orgs.guid, orgs.region, orgs.name, orgs.created_at, \
     orgs.updated_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM orgs \
     JOIN domains ON domains.domain = 'o-' || orgs.guid WHERE orgs.account = $1";

/// The account lies in no organization: its own guid stands there. `$5` is its name.
const WRITE_DOWN_ACCOUNT: &str = "INSERT INTO deletions (tenant, domain, account, org, region, name, created_at, updated_at, deleted_at, deleted_by, \
     deleted_with, due_at, begun) \
     SELECT domains.tenant, domains.domain, accounts.guid, accounts.guid, '', CAST($5 AS TEXT), accounts.created_at, \
     accounts.created_at, CAST($3 AS BIGINT), '', CAST($2 AS TEXT), CAST($4 AS BIGINT), 0 FROM accounts \
     JOIN domains ON domains.domain = $2 WHERE accounts.guid = $1";

/// What an account took along.
pub(crate) struct Written {
    pub(crate) spaces: u64,
    pub(crate) orgs: u64,
}

/// Writes an account down as deleted by the operator, with all that is in it.
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
    let spaces = tx.execute(WRITE_DOWN_SPACES, &values).await?;
    let orgs = tx.execute(WRITE_DOWN_ORGS, &values).await?;
    values.push(account.name.as_str().into());
    tx.execute(WRITE_DOWN_ACCOUNT, &values).await?;
    tx.execute(RETIRE, &[domain, now.0.into()]).await?;
    Ok(Written { spaces, orgs })
}

/// Keeps what was deleted with the domain as it is until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    let sql = "UPDATE deletions SET begun = begun WHERE domain = $1 OR deleted_with = $1";
    tx.execute(sql, &[domain.to_string().into()]).await?;
    Ok(())
}

/// The name of what was deleted and can be brought back whole: where the removal of a part was begun it would come back with a
/// hole.
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

/// Takes back all that was deleted with the domain.
pub(crate) async fn take_back_whole(tx: &mut Tx, domain: Domain) -> Result<(), IamError> {
    for sql in [
        "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)",
        "DELETE FROM deletions WHERE deleted_with = $1",
    ] {
        tx.execute(sql, &[domain.to_string().into()]).await?;
    }
    Ok(())
}

/// Writes down that the samples are going: it cannot be brought back any more. `false` where it was brought back before.
#[expect(
    clippy::disallowed_methods,
    reason = "what the deletion has said comes true: its entry says so"
)]
pub(crate) async fn begin(db: &Db, tenant: TenantId, now: Millis) -> Result<bool, IamError> {
    let values = [Value::from(i64::from(tenant.0)), now.0.into()];
    Ok(db.execute(BEGIN, &values).await? > 0)
}

const BEGIN: &str = "UPDATE deletions SET begun = 1 WHERE tenant = $1 AND due_at <= $2";

/// Whether something that was deleted with the domain, or in it before, is not forgotten yet.
pub(crate) async fn has_parts(tx: &mut Tx, domain: Domain) -> Result<bool, IamError> {
    let sql = "SELECT 1 FROM deletions WHERE (deleted_with = $1 OR 'a-' || account = $1) AND domain <> $1 LIMIT 1";
    let row = tx.one(sql, &[domain.to_string().into()]).await?;
    Ok(row.is_some())
}

/// Forgets one of which nothing is stored any more.
pub(crate) async fn forget(tx: &mut Tx, tenant: TenantId, now: Millis) -> Result<(), IamError> {
    let tenant = Value::from(i64::from(tenant.0));
    // Also where there never was a sample to begin with.
    tx.execute(BEGIN, &[tenant.clone(), now.0.into()]).await?;
    for sql in [
        "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)",
        "DELETE FROM domains WHERE tenant = $1 AND retired_at IS NOT NULL \
         AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = domains.tenant AND begun = 1)",
        "DELETE FROM deletions WHERE tenant = $1 AND begun = 1",
    ] {
        tx.execute(sql, std::slice::from_ref(&tenant)).await?;
    }
    Ok(())
}

/// Makes it due now, and what was deleted with it; with an account goes also what was deleted in it before. Which domains were
/// not due yet.
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

/// In which account it was, and its name.
pub(crate) async fn whose(
    tx: &mut Tx,
    domain: Domain,
) -> Result<Option<(Option<AccountId>, String)>, IamError> {
    let sql = "SELECT account, name FROM deletions WHERE domain = $1";
    let row = tx.one(sql, &[domain.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.text("account")?.parse().ok(), row.text("name")?)))
}
