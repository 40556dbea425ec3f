//! The table `account_settings`: the accounts' settings for logins to them and for objects made in them.

use super::column::parse;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::account_settings::{AccountSettings, StoredSettings};
use base::id::AccountId;
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT account, settings, revision FROM account_settings",
    "account"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<StoredSettings, IamError> {
    let text = row.text("settings")?;
    let settings: AccountSettings = serde_json::from_str(&text).map_err(|_| IamError::Stored {
        value: text,
        expected: "the settings of an account",
    })?;
    Ok(StoredSettings {
        account: parse(row, "account", "an account GUID")?,
        settings,
        revision: row.int("revision")?,
    })
}

/// The settings of the account, if it has made any.
pub(crate) async fn find(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Option<StoredSettings>, IamError> {
    let sql = "SELECT account, settings, revision FROM account_settings WHERE account = $1";
    let row = tx.one(sql, &[account.to_string().into()]).await?;
    row.as_ref().map(read).transpose()
}

/// Writes the settings if their revision is still the one that was read, zero for none: of two concurrent changes one succeeds.
pub(crate) async fn change(
    tx: &mut Tx,
    changed: &StoredSettings,
    from: i64,
) -> Result<bool, IamError> {
    let text = serde_json::to_string(&changed.settings)
        .map_err(|_| IamError::Internal("write the settings of an account"))?;
    let values = [
        Value::from(changed.account.to_string()),
        text.into(),
        changed.revision.into(),
    ];
    if from == 0 {
        let sql = "INSERT INTO account_settings (account, settings, revision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        return Ok(tx.execute(sql, &values).await? > 0);
    }
    let sql = "UPDATE account_settings SET settings = $2, revision = $3 WHERE account = $1 AND revision = $4";
    let [account, text, revision] = values;
    let values = [account, text, revision, from.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes the settings of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM account_settings WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
