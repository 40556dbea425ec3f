//! The table `event_counts`: how many events each domain was given, and how many it keeps.

use crate::error::IamError;
use base::id::{AccountId, TenantId};
use db::{Db, Tx, Value};

/// Counts one event more. The domain may have been deleted meanwhile: then there is no row.
const COUNT: &str = "INSERT INTO event_counts (tenant, account, given, kept) \
     SELECT tenant, CAST($2 AS TEXT), 1, 1 FROM domains WHERE tenant = $1 AND retired_at IS NULL \
     ON CONFLICT (tenant) DO UPDATE SET given = event_counts.given + 1, kept = event_counts.kept + 1 \
     RETURNING given, kept";

const KEPT_BY_ACCOUNT: &str = "SELECT CAST(COALESCE(SUM(event_counts.kept), 0) AS BIGINT) AS kept FROM event_counts \
     WHERE event_counts.account = $1";

const DISCOUNT: &str = "UPDATE event_counts SET kept = kept - $2 WHERE tenant = $1";

/// The counts of a domain whose removal has begun.
const DELETE_REMOVED: &str = "DELETE FROM event_counts WHERE tenant = $1 \
     AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = event_counts.tenant AND begun = 1)";

/// The number of a new event, and how many the domain keeps with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventCount {
    pub(crate) number: i64,
    pub(crate) kept: i64,
}

fn key(tenant: TenantId) -> Value {
    i64::from(tenant.0).into()
}

/// Counts one event more; `None` if the domain no longer exists.
pub(crate) async fn count(
    tx: &mut Tx,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<EventCount>, IamError> {
    let row = tx
        .one(COUNT, &[key(tenant), account.to_string().into()])
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(EventCount {
        number: row.int("given")?,
        kept: row.int("kept")?,
    }))
}

/// How many events an account keeps, in all its domains.
pub(crate) async fn kept_by(tx: &mut Tx, account: AccountId) -> Result<i64, IamError> {
    let row = tx
        .one(KEPT_BY_ACCOUNT, &[account.to_string().into()])
        .await?;
    row.map_or(Ok(0), |row| Ok(row.int("kept")?))
}

/// Subtracts this many events.
pub(crate) async fn discount(tx: &mut Tx, tenant: TenantId, deleted: u64) -> Result<(), IamError> {
    let deleted = i64::try_from(deleted).unwrap_or(i64::MAX);
    tx.execute(DISCOUNT, &[key(tenant), deleted.into()]).await?;
    Ok(())
}

/// Deletes the counts of a domain whose removal has begun.
pub(crate) async fn delete_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    tx.execute(DELETE_REMOVED, &[key(tenant)]).await?;
    Ok(())
}

/// Deletes the counts of a domain whose removal has begun, outside of a transaction.
#[expect(
    clippy::disallowed_methods,
    reason = "what the deletion has said comes true: its entry says so"
)]
pub(crate) async fn delete_removed_now(db: &Db, tenant: TenantId) -> Result<(), IamError> {
    db.execute(DELETE_REMOVED, &[key(tenant)]).await?;
    Ok(())
}
