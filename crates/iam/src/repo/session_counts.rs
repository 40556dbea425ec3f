//! Counts of the table `sessions`: the number of a user's sessions, and the one unused for longest.

use super::column::parse_guid;
use super::principals::key as key_of;
use crate::error::IamError;
use crate::model::bounds::Bounds;
use base::id::SessionId;
use base::time::Millis;
use db::{Tx, Value};

async fn number(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<u64, IamError> {
    let row = tx.one(sql, values).await?;
    let held = row.map_or(Ok(0), |row| row.int("held"))?;
    Ok(u64::try_from(held).unwrap_or_default())
}

/// The number of the user's live sessions.
pub(crate) async fn living(tx: &mut Tx, bounds: &Bounds, now: Millis) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM sessions WHERE principal = $1 AND revoked_at IS NULL AND expires_at > $2";
    let values = [key_of(bounds.principal()), now.0.into()];
    number(tx, sql, &values).await
}

/// The number of remembered ended sessions, of the user's own or of this key.
pub(crate) async fn ended_before(tx: &mut Tx, bounds: &Bounds, key: &str) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM sessions WHERE principal = $1 AND revoked_at IS NOT NULL \
               AND COALESCE(api_key, '') = $2";
    let values = [key_of(bounds.principal()), key.into()];
    number(tx, sql, &values).await
}

/// The key (or none) with the most sessions; the new session's, if it is among the first.
pub(crate) async fn most(
    tx: &mut Tx,
    bounds: &Bounds,
    key: &str,
    now: Millis,
) -> Result<String, IamError> {
    let sql = "SELECT COALESCE(api_key, '') AS of_key, COUNT(*) AS held FROM sessions \
               WHERE principal = $1 AND revoked_at IS NULL AND expires_at > $2 GROUP BY COALESCE(api_key, '') \
               ORDER BY COUNT(*) DESC, CASE WHEN COALESCE(api_key, '') = $3 THEN 0 ELSE 1 END LIMIT 1";
    let values = [key_of(bounds.principal()), now.0.into(), key.into()];
    match tx.one(sql, &values).await? {
        Some(row) => Ok(row.text("of_key")?),
        None => Ok(key.to_owned()),
    }
}

/// The session of this key (or none) that was begun or renewed longest ago, except the new one and those it came from.
pub(crate) async fn longest_unused(
    tx: &mut Tx,
    bounds: &Bounds,
    begun: SessionId,
    key: String,
    now: Millis,
) -> Result<Option<SessionId>, IamError> {
    let sql = "WITH RECURSIVE spared (guid) AS (SELECT CAST($3 AS TEXT) UNION SELECT sessions.parent FROM sessions \
               JOIN spared ON sessions.guid = spared.guid WHERE sessions.parent IS NOT NULL) \
               SELECT guid FROM sessions WHERE principal = $1 AND revoked_at IS NULL AND expires_at > $2 \
               AND COALESCE(api_key, '') = $4 AND guid NOT IN (SELECT guid FROM spared) \
               ORDER BY tokens_until, created_at, guid LIMIT 1";
    let values = [
        key_of(bounds.principal()),
        now.0.into(),
        begun.0.to_string().into(),
        key.into(),
    ];
    let row = tx.one(sql, &values).await?;
    let guid = row.map(|row| parse_guid(&row, "guid"));
    Ok(guid.transpose()?.map(SessionId))
}
