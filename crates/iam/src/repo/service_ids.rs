//! The table `service_ids`.

use super::column::{at, counted, parse, parse_guid};
use super::principals;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::Service;
use base::id::{AccountId, ServiceGroupId, ServiceId};
use base::time::Millis;
use db::{Row, Tx, Value};

/// An account's service IDs, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'service' AS kind, guid AS id FROM service_ids WHERE account = $1 LIMIT $2";

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM service_ids WHERE guid = $1";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, name, description, crns, group_id, locked, revision, created_at, modified_at FROM service_ids",
    "guid"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<Service, IamError> {
    let crns = row.text("crns")?;
    let crns: Vec<String> = serde_json::from_str(&crns).map_err(|_| IamError::Stored {
        value: crns,
        expected: "a list of CRNs",
    })?;
    let group = match row.text_or_none("group_id")? {
        Some(_) => Some(ServiceGroupId(parse_guid(row, "group_id")?)),
        None => None,
    };
    Ok(Service {
        id: ServiceId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        description: row.text("description")?,
        crns,
        group,
        locked: row.flag("locked")?,
        revision: row.int("revision")?,
        created_at: at(row, "created_at")?,
        modified_at: at(row, "modified_at")?,
    })
}

/// One, as it is in the transaction.
pub(crate) async fn find(tx: &mut Tx, id: ServiceId) -> Result<Option<Service>, IamError> {
    let sql = "SELECT guid, account, name, description, crns, group_id, locked, revision, created_at, modified_at \
               FROM service_ids WHERE guid = $1";
    let row = tx.one(sql, &[principals::key(id)]).await?;
    row.as_ref().map(read).transpose()
}

/// The list in its column.
fn crns(service: &Service) -> String {
    serde_json::Value::from(service.crns.clone()).to_string()
}

/// Stores a new one, after its principal.
pub(crate) async fn insert(tx: &mut Tx, service: &Service) -> Result<(), IamError> {
    let sql = "INSERT INTO service_ids (guid, account, name, description, crns, locked, revision, created_at, modified_at, group_id) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        principals::key(service.id),
        service.account.to_string().into(),
        service.name.as_str().into(),
        service.description.as_str().into(),
        crns(service).into(),
        service.locked.into(),
        service.revision.into(),
        service.created_at.0.into(),
        service.modified_at.0.into(),
        service.group.map(|group| group.0.to_string()).into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read and nobody has locked it: of two concurrent changes one
/// succeeds.
pub(crate) async fn change(tx: &mut Tx, service: &Service, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE service_ids SET name = $2, description = $3, crns = $4, modified_at = $5, revision = revision + 1 \
               WHERE guid = $1 AND revision = $6 AND locked = 0";
    let values = [
        principals::key(service.id),
        service.name.as_str().into(),
        service.description.as_str().into(),
        crns(service).into(),
        service.modified_at.0.into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks or unlocks it against changes.
pub(crate) async fn set_locked(
    tx: &mut Tx,
    id: ServiceId,
    on: bool,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE service_ids SET locked = $2, modified_at = $3, revision = revision + 1 WHERE guid = $1 AND locked <> $2";
    let values = [principals::key(id), on.into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks its row until the transaction ends. `false` if it was deleted or is locked against changes.
pub(crate) async fn lock_changeable(tx: &mut Tx, id: ServiceId) -> Result<bool, IamError> {
    let sql = "UPDATE service_ids SET revision = revision WHERE guid = $1 AND locked = 0";
    Ok(tx.execute(sql, &[principals::key(id)]).await? > 0)
}

/// The number of service IDs of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM service_ids WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// The number of service IDs in the group.
pub(crate) async fn count_in_group(tx: &mut Tx, group: ServiceGroupId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM service_ids WHERE group_id = $1";
    counted(tx.one(sql, &[group.0.to_string().into()]).await?)
}

/// Deletes the row of a principal, before the principal itself, which may be a user.
pub(crate) async fn delete_of(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM service_ids WHERE guid = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
