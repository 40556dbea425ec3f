//! The table `roles`.

use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use db::{Tx, Value};

/// Whether the member has the role, read within the transaction that depends on it.
pub(crate) async fn still_holds(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql = "SELECT role FROM roles WHERE person = $1 AND domain = $2 AND role = $3 \
               AND EXISTS (SELECT 1 FROM members WHERE account = $4 AND person = roles.person)";
    let values = [
        Value::from(user.0.to_string()),
        domain.to_string().into(),
        role.name().into(),
        account.to_string().into(),
    ];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Refuses a change that would leave the account without an Administrator other than this user. The account is locked.
pub(crate) async fn keeps_administrator(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
) -> Result<(), IamError> {
    let sql = "SELECT person FROM roles WHERE domain = $1 AND role = $2 AND person <> $3 \
               AND EXISTS (SELECT 1 FROM members WHERE account = $4 AND person = roles.person)";
    let values = [
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        user.0.to_string().into(),
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
    user: UserId,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql = "INSERT INTO roles (person, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(
        sql,
        &[
            user.0.to_string().into(),
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
    user: UserId,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql = "DELETE FROM roles WHERE person = $1 AND domain = $2 AND role = $3";
    let values = [
        user.0.to_string().into(),
        domain.to_string().into(),
        role.name().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}
