//! The table `passcodes`: hashes of one-time codes for a login, and the credential that asked for each.

use super::column::parse_guid;
use crate::error::IamError;
use crate::model::bounds::{CredentialBounds, Root};
use crate::model::page::row_count;
use base::id::{AccountId, KeyId, SessionId, UserId};
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// A stored code, without its hash.
pub(crate) struct StoredPasscode {
    pub(crate) user: UserId,
    pub(crate) root: Root,
    pub(crate) proven_at: Millis,
    pub(crate) expires_at: Millis,
}

/// Deletes the expired codes of a user, whose stored GUID this is.
pub(crate) async fn sweep(tx: &mut Tx, user: &Value, now: Millis) -> Result<(), IamError> {
    let sql = "DELETE FROM passcodes WHERE user_id = $1 AND expires_at <= $2";
    tx.execute(sql, &[user.clone(), now.0.into()]).await?;
    Ok(())
}

/// The stored GUIDs of the users of some expired codes.
pub(crate) async fn owners_of_expired(
    db: &Db,
    now: Millis,
    most: i64,
) -> Result<Vec<String>, IamError> {
    let sql = "SELECT user_id FROM passcodes WHERE expires_at <= $1 LIMIT $2";
    let rows = db.all(sql, &[now.0.into(), most.into()]).await?;
    rows.iter().map(|row| Ok(row.text("user_id")?)).collect()
}

/// Stores a code.
pub(crate) async fn insert(
    tx: &mut Tx,
    hash: &[u8; 32],
    user: UserId,
    bounds: &CredentialBounds,
    expires_at: Millis,
) -> Result<(), IamError> {
    let sql = "INSERT INTO passcodes (hash, user_id, api_key, session, proven_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let root = bounds.root();
    let values = [
        Value::from(&hash[..]),
        user.0.to_string().into(),
        root.key.map(|key| key.0.to_string()).into(),
        root.session.map(|session| session.0.to_string()).into(),
        bounds.proven_at().0.into(),
        expires_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the oldest codes beyond the user's limit. The codes of an API key have a separate limit, so that the holder
/// of a key cannot displace codes made with the password.
pub(crate) async fn keep_newest(
    tx: &mut Tx,
    user: UserId,
    key: Option<KeyId>,
    new: &[u8; 32],
    others: u64,
) -> Result<(), IamError> {
    let sql = "DELETE FROM passcodes WHERE user_id = $1 AND COALESCE(api_key, '') = $2 AND hash <> $3 AND hash NOT IN \
               (SELECT hash FROM passcodes WHERE user_id = $1 AND COALESCE(api_key, '') = $2 AND hash <> $3 \
               ORDER BY expires_at DESC, hash LIMIT $4)";
    let values = [
        Value::from(user.0.to_string()),
        key.map(|key| key.0.to_string()).unwrap_or_default().into(),
        Value::from(&new[..]),
        row_count(others).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// A code, which stays.
pub(crate) async fn find(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<StoredPasscode>, IamError> {
    let sql =
        "SELECT user_id, api_key, session, proven_at, expires_at FROM passcodes WHERE hash = $1";
    let row = tx.one(sql, &[Value::from(&hash[..])]).await?;
    row.as_ref().map(decode).transpose()
}

/// Consumes a code. Deleting it and reading its user is one statement: of two concurrent requests one gets it.
pub(crate) async fn take(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<StoredPasscode>, IamError> {
    let sql = "DELETE FROM passcodes WHERE hash = $1 RETURNING user_id, api_key, session, proven_at, expires_at";
    let row = tx.one(sql, &[Value::from(&hash[..])]).await?;
    row.as_ref().map(decode).transpose()
}

fn decode(row: &Row) -> Result<StoredPasscode, IamError> {
    let key = match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(row, "api_key")?)),
        None => None,
    };
    let session = match row.text_or_none("session")? {
        Some(_) => Some(SessionId(parse_guid(row, "session")?)),
        None => None,
    };
    Ok(StoredPasscode {
        user: UserId(parse_guid(row, "user_id")?),
        root: Root { session, key },
        proven_at: Millis(row.int("proven_at")?),
        expires_at: Millis(row.int("expires_at")?),
    })
}

/// Deletes the codes of a user, whose stored GUID this is.
pub(crate) async fn delete_of(tx: &mut Tx, user: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM passcodes WHERE user_id = $1";
    tx.execute(sql, std::slice::from_ref(user)).await?;
    Ok(())
}

/// Deletes the codes of everybody in the account, except those of keys of other accounts, which do not open it.
pub(crate) async fn delete_of_members(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM passcodes WHERE user_id IN (SELECT principal FROM members WHERE account = $1) \
               AND (api_key IS NULL OR api_key IN (SELECT guid FROM api_keys WHERE account = $1))";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
