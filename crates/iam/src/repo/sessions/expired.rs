//! Sessions that nobody need remember any more.

use crate::error::IamError;
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// Deletes the principal's ended sessions whose tokens had all expired at `before`, except those with a token in the table.
pub(crate) async fn delete_ended(
    tx: &mut Tx,
    principal: &Value,
    before: Millis,
) -> Result<(), IamError> {
    let sql = "DELETE FROM sessions WHERE principal = $2 AND ended IS NOT NULL AND tokens_until <= $1 \
               AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid)";
    tx.execute(sql, &[before.0.into(), principal.clone()])
        .await?;
    Ok(())
}

/// Deletes the principal's sessions that had expired at `before`, except those with a token in the table.
pub(crate) async fn delete_expired(
    tx: &mut Tx,
    principal: &Value,
    before: Millis,
) -> Result<(), IamError> {
    let sql = "DELETE FROM sessions WHERE principal = $2 AND expires_at <= $1 AND tokens_until <= $1 \
               AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid)";
    tx.execute(sql, &[before.0.into(), principal.clone()])
        .await?;
    Ok(())
}

/// The stored GUIDs of the principals of some sessions that have ended and whose tokens had all expired at `before`.
pub(crate) async fn owners_of_ended(
    db: &Db,
    before: Millis,
    most: i64,
) -> Result<Vec<String>, IamError> {
    let sql =
        "SELECT principal FROM sessions WHERE ended IS NOT NULL AND tokens_until <= $1 LIMIT $2";
    owners(&db.all(sql, &[before.0.into(), most.into()]).await?)
}

/// The stored GUIDs of the principals of some sessions that had expired at `before`, with all their tokens.
pub(crate) async fn owners_of_expired(
    db: &Db,
    before: Millis,
    most: i64,
) -> Result<Vec<String>, IamError> {
    let sql = "SELECT principal FROM sessions WHERE expires_at <= $1 AND tokens_until <= $1 AND NOT EXISTS \
               (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid AND refresh_tokens.expires_at > $1) LIMIT $2";
    owners(&db.all(sql, &[before.0.into(), most.into()]).await?)
}

fn owners(rows: &[Row]) -> Result<Vec<String>, IamError> {
    rows.iter().map(|row| Ok(row.text("principal")?)).collect()
}
