//! The table `access_group_members`: who was put into an access group.

use super::access_groups::key as group_key;
use super::column::{counted, parse_guid, stamp};
use super::principals::key;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{GroupMembership, Stamp};
use base::id::{AccessGroupId, AccountId, Guid, UserId};
use base::principal::Principal;
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT access_group, principal, principals.kind AS principal_kind, added_at, added_by FROM access_group_members \
     JOIN principals ON principals.guid = access_group_members.principal",
    "access_group_members.principal"
);

/// Decodes the row of a principal.
pub(super) fn read(
    row: &Row,
    principal: Principal,
) -> Result<(Principal, GroupMembership), IamError> {
    let membership = GroupMembership {
        group: AccessGroupId(parse_guid(row, "access_group")?),
        added: stamp(row, "added_at", "added_by")?,
    };
    Ok((principal, membership))
}

/// When and by whom the principal was put into the group, read within the transaction that depends on it.
pub(crate) async fn added(
    tx: &mut Tx,
    group: AccessGroupId,
    principal: Principal,
) -> Result<Option<Stamp>, IamError> {
    let sql = "SELECT added_at, added_by FROM access_group_members WHERE access_group = $1 AND principal = $2";
    let found = tx.one(sql, &[group_key(group), key(principal)]).await?;
    let read = |row: Row| stamp(&row, "added_at", "added_by");
    found.map(read).transpose()
}

/// The groups of the account that the principal was put into.
pub(crate) async fn groups_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<Vec<AccessGroupId>, IamError> {
    let sql = "SELECT access_group FROM access_group_members \
               JOIN access_groups ON access_groups.guid = access_group_members.access_group \
               WHERE access_groups.account = $1 AND principal = $2 ORDER BY access_group";
    let values = [account.to_string().into(), key(principal)];
    let rows = tx.all(sql, &values).await?;
    let read = |row: &Row| parse_guid(row, "access_group").map(AccessGroupId);
    rows.iter().map(read).collect()
}

/// Puts a principal into a group. `false` if it was in it.
pub(crate) async fn insert(
    tx: &mut Tx,
    group: AccessGroupId,
    principal: Principal,
    added: Stamp,
) -> Result<bool, IamError> {
    let sql = "INSERT INTO access_group_members (access_group, principal, added_at, added_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (access_group, principal) DO NOTHING";
    let values = [
        group_key(group),
        key(principal),
        added.at.0.into(),
        added.by.to_string().into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Puts a user into the groups of an invitation, before the invitation is removed.
pub(crate) async fn accept(tx: &mut Tx, invitation: Guid, user: UserId) -> Result<(), IamError> {
    let sql = "INSERT INTO access_group_members (access_group, principal, added_at, added_by) \
               SELECT access_group, CAST($2 AS TEXT), added_at, added_by FROM invitation_groups WHERE invitation = $1 \
               ON CONFLICT (access_group, principal) DO NOTHING";
    tx.execute(sql, &[invitation.to_string().into(), key(user)])
        .await?;
    Ok(())
}

/// Takes a principal out of a group. `false` if it was not in it.
pub(crate) async fn delete(
    tx: &mut Tx,
    group: AccessGroupId,
    principal: Principal,
) -> Result<bool, IamError> {
    let sql = "DELETE FROM access_group_members WHERE access_group = $1 AND principal = $2";
    let values = [group_key(group), key(principal)];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Takes everybody out of a group.
pub(crate) async fn delete_of_group(tx: &mut Tx, group: AccessGroupId) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_members WHERE access_group = $1";
    tx.execute(sql, &[group_key(group)]).await?;
    Ok(())
}

/// Takes a principal out of every group of the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_members WHERE principal = $2 \
               AND access_group IN (SELECT guid FROM access_groups WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Takes a principal, whose stored GUID this is, out of every group.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_members WHERE principal = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}

/// Takes everybody out of every group of the account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM access_group_members WHERE access_group IN (SELECT guid FROM access_groups WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Whether anybody was put into the group.
pub(crate) async fn has_any(tx: &mut Tx, group: AccessGroupId) -> Result<bool, IamError> {
    let sql = "SELECT principal FROM access_group_members WHERE access_group = $1 LIMIT 1";
    Ok(tx.one(sql, &[group_key(group)]).await?.is_some())
}

/// The number of memberships in all groups of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM access_group_members \
               JOIN access_groups ON access_groups.guid = access_group_members.access_group WHERE access_groups.account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}
