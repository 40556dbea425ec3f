//! The table `account_limits`: limits that the operator has set for one account.

use super::column::parse;
use super::selection::{Selection, selection};
use crate::error::IamError;
use base::id::AccountId;
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection =
    selection!("SELECT account, name, value FROM account_limits", "account");

/// Decodes a row: the account, the limit's name and its value.
pub(super) fn read(row: &Row) -> Result<(AccountId, String, u64), IamError> {
    let account = parse(row, "account", "an account GUID")?;
    let value = u64::try_from(row.int("value")?).unwrap_or_default();
    Ok((account, row.text("name")?, value))
}

/// Sets a limit; none restores the server's value. `false` if it is so already.
pub(crate) async fn set(
    tx: &mut Tx,
    account: AccountId,
    name: &'static str,
    value: Option<u64>,
) -> Result<bool, IamError> {
    let key = [Value::from(account.to_string()), name.into()];
    let sql = "SELECT value FROM account_limits WHERE account = $1 AND name = $2";
    let stored = tx.one(sql, &key).await?;
    let stored = stored.map(|row| row.int("value")).transpose()?;
    let value = value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    if stored == value {
        return Ok(false);
    }
    let sql = "DELETE FROM account_limits WHERE account = $1 AND name = $2";
    tx.execute(sql, &key).await?;
    if let Some(value) = value {
        let [account, name] = key;
        let sql = "INSERT INTO account_limits (account, name, value) VALUES ($1, $2, $3)";
        tx.execute(sql, &[account, name, value.into()]).await?;
    }
    Ok(true)
}

/// Deletes the limits of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM account_limits WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
