//! Restores records of the table `deletions`.

use super::column::at;
use super::principals::key;
use crate::error::IamError;
use crate::model::role::Role;
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

/// Restores what was deleted with `$1` and still exists; `$2` is now. The rows of spaces and organizations exist by
/// then.
const RESTORE: [&str; 4] = [
    "INSERT INTO roles (principal, domain, role) SELECT deleted_roles.principal, deleted_roles.domain, deleted_roles.role \
     FROM deleted_roles JOIN deletions ON deletions.domain = deleted_roles.domain \
     JOIN members ON members.account = deletions.account AND members.principal = deleted_roles.principal \
     WHERE (deletions.domain = $1 OR deletions.deleted_with = $1) AND begun = 0 AND due_at > $2 ON CONFLICT DO NOTHING",
    "DELETE FROM deleted_roles WHERE domain IN (SELECT domain FROM deletions \
     WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2)",
    "UPDATE domains SET retired_at = NULL WHERE domain IN (SELECT domain FROM deletions \
     WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2)",
    "DELETE FROM deletions WHERE (domain = $1 OR deleted_with = $1) AND begun = 0 AND due_at > $2",
];

/// A deleted domain that can be restored.
pub(crate) struct Kept {
    pub(crate) region: String,
    pub(crate) created_at: Millis,
}

/// The deleted domain; none if its time is over or it was restored.
pub(crate) async fn kept(
    tx: &mut Tx,
    domain: Domain,
    now: Millis,
) -> Result<Option<Kept>, IamError> {
    let sql =
        "SELECT region, created_at FROM deletions WHERE domain = $1 AND begun = 0 AND due_at > $2";
    let values = [domain.to_string().into(), now.0.into()];
    let Some(row) = tx.one(sql, &values).await? else {
        return Ok(None);
    };
    Ok(Some(Kept {
        region: row.text("region")?,
        created_at: at(&row, "created_at")?,
    }))
}

/// Recreates the rows of the spaces that were deleted with the organization.
pub(crate) async fn restore_spaces(tx: &mut Tx, org: Domain, now: Millis) -> Result<(), IamError> {
    let sql = "INSERT INTO spaces (guid, org, name, created_at, updated_at) \
               SELECT SUBSTR(domain, 3), org, name, created_at, updated_at FROM deletions \
               WHERE deleted_with = $1 AND domain <> $1 AND begun = 0 AND due_at > $2";
    tx.execute(sql, &[org.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// Restores the rest of what was deleted with the domain.
pub(crate) async fn restore(tx: &mut Tx, domain: Domain, now: Millis) -> Result<(), IamError> {
    let values = [Value::from(domain.to_string()), now.0.into()];
    let mut taken_back = 0;
    for sql in RESTORE {
        taken_back = tx.execute(sql, &values).await?;
    }
    // The last statement deletes the record: otherwise the sweep would delete the restored samples.
    if taken_back == 0 {
        return Err(too_late());
    }
    Ok(())
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

pub(crate) fn too_late() -> IamError {
    IamError::conflict("it is too late: its metrics are being removed, or it is back already")
}
