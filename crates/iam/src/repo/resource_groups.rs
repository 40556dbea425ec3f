//! The table `resource_groups`. The first group of an account has a row only once it was renamed.

use super::column::{at, counted, parse, parse_guid, stamp};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::ResourceGroup;
use base::id::{AccountId, ResourceGroupId};
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, name, created_at, created_by, modified_at FROM resource_groups",
    "guid"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<ResourceGroup, IamError> {
    Ok(ResourceGroup {
        id: ResourceGroupId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        created: stamp(row, "created_at", "created_by")?,
        modified_at: at(row, "modified_at")?,
    })
}

/// Whether the account has the group. The account is locked, so that it stays.
pub(crate) async fn is_there(
    tx: &mut Tx,
    account: AccountId,
    id: ResourceGroupId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM resource_groups WHERE guid = $1 AND account = $2";
    let values = [Value::from(id.0.to_string()), account.to_string().into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The name of the group of the account, if it has a row.
pub(crate) async fn name_of(
    tx: &mut Tx,
    account: AccountId,
    id: ResourceGroupId,
) -> Result<Option<String>, IamError> {
    let sql = "SELECT name FROM resource_groups WHERE guid = $1 AND account = $2";
    let values = [Value::from(id.0.to_string()), account.to_string().into()];
    let row = tx.one(sql, &values).await?;
    Ok(row.map(|row| row.text("name")).transpose()?)
}

/// The number of groups of the account, the first one among them, whether it has a row or not.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM resource_groups WHERE account = $1 AND guid <> $2";
    let first = ResourceGroup::default_of(account);
    let values = [Value::from(account.to_string()), first.0.to_string().into()];
    let others = counted(tx.one(sql, &values).await?)?;
    Ok(others.saturating_add(1))
}

/// Stores one, or renames the one that is there.
pub(crate) async fn put(tx: &mut Tx, group: &ResourceGroup) -> Result<(), IamError> {
    let sql = "INSERT INTO resource_groups (guid, account, name, created_at, created_by, modified_at) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (guid) DO UPDATE SET name = excluded.name, modified_at = excluded.modified_at";
    let values = [
        Value::from(group.id.0.to_string()),
        group.account.to_string().into(),
        group.name.as_str().into(),
        group.created.at.0.into(),
        group.created.by.to_string().into(),
        group.modified_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes one; `false` if it was deleted before.
pub(crate) async fn delete(tx: &mut Tx, id: ResourceGroupId) -> Result<bool, IamError> {
    let sql = "DELETE FROM resource_groups WHERE guid = $1";
    Ok(tx.execute(sql, &[id.0.to_string().into()]).await? > 0)
}

/// Deletes those of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_groups WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
