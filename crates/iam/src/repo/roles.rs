//! The table `roles`.

use super::column::{counted, domain, known};
use super::principals::{self, key};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, Guid, UserId};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT principal, principals.kind AS principal_kind, domain, role FROM roles \
     JOIN principals ON principals.guid = roles.principal",
    "roles.principal"
);

/// Decodes the roles that this program knows, of principals that it knows.
pub(super) fn read_known(rows: &[Row]) -> Result<Vec<(Principal, Domain, Role)>, IamError> {
    let (roles, unknown) = known(rows, read)?;
    if unknown > 0 {
        tracing::warn!(
            roles = unknown,
            "roles that this program does not know are left out"
        );
    }
    Ok(roles)
}

fn read(row: &Row) -> Result<Option<(Principal, Domain, Role)>, IamError> {
    // A role that a newer node gave, or gave to a kind of principal that is unknown here, permits nothing.
    let role = row.text("role")?.parse::<Role>();
    let (Some(principal), Ok(role)) = (principals::read(row)?, role) else {
        return Ok(None);
    };
    Ok(Some((principal, domain(&row.text("domain")?)?, role)))
}

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

/// Gives a role. `false` if the principal has it already.
pub(crate) async fn grant(
    tx: &mut Tx,
    principal: impl Into<Principal>,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql =
        "INSERT INTO roles (principal, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &values(principal, domain, role)).await? > 0)
}

/// Removes a role. `false` if the principal does not have it.
pub(crate) async fn revoke(
    tx: &mut Tx,
    principal: impl Into<Principal>,
    domain: Domain,
    role: Role,
) -> Result<bool, IamError> {
    let sql = "DELETE FROM roles WHERE principal = $1 AND domain = $2 AND role = $3";
    Ok(tx.execute(sql, &values(principal, domain, role)).await? > 0)
}

fn values(principal: impl Into<Principal>, domain: Domain, role: Role) -> [Value; 3] {
    [
        key(principal),
        domain.to_string().into(),
        role.name().into(),
    ]
}

/// The number of roles in the account and its domains.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM roles WHERE domain IN (SELECT 'a-' || CAST($1 AS TEXT) \
               UNION ALL SELECT 'o-' || guid FROM orgs WHERE account = $1 \
               UNION ALL SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1)";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Gives a user the roles of an invitation, except those in what is deleted.
pub(crate) async fn accept(tx: &mut Tx, invitation: Guid, user: UserId) -> Result<(), IamError> {
    let sql = "INSERT INTO roles (principal, domain, role) SELECT CAST($1 AS TEXT), domain, role FROM invitation_roles \
               WHERE invitation = $2 AND domain IN (SELECT domain FROM domains WHERE retired_at IS NULL)";
    tx.execute(sql, &[key(user), invitation.to_string().into()])
        .await?;
    Ok(())
}

/// Restores the roles in the domain and in what was deleted with it, of those who are still in the account.
pub(crate) async fn restore(tx: &mut Tx, domain: Domain, now: Millis) -> Result<(), IamError> {
    let sql = "INSERT INTO roles (principal, domain, role) SELECT deleted_roles.principal, deleted_roles.domain, deleted_roles.role \
               FROM deleted_roles JOIN deletions ON deletions.domain = deleted_roles.domain \
               JOIN members ON members.account = deletions.account AND members.principal = deleted_roles.principal \
               WHERE (deletions.domain = $1 OR deletions.deleted_with = $1) AND begun = 0 AND due_at > $2 ON CONFLICT DO NOTHING";
    tx.execute(sql, &[domain.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes the roles in the domains that are recorded as deleted with the domain.
pub(crate) async fn delete_of_deleted(tx: &mut Tx, with: Domain) -> Result<(), IamError> {
    let sql =
        "DELETE FROM roles WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1)";
    tx.execute(sql, &[with.to_string().into()]).await?;
    Ok(())
}

/// Deletes the principal's roles in the account and its domains.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM roles WHERE principal = $1 AND (domain = $2 \
               OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $3) \
               OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
               WHERE orgs.account = $3))";
    let values = [
        key(principal),
        Domain::Account(account).to_string().into(),
        account.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes everybody's roles in an account and its domains.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM roles WHERE domain = 'a-' || $1 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $1) \
               OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Deletes the roles of a principal who is in no account any more.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM roles WHERE principal = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
