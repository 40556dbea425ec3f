//! The table `custom_roles`.

use super::column::{counted, parse, parse_guid, stamps};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::CustomRole;
use base::id::{AccountId, CustomRoleId};
use base::scope::Action;
use db::{Row, Tx, Value};

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM custom_roles WHERE guid = $1";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, name, display_name, description, actions, revision, created_at, created_by, modified_at, modified_by \
     FROM custom_roles",
    "guid"
);

/// Decodes a row. An action that a newer node has written is left out: it is none here.
pub(super) fn read(row: &Row) -> Result<CustomRole, IamError> {
    let (created, modified) = stamps(row)?;
    let actions = row.text("actions")?;
    let named = |name: &str| Action::ALL.into_iter().find(|action| action.name() == name);
    Ok(CustomRole {
        id: CustomRoleId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        display_name: row.text("display_name")?,
        description: row.text("description")?,
        actions: actions.split(' ').filter_map(named).collect(),
        revision: row.int("revision")?,
        created,
        modified,
    })
}

/// The actions in their column.
fn actions(role: &CustomRole) -> Value {
    let all: Vec<&str> = role.actions.iter().map(|action| action.name()).collect();
    all.join(" ").into()
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, role: &CustomRole) -> Result<(), IamError> {
    let sql = "INSERT INTO custom_roles (guid, account, name, display_name, description, actions, revision, \
               created_at, created_by, modified_at, modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        role.id.to_string().into(),
        role.account.to_string().into(),
        role.name.as_str().into(),
        role.display_name.as_str().into(),
        role.description.as_str().into(),
        actions(role),
        role.revision.into(),
        role.created.at.0.into(),
        role.created.by.to_string().into(),
        role.modified.at.0.into(),
        role.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, role: &CustomRole, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE custom_roles SET display_name = $2, description = $3, actions = $4, modified_at = $5, modified_by = $6, \
               revision = revision + 1 WHERE guid = $1 AND revision = $7";
    let values = [
        role.id.to_string().into(),
        role.display_name.as_str().into(),
        role.description.as_str().into(),
        actions(role),
        role.modified.at.0.into(),
        role.modified.by.to_string().into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Whether the role is there, read within the transaction that depends on it. The account is locked.
pub(crate) async fn exists(
    tx: &mut Tx,
    account: AccountId,
    id: CustomRoleId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM custom_roles WHERE account = $1 AND guid = $2";
    let values = [account.to_string().into(), id.to_string().into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The id, name and display name of each of the account's own roles.
pub(crate) async fn names_of(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<(CustomRoleId, String, String)>, IamError> {
    let sql = "SELECT guid, name, display_name FROM custom_roles WHERE account = $1";
    let rows = tx.all(sql, &[account.to_string().into()]).await?;
    let named = |row: &Row| -> Result<(CustomRoleId, String, String), IamError> {
        let id = CustomRoleId(parse_guid(row, "guid")?);
        Ok((id, row.text("name")?, row.text("display_name")?))
    };
    rows.iter().map(named).collect()
}

/// Deletes one; `false` if it was deleted before.
pub(crate) async fn delete(tx: &mut Tx, id: CustomRoleId) -> Result<bool, IamError> {
    let sql = "DELETE FROM custom_roles WHERE guid = $1";
    Ok(tx.execute(sql, &[id.to_string().into()]).await? > 0)
}

/// The number of roles that the account has made.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM custom_roles WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Deletes the roles that an account has made, after its policies.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM custom_roles WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
