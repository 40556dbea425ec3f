//! Sessions that are over by the settings of their account, but have not been ended.

use crate::error::IamError;
use crate::model::session_limits::SessionCutoffs;
use base::id::AccountId;
use base::time::Millis;
use db::{Tx, Value};

/// The sessions of users for an account.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OverdueSessions {
    /// How many are over.
    pub(crate) over: i64,
    /// When the first of the others was proven.
    pub(crate) first_proven: Option<Millis>,
    /// When the longest unused of the others was used last.
    pub(crate) first_used: Option<Millis>,
}

/// How many are over, and since when the others last.
pub(crate) async fn find_overdue(
    tx: &mut Tx,
    account: AccountId,
    over: SessionCutoffs,
) -> Result<OverdueSessions, IamError> {
    let sql = "SELECT COUNT(CASE WHEN proven_at <= $2 OR used_at <= $3 THEN 1 END) AS ended, \
               MIN(CASE WHEN proven_at > $2 AND used_at > $3 THEN proven_at END) AS first_proven, \
               MIN(CASE WHEN proven_at > $2 AND used_at > $3 THEN used_at END) AS first_used \
               FROM sessions WHERE account = $1 AND revoked_at IS NULL \
               AND EXISTS (SELECT 1 FROM principals WHERE guid = sessions.principal AND kind = 'user')";
    let values = [
        Value::from(account.to_string()),
        over.proven_at.0.into(),
        over.used_at.0.into(),
    ];
    let Some(row) = tx.one(sql, &values).await? else {
        return Ok(OverdueSessions::default());
    };
    Ok(OverdueSessions {
        over: row.int("ended")?,
        first_proven: row.int_or_none("first_proven")?.map(Millis),
        first_used: row.int_or_none("first_used")?.map(Millis),
    })
}

/// Ends them, with everything derived from them; returns how many.
pub(crate) async fn end_overdue(
    tx: &mut Tx,
    account: AccountId,
    over: SessionCutoffs,
    now: Millis,
) -> Result<u64, IamError> {
    if over == SessionCutoffs::NONE || find_overdue(tx, account, over).await?.over == 0 {
        return Ok(0);
    }
    let sql = "UPDATE sessions SET revoked_at = $4, ended = 0 \
               WHERE account = $1 AND revoked_at IS NULL AND (proven_at <= $2 OR used_at <= $3) \
               AND EXISTS (SELECT 1 FROM principals WHERE guid = sessions.principal AND kind = 'user')";
    let values = [
        Value::from(account.to_string()),
        over.proven_at.0.into(),
        over.used_at.0.into(),
        now.0.into(),
    ];
    let first = tx.execute(sql, &values).await?;
    super::with_derived(tx, first, now).await
}
