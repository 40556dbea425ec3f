//! The table `access_groups`.

use super::column::{counted, parse, parse_guid, stamps};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{AccessGroup, GroupRule};
use base::id::{AccessGroupId, AccountId};
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// An account's access groups, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'access_group' AS kind, guid AS id FROM access_groups WHERE account = $1 LIMIT $2";

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM access_groups WHERE guid = $1";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, name, description, revision, created_at, created_by, modified_at, modified_by FROM access_groups",
    "guid"
);

/// Decodes a row. `rules`: those of all groups, out of which it takes its own.
pub(super) fn read(
    row: &Row,
    rules: &mut HashMap<AccessGroupId, Vec<GroupRule>>,
) -> Result<AccessGroup, IamError> {
    let id = AccessGroupId(parse_guid(row, "guid")?);
    let (created, modified) = stamps(row)?;
    let mut rules = rules.remove(&id).unwrap_or_default();
    rules.sort_unstable_by_key(|rule| (rule.created.at, rule.id));
    Ok(AccessGroup {
        id,
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        description: row.text("description")?,
        rules,
        revision: row.int("revision")?,
        created,
        modified,
    })
}

/// The id as it is stored.
pub(super) fn key(id: AccessGroupId) -> Value {
    id.0.to_string().into()
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, group: &AccessGroup) -> Result<(), IamError> {
    let sql = "INSERT INTO access_groups (guid, account, name, description, revision, created_at, created_by, modified_at, \
               modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        key(group.id),
        group.account.to_string().into(),
        group.name.as_str().into(),
        group.description.as_str().into(),
        group.revision.into(),
        group.created.at.0.into(),
        group.created.by.to_string().into(),
        group.modified.at.0.into(),
        group.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, group: &AccessGroup, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE access_groups SET name = $2, description = $3, modified_at = $4, modified_by = $5, revision = revision + 1 \
               WHERE guid = $1 AND revision = $6";
    let values = [
        key(group.id),
        group.name.as_str().into(),
        group.description.as_str().into(),
        group.modified.at.0.into(),
        group.modified.by.to_string().into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Whether the account has this group, read within the transaction that depends on it.
pub(crate) async fn is_there(
    tx: &mut Tx,
    account: AccountId,
    id: AccessGroupId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM access_groups WHERE account = $1 AND guid = $2";
    let values = [account.to_string().into(), key(id)];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The number of access groups of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM access_groups WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Deletes it, after its members and rules. `false` if it was gone.
pub(crate) async fn delete(tx: &mut Tx, id: AccessGroupId) -> Result<bool, IamError> {
    let sql = "DELETE FROM access_groups WHERE guid = $1";
    Ok(tx.execute(sql, &[key(id)]).await? > 0)
}

/// Deletes those of an account, after their members and rules.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM access_groups WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
