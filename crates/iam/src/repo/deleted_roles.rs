//! The table `deleted_roles`: roles in deleted domains, for a restore.

use super::column::domain;
use super::principals::{self, key};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::role::Role;
use base::id::{AccountId, Guid, TenantId, UserId};
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::{Row, Tx, Value};
use std::collections::HashMap;

/// The managers of deleted domains, for the directory.
pub(super) const MANAGERS: Selection = selection!(
    "SELECT principal, principals.kind AS principal_kind, domain FROM deleted_roles \
     JOIN principals ON principals.guid = deleted_roles.principal AND role = 'Manager'",
    "domain"
);

/// Decodes the managers of each deleted domain, as far as this program knows them.
pub(super) fn read_managers(rows: &[Row]) -> Result<HashMap<Domain, Vec<Principal>>, IamError> {
    let mut managers: HashMap<Domain, Vec<Principal>> = HashMap::new();
    for row in rows {
        let of_domain = managers.entry(domain(&row.text("domain")?)?).or_default();
        of_domain.extend(principals::read(row)?);
    }
    Ok(managers)
}

/// Whether the principal managed the domain when it was deleted.
pub(crate) async fn managed(
    tx: &mut Tx,
    principal: Principal,
    domain: Domain,
) -> Result<bool, IamError> {
    let sql = "SELECT role FROM deleted_roles WHERE principal = $1 AND domain = $2 AND role = $3";
    let values = [
        key(principal),
        domain.to_string().into(),
        Role::Manager.name().into(),
    ];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Keeps the roles in the domains that are recorded as deleted with the domain.
pub(crate) async fn keep(tx: &mut Tx, with: Domain) -> Result<(), IamError> {
    let sql = "INSERT INTO deleted_roles (principal, domain, role) SELECT principal, domain, role FROM roles \
               WHERE domain IN (SELECT domain FROM deletions WHERE deleted_with = $1) ON CONFLICT DO NOTHING";
    tx.execute(sql, &[with.to_string().into()]).await?;
    Ok(())
}

/// Keeps the roles of an invitation in what is deleted, for the user who has accepted it: they begin if it is restored.
pub(crate) async fn accept(tx: &mut Tx, invitation: Guid, user: UserId) -> Result<(), IamError> {
    let sql = "INSERT INTO deleted_roles (principal, domain, role) SELECT CAST($1 AS TEXT), domain, role \
               FROM invitation_roles WHERE invitation = $2 AND domain IN (SELECT domain FROM deletions) ON CONFLICT DO NOTHING";
    tx.execute(sql, &[key(user), invitation.to_string().into()])
        .await?;
    Ok(())
}

/// Deletes the roles in the domain and in what was deleted with it, after their restore.
pub(crate) async fn delete_of_restored(
    tx: &mut Tx,
    domain: Domain,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions \
               WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2)";
    tx.execute(sql, &[domain.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Deletes the roles in a domain whose removal has begun.
pub(crate) async fn delete_of_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions WHERE tenant = $1 AND begun = 1)";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}

/// Deletes the principal's roles in the deleted domains of the account.
pub(crate) async fn delete_of(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
) -> Result<(), IamError> {
    let sql = "DELETE FROM deleted_roles WHERE principal = $2 \
               AND domain IN (SELECT domain FROM deletions WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into(), key(principal)])
        .await?;
    Ok(())
}

/// Deletes the roles of a principal who is in no account any more.
pub(crate) async fn delete_of_principal(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM deleted_roles WHERE principal = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_managers_are_read_by_the_name_of_their_role() {
        let wanted = format!("role = '{}'", Role::Manager.name());
        assert!(MANAGERS.all.ends_with(&wanted), "{}", MANAGERS.all);
    }
}
