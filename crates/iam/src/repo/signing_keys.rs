//! The table `signing_keys`: each encrypted under a key that is not in the database.

use super::column::at;
use crate::error::IamError;
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// A stored key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name. The last one by name is the newest, and signs.
    pub kid: String,
    /// When it was made.
    pub created_at: Millis,
    /// From when on it signs.
    pub signs_from: Millis,
    /// When it was retired; then only its name is left.
    pub retired_at: Option<Millis>,
}

/// A key in its stored form.
pub(crate) struct EncryptedSigningKey {
    pub(crate) kid: String,
    /// Encrypted.
    pub(crate) bytes: Vec<u8>,
    /// The name of its encryption key.
    pub(crate) with: String,
    /// From when on it signs.
    pub(crate) signs_from: Millis,
}

const IN_SERVICE: &str = "SELECT kid, sealed, sealed_with, signs_from FROM signing_keys WHERE retired_at IS NULL ORDER BY kid";

/// The keys in service, read in the transaction.
pub(crate) async fn in_service(tx: &mut Tx) -> Result<Vec<EncryptedSigningKey>, IamError> {
    let rows = tx.all(IN_SERVICE, &[]).await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<EncryptedSigningKey, IamError> {
    Ok(EncryptedSigningKey {
        kid: row.text("kid")?,
        bytes: row.blob("sealed")?,
        with: row.text("sealed_with")?,
        signs_from: at(row, "signs_from")?,
    })
}

/// The last name of all keys, retired ones included.
pub(crate) async fn newest(tx: &mut Tx) -> Result<Option<String>, IamError> {
    let sql = "SELECT MAX(kid) AS kid FROM signing_keys";
    let row = tx.one(sql, &[]).await?;
    Ok(row
        .map(|row| row.text_or_none("kid"))
        .transpose()?
        .flatten())
}

/// Stores a key; `false` if the name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    key: &EncryptedSigningKey,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "INSERT INTO signing_keys (kid, sealed, sealed_with, created_at, signs_from) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values = [
        key.kid.as_str().into(),
        Value::from(&key.bytes[..]),
        key.with.as_str().into(),
        now.0.into(),
        key.signs_from.0.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Sets when a key begins to sign.
pub(crate) async fn reschedule(tx: &mut Tx, kid: &str, signs_from: Millis) -> Result<(), IamError> {
    let sql = "UPDATE signing_keys SET signs_from = $2 WHERE kid = $1";
    tx.execute(sql, &[kid.into(), signs_from.0.into()]).await?;
    Ok(())
}

/// Retires a key; only its name is left.
pub(crate) async fn retire(tx: &mut Tx, kid: &str, now: Millis) -> Result<(), IamError> {
    let sql = "UPDATE signing_keys SET retired_at = $2, sealed = $3 WHERE kid = $1";
    let values = [kid.into(), now.0.into(), Value::from(Vec::new())];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Every key, retired ones included, oldest first.
pub(crate) async fn all(db: &Db) -> Result<Vec<StoredKey>, IamError> {
    let sql = "SELECT kid, created_at, signs_from, retired_at FROM signing_keys ORDER BY kid";
    let mut keys = Vec::new();
    for row in db.all(sql, &[]).await? {
        keys.push(StoredKey {
            kid: row.text("kid")?,
            created_at: at(&row, "created_at")?,
            signs_from: at(&row, "signs_from")?,
            retired_at: row.int_or_none("retired_at")?.map(Millis),
        });
    }
    Ok(keys)
}
