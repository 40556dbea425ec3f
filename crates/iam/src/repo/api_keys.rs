//! The table `api_keys`.

use super::principals;
use crate::error::IamError;
use crate::model::bounds::KeyLife;
use crate::model::directory::ApiKey;
use base::id::{AccountId, KeyId};
use base::principal::Principal;
use base::time::Millis;
use db::{Tx, Value};

pub(crate) async fn insert(tx: &mut Tx, key: &ApiKey, life: KeyLife) -> Result<(), IamError> {
    let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, expires_at, created_at, modified_at, \
               reach_domain, reach_only) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let values = [
        Value::from(key.id.0.to_string()),
        key.account.to_string().into(),
        principals::key(key.principal),
        key.name.as_str().into(),
        key.description.as_str().into(),
        Value::from(&key.hash[..]),
        key.locked.into(),
        key.disabled.into(),
        key.revision.into(),
        life.expires_at().map(|at| at.0).into(),
        key.created_at.0.into(),
        key.modified_at.0.into(),
        key.narrowing.domain.map(|own| own.to_string()).into(),
        key.narrowing.only().map(str::to_owned).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed key if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, key: &ApiKey, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET name = $2, description = $3, expires_at = $4, modified_at = $5, revision = revision + 1 \
               WHERE guid = $1 AND revision = $6";
    let values = [
        key.id.0.to_string().into(),
        key.name.as_str().into(),
        key.description.as_str().into(),
        key.expires_at.map(|at| at.0).into(),
        key.modified_at.0.into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks or unlocks a key.
pub(crate) async fn set_locked(
    tx: &mut Tx,
    id: KeyId,
    on: bool,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE api_keys SET locked = $2, modified_at = $3, revision = revision + 1 WHERE guid = $1";
    tx.execute(sql, &[id.0.to_string().into(), on.into(), now.0.into()])
        .await?;
    Ok(())
}

/// Disables or enables a key.
pub(crate) async fn set_disabled(
    tx: &mut Tx,
    id: KeyId,
    on: bool,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE api_keys SET disabled = $2, modified_at = $3, revision = revision + 1 WHERE guid = $1";
    tx.execute(sql, &[id.0.to_string().into(), on.into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes a key.
pub(crate) async fn delete(tx: &mut Tx, id: KeyId) -> Result<(), IamError> {
    let sql = "DELETE FROM api_keys WHERE guid = $1";
    tx.execute(sql, &[id.0.to_string().into()]).await?;
    Ok(())
}

/// The number of keys of the principal in the account.
pub(crate) async fn count(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS keys FROM api_keys WHERE account = $1 AND principal = $2";
    let values = [Value::from(account.to_string()), principals::key(principal)];
    let found = tx.one(sql, &values).await?;
    let count = found.map_or(Ok(0), |row| row.int("keys"))?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}
