//! The table `password_resets`: hashes of the operator's codes for a new password.

use super::column::parse_guid;
use crate::error::IamError;
use base::id::UserId;
use base::time::Millis;
use db::{Db, Tx, Value};

/// Stores a code in place of the user's previous one.
pub(crate) async fn put(
    tx: &mut Tx,
    user: UserId,
    hash: Vec<u8>,
    expires_at: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO password_resets (user_id, code_hash, expires_at) VALUES ($1, $2, $3) \
               ON CONFLICT (user_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at";
    let values = [
        Value::from(user.0.to_string()),
        hash.into(),
        expires_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Whether the address has this code. Only a read.
pub(crate) async fn is_one(
    db: &Db,
    hash: &[u8; 32],
    folded: &str,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "SELECT user_id FROM password_resets JOIN users ON users.guid = password_resets.user_id \
               WHERE code_hash = $1 AND folded = $2 AND expires_at > $3";
    let values = [Value::from(&hash[..]), folded.into(), now.0.into()];
    Ok(db.one(sql, &values).await?.is_some())
}

/// Consumes a code. Deleting it and reading its user is one statement: of two concurrent requests one sets a password.
pub(crate) async fn take(
    tx: &mut Tx,
    hash: &[u8; 32],
    folded: &str,
    now: Millis,
) -> Result<Option<UserId>, IamError> {
    let sql = "DELETE FROM password_resets WHERE code_hash = $1 AND expires_at > $2 \
               AND user_id IN (SELECT guid FROM users WHERE folded = $3) RETURNING user_id";
    let values = [Value::from(&hash[..]), now.0.into(), folded.into()];
    let row = tx.one(sql, &values).await?;
    row.map(|row| Ok(UserId(parse_guid(&row, "user_id")?)))
        .transpose()
}

/// Deletes the code of a user, whose stored GUID this is.
pub(crate) async fn delete_of(tx: &mut Tx, user: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM password_resets WHERE user_id = $1";
    tx.execute(sql, std::slice::from_ref(user)).await?;
    Ok(())
}
