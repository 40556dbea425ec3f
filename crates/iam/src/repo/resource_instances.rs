//! The table `resource_instances`.

use super::column::{counted, known, parse, parse_guid, stamps};
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::{Instance, Plan};
use base::id::{AccountId, InstanceId, ResourceGroupId, SpaceId, TenantId};
use db::{Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, resource_group, space, name, plan, locked, created_at, created_by, modified_at, modified_by \
     FROM resource_instances",
    "guid"
);

/// Decodes the instances whose plan this program knows. One with a plan of a newer node counts for nothing here.
pub(super) fn read_known(rows: &[Row]) -> Result<Vec<Instance>, IamError> {
    let (known, unknown) = known(rows, read)?;
    if unknown > 0 {
        tracing::warn!(
            instances = unknown,
            "resource instances with a plan that this program does not know are left out"
        );
    }
    Ok(known)
}

fn read(row: &Row) -> Result<Option<Instance>, IamError> {
    let Ok(plan) = row.text("plan")?.parse::<Plan>() else {
        return Ok(None);
    };
    let (created, modified) = stamps(row)?;
    Ok(Some(Instance {
        id: InstanceId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        group: ResourceGroupId(parse_guid(row, "resource_group")?),
        space: SpaceId(parse_guid(row, "space")?),
        name: row.text("name")?,
        plan,
        locked: row.flag("locked")?,
        created,
        modified,
    }))
}

/// One of the account, as it is in the transaction; none if its plan is one that this program does not know.
pub(crate) async fn find(
    tx: &mut Tx,
    account: AccountId,
    id: InstanceId,
) -> Result<Option<Instance>, IamError> {
    let sql = "SELECT guid, account, resource_group, space, name, plan, locked, created_at, created_by, modified_at, modified_by \
               FROM resource_instances WHERE guid = $1 AND account = $2";
    let values = [Value::from(id.to_string()), account.to_string().into()];
    match tx.one(sql, &values).await? {
        Some(row) => read(&row),
        None => Ok(None),
    }
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, instance: &Instance) -> Result<(), IamError> {
    let sql = "INSERT INTO resource_instances (guid, account, resource_group, space, name, plan, locked, created_at, created_by, \
               modified_at, modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        Value::from(instance.id.to_string()),
        instance.account.to_string().into(),
        instance.group.0.to_string().into(),
        instance.space.to_string().into(),
        instance.name.as_str().into(),
        instance.plan.name().into(),
        instance.locked.into(),
        instance.created.at.0.into(),
        instance.created.by.to_string().into(),
        instance.modified.at.0.into(),
        instance.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes the name and plan of one that is not locked. `false` if it was deleted or locked meanwhile.
pub(crate) async fn change(tx: &mut Tx, instance: &Instance) -> Result<bool, IamError> {
    let sql = "UPDATE resource_instances SET name = $2, plan = $3, modified_at = $4, modified_by = $5 \
               WHERE guid = $1 AND locked = 0";
    let values = [
        Value::from(instance.id.to_string()),
        instance.name.as_str().into(),
        instance.plan.name().into(),
        instance.modified.at.0.into(),
        instance.modified.by.to_string().into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks or unlocks one. `false` if it was deleted meanwhile.
pub(crate) async fn set_locked(tx: &mut Tx, instance: &Instance) -> Result<bool, IamError> {
    let sql = "UPDATE resource_instances SET locked = $2, modified_at = $3, modified_by = $4 WHERE guid = $1";
    let values = [
        Value::from(instance.id.to_string()),
        instance.locked.into(),
        instance.modified.at.0.into(),
        instance.modified.by.to_string().into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Holds one as it is until the transaction ends. `false` if it was deleted or is locked against changes.
pub(crate) async fn lock_changeable(tx: &mut Tx, id: InstanceId) -> Result<bool, IamError> {
    let sql = "UPDATE resource_instances SET locked = locked WHERE guid = $1 AND locked = 0";
    Ok(tx.execute(sql, &[id.to_string().into()]).await? > 0)
}

/// Whether the account has the instance. The account is locked, so that it stays.
pub(crate) async fn is_there(
    tx: &mut Tx,
    account: AccountId,
    id: InstanceId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM resource_instances WHERE guid = $1 AND account = $2";
    let values = [Value::from(id.to_string()), account.to_string().into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// The number of instances in the group.
pub(crate) async fn count_in(tx: &mut Tx, group: ResourceGroupId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM resource_instances WHERE resource_group = $1";
    counted(tx.one(sql, &[group.0.to_string().into()]).await?)
}

/// Deletes one, after its keys.
pub(crate) async fn delete(tx: &mut Tx, id: InstanceId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_instances WHERE guid = $1";
    tx.execute(sql, &[id.to_string().into()]).await?;
    Ok(())
}

/// Deletes that of a deleted space whose samples have been removed, after its keys.
pub(crate) async fn delete_of_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_instances WHERE space IN (SELECT SUBSTR(domain, 3) FROM deletions WHERE tenant = $1 AND begun = 1 \
               AND SUBSTR(domain, 1, 2) = 's-')";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}

/// Deletes those of an account, after their keys.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_instances WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
