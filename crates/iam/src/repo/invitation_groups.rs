//! The table `invitation_groups`: the access groups in which somebody who is invited is from the acceptance on.

use super::access_groups::key as group_key;
use super::column::counted;
use super::principals::key;
use crate::error::IamError;
use crate::model::directory::Stamp;
use base::id::{AccessGroupId, AccountId, Guid, UserId};
use base::time::Millis;
use db::{Tx, Value};

/// Records a group in which the invited person is from the acceptance on.
pub(crate) async fn add(
    tx: &mut Tx,
    invitation: Guid,
    group: AccessGroupId,
    added: Stamp,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitation_groups (invitation, access_group, added_at, added_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (invitation, access_group) DO NOTHING";
    let values = [
        Value::from(invitation.to_string()),
        group_key(group),
        added.at.0.into(),
        added.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Adds the groups of the account that a user was put into, in place of the memberships.
pub(crate) async fn add_of_user(
    tx: &mut Tx,
    invitation: Guid,
    user: UserId,
    account: AccountId,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitation_groups (invitation, access_group, added_at, added_by) \
               SELECT CAST($1 AS TEXT), access_group, added_at, added_by FROM access_group_members WHERE principal = $2 \
               AND access_group IN (SELECT guid FROM access_groups WHERE account = $3) \
               ON CONFLICT (invitation, access_group) DO NOTHING";
    let values = [
        invitation.to_string().into(),
        key(user),
        account.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The number of groups of an invitation.
pub(crate) async fn count_of(tx: &mut Tx, invitation: Guid) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM invitation_groups WHERE invitation = $1";
    counted(tx.one(sql, &[invitation.to_string().into()]).await?)
}

/// The number of memberships that begin with acceptances in the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM invitation_groups \
               JOIN invitations ON invitations.guid = invitation_groups.invitation WHERE invitations.account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Deletes the groups of an invitation.
pub(super) async fn delete_of(tx: &mut Tx, invitation: Guid) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_groups WHERE invitation = $1";
    tx.execute(sql, &[invitation.to_string().into()]).await?;
    Ok(())
}

/// Deletes the groups of expired invitations into the account. The invitation of an account's future owner stays.
pub(super) async fn sweep(tx: &mut Tx, account: AccountId, now: Millis) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_groups WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1 \
               AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts))";
    tx.execute(sql, &[account.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Takes everybody who is invited out of a group, before the group is deleted.
pub(crate) async fn delete_of_group(tx: &mut Tx, group: AccessGroupId) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_groups WHERE access_group = $1";
    tx.execute(sql, &[group_key(group)]).await?;
    Ok(())
}

/// Deletes the groups of the invitations into an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_groups WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
