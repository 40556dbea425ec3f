//! The table `invitation_roles`: the roles that begin with the acceptance of an invitation.

use super::column::counted;
use super::principals::key;
use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, Guid, TenantId, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// Records a role that begins with the acceptance. `false` if it is recorded already.
pub(crate) async fn add(
    tx: &mut Tx,
    invitation: Guid,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql = "INSERT INTO invitation_roles (invitation, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &values(invitation, domain, role)).await? > 0)
}

/// Adds the roles of a user.
pub(crate) async fn add_of_user(
    tx: &mut Tx,
    invitation: Guid,
    user: UserId,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitation_roles (invitation, domain, role) \
               SELECT CAST($1 AS TEXT), domain, role FROM roles WHERE principal = $2 ON CONFLICT DO NOTHING";
    tx.execute(sql, &[invitation.to_string().into(), key(user)])
        .await?;
    Ok(())
}

/// Adds the roles of a user in what is deleted of the account: they begin if it is restored.
pub(crate) async fn add_deleted_of_user(
    tx: &mut Tx,
    invitation: Guid,
    user: UserId,
    account: AccountId,
) -> Result<(), IamError> {
    let sql = "INSERT INTO invitation_roles (invitation, domain, role) \
               SELECT CAST($1 AS TEXT), domain, role FROM deleted_roles WHERE principal = $2 \
               AND domain IN (SELECT domain FROM deletions WHERE account = $3) ON CONFLICT DO NOTHING";
    let values = [
        invitation.to_string().into(),
        key(user),
        account.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The number of roles that begin with acceptances in the account, except those in what is deleted.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM invitation_roles JOIN invitations ON invitations.guid = invitation_roles.invitation \
               WHERE invitations.account = $1 AND domain IN (SELECT domain FROM domains WHERE retired_at IS NULL)";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Removes a role that was to begin with the acceptance. `false` if it is not recorded.
pub(crate) async fn remove(
    tx: &mut Tx,
    invitation: Guid,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql = "DELETE FROM invitation_roles WHERE invitation = $1 AND domain = $2 AND role = $3";
    Ok(tx.execute(sql, &values(invitation, domain, role)).await? > 0)
}

fn values(invitation: Guid, domain: Domain, role: Role) -> [Value; 3] {
    [
        Value::from(invitation.to_string()),
        domain.to_string().into(),
        role.name().into(),
    ]
}

/// Deletes the roles of an invitation.
pub(super) async fn delete_of(tx: &mut Tx, invitation: Guid) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_roles WHERE invitation = $1";
    tx.execute(sql, &[invitation.to_string().into()]).await?;
    Ok(())
}

/// Deletes the roles of expired invitations into the account. The invitation of an account's future owner stays.
pub(super) async fn sweep(tx: &mut Tx, account: AccountId, now: Millis) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_roles WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1 \
               AND expires_at <= $2 AND guid NOT IN (SELECT owner FROM accounts))";
    tx.execute(sql, &[account.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes the roles in a domain whose removal has begun.
pub(crate) async fn delete_of_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}

/// Deletes the roles of the invitations into an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM invitation_roles WHERE invitation IN (SELECT guid FROM invitations WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
