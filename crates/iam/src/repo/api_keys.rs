//! The table `api_keys`.

use super::column::held;
use super::principals;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::bounds::KeyLife;
use crate::model::directory::ApiKey;
use base::id::{AccountId, KeyId};
use base::principal::Principal;
use base::time::Millis;
use db::{Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT api_keys.guid, account, principal, principals.kind AS principal_kind, name, description, hash, locked, disabled, \
     revision, expires_at, created_at, modified_at, reach_domain, reach_only, made_by FROM api_keys \
     JOIN principals ON principals.guid = api_keys.principal",
    "api_keys.guid"
);

pub(crate) async fn insert(tx: &mut Tx, key: &ApiKey, life: KeyLife) -> Result<(), IamError> {
    let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, expires_at, created_at, modified_at, \
               reach_domain, reach_only, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
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
        key.made_by.map(|own| own.to_string()).into(),
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

/// The number of keys of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM api_keys WHERE account = $1";
    held(tx.one(sql, &[account.to_string().into()]).await?)
}

/// The number of keys of the principal in the account.
pub(crate) async fn count_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM api_keys WHERE account = $1 AND principal = $2";
    let values = [Value::from(account.to_string()), principals::key(principal)];
    held(tx.one(sql, &values).await?)
}

/// Locks a key until the transaction ends. `false` if it was deleted, locked or disabled, or has expired.
pub(crate) async fn lock_usable(tx: &mut Tx, id: KeyId, now: Millis) -> Result<bool, IamError> {
    let sql = "UPDATE api_keys SET revision = revision WHERE guid = $1 AND locked = 0 AND disabled = 0 \
               AND (expires_at IS NULL OR expires_at > $2)";
    let values = [id.0.to_string().into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes the principal's keys of the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM api_keys WHERE account = $1 AND principal = $2";
    let values = [Value::from(account.to_string()), principals::key(principal)];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the keys of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM api_keys WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
