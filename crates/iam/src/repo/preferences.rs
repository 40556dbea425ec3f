//! The table `preferences`: what clients keep for each principal of an account.

use super::column::counted;
use super::principals::key;
use crate::error::IamError;
use crate::model::preference::{Preference, PreferenceValue};
use base::id::AccountId;
use base::principal::Principal;
use db::{Db, Row, Tx, Value};

fn read(row: &Row) -> Result<Preference, IamError> {
    let value = row.text("value")?;
    let value: PreferenceValue = serde_json::from_str(&value).map_err(|_| IamError::Stored {
        value,
        expected: "the value of a preference",
    })?;
    Ok(Preference {
        service: row.text("service")?,
        name: row.text("name")?,
        value,
    })
}

/// The value in its column.
pub(crate) fn stored(value: &PreferenceValue) -> String {
    let value = match value {
        PreferenceValue::Text(text) => serde_json::Value::from(text.as_str()),
        PreferenceValue::Texts(texts) => serde_json::Value::from(texts.as_slice()),
    };
    value.to_string()
}

/// All of a principal in the account, by service and name.
pub(crate) async fn all(
    db: &Db,
    account: AccountId,
    principal: Principal,
) -> Result<Vec<Preference>, IamError> {
    let sql = "SELECT service, name, value FROM preferences WHERE account = $1 AND principal = $2 ORDER BY service, name";
    let values = [account.to_string().into(), key(principal)];
    db.all(sql, &values).await?.iter().map(read).collect()
}

/// One of a principal in the account.
pub(crate) async fn find(
    db: &Db,
    account: AccountId,
    principal: Principal,
    (service, name): (&str, &str),
) -> Result<Option<Preference>, IamError> {
    let sql = "SELECT service, name, value FROM preferences \
               WHERE account = $1 AND principal = $2 AND service = $3 AND name = $4";
    let values = [
        account.to_string().into(),
        key(principal),
        service.into(),
        name.into(),
    ];
    db.one(sql, &values).await?.as_ref().map(read).transpose()
}

/// Whether one is there with this value, read within the transaction that depends on it.
pub(crate) async fn has(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    new: &Preference,
) -> Result<bool, IamError> {
    let sql = "SELECT name FROM preferences WHERE account = $1 AND principal = $2 AND service = $3 AND name = $4 AND value = $5";
    Ok(tx
        .one(sql, &values(account, principal, new))
        .await?
        .is_some())
}

/// Gives one that is there another value. `false` if it is not.
pub(crate) async fn change(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    new: &Preference,
) -> Result<bool, IamError> {
    let sql = "UPDATE preferences SET value = $5 WHERE account = $1 AND principal = $2 AND service = $3 AND name = $4";
    let values = values(account, principal, new);
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Stores a new one.
pub(crate) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    new: &Preference,
) -> Result<(), IamError> {
    let sql = "INSERT INTO preferences (account, principal, service, name, value) VALUES ($1, $2, $3, $4, $5)";
    let values = values(account, principal, new);
    tx.execute(sql, &values).await?;
    Ok(())
}

fn values(account: AccountId, principal: Principal, new: &Preference) -> [Value; 5] {
    [
        account.to_string().into(),
        key(principal),
        new.service.as_str().into(),
        new.name.as_str().into(),
        stored(&new.value).into(),
    ]
}

/// Deletes one. `false` if it is not there.
pub(crate) async fn delete(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    (service, name): (&str, &str),
) -> Result<bool, IamError> {
    let sql = "DELETE FROM preferences WHERE account = $1 AND principal = $2 AND service = $3 AND name = $4";
    let values = [
        account.to_string().into(),
        key(principal),
        service.into(),
        name.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// The number of preferences of a principal in the account.
pub(crate) async fn count_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM preferences WHERE account = $1 AND principal = $2";
    let values = [account.to_string().into(), key(principal)];
    counted(tx.one(sql, &values).await?)
}

/// The number of preferences of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM preferences WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Deletes the principal's preferences in the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM preferences WHERE account = $1 AND principal = $2";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Deletes every preference of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM preferences WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
