//! The table `roles`.

use super::principals::key;
use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, UserId};
use base::principal::Principal;
use base::scope::Domain;
use db::Tx;

/// Whether the member has the role, read within the transaction that depends on it.
pub(crate) async fn still_holds(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql = "SELECT role FROM roles WHERE principal = $1 AND domain = $2 AND role = $3 \
               AND EXISTS (SELECT 1 FROM members WHERE account = $4 AND principal = roles.principal)";
    let values = [
        key(principal),
        domain.to_string().into(),
        role.name().into(),
        account.to_string().into(),
    ];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Refuses a change that would leave the account without an Administrator other than this user. Only users count: nobody
/// can log in as a service. The account is locked.
pub(crate) async fn keeps_administrator(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
) -> Result<(), IamError> {
    let sql = "SELECT principal FROM roles WHERE domain = $1 AND role = $2 AND principal <> $3 \
               AND EXISTS (SELECT 1 FROM members JOIN users ON users.guid = members.principal \
               WHERE account = $4 AND principal = roles.principal)";
    let values = [
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        key(user),
        account.to_string().into(),
    ];
    match tx.one(sql, &values).await? {
        Some(_) => Ok(()),
        None => Err(IamError::conflict(
            "the account would be left without an Administrator: give someone else that role first",
        )),
    }
}

pub(crate) async fn grant(
    tx: &mut Tx,
    principal: impl Into<Principal>,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql =
        "INSERT INTO roles (principal, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(
        sql,
        &[
            key(principal),
            domain.to_string().into(),
            role.name().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Removes a role.
pub(crate) async fn take(
    tx: &mut Tx,
    principal: impl Into<Principal>,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql = "DELETE FROM roles WHERE principal = $1 AND domain = $2 AND role = $3";
    let values = [
        key(principal),
        domain.to_string().into(),
        role.name().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}
