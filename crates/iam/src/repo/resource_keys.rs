//! The table `resource_keys`. Keys are not in the directory: what they open is decided by their service IDs.

use super::column::{counted, parse, parse_guid, stamps};
use crate::error::IamError;
use crate::model::directory::{NamedRole, PolicyRole};
use crate::model::page::{Page, PageRequest, row_count};
use crate::model::resource_key::ResourceKey;
use base::id::{AccountId, InstanceId, KeyId, ResourceKeyId, ServiceId, TenantId};
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// The columns of a [`ResourceKey`]: a macro, because a statement is made of literals.
macro_rules! columns {
    () => {
        "guid, instance, service, api_key, name, role, created_at, created_by, modified_at, modified_by, \
         (SELECT COUNT(*) FROM api_keys WHERE api_keys.guid = resource_keys.api_key) AS api_keys_there"
    };
}

const ONE: &str = concat!("SELECT ", columns!(), " FROM resource_keys WHERE guid = $1");

const OF_INSTANCE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM resource_keys WHERE instance = $1 ORDER BY created_at, guid"
);

/// Those of an account's instances whose name and instance are wanted, and that come after a place; an empty text wants all. What is
/// of a deleted space is not there.
const OF_ACCOUNT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM resource_keys WHERE instance IN (SELECT resource_instances.guid FROM resource_instances \
      JOIN spaces ON spaces.guid = resource_instances.space WHERE resource_instances.account = $1) \
      AND ($2 = '' OR name = $2) AND ($3 = '' OR instance = $3) \
      AND (created_at > $4 OR (created_at = $4 AND guid > $5)) ORDER BY created_at, guid LIMIT $6 OFFSET $7"
);

const COUNT_OF_ACCOUNT: &str = "SELECT COUNT(*) AS counted FROM resource_keys \
     WHERE instance IN (SELECT resource_instances.guid FROM resource_instances \
     JOIN spaces ON spaces.guid = resource_instances.space WHERE resource_instances.account = $1) \
     AND ($2 = '' OR name = $2) AND ($3 = '' OR instance = $3) AND (created_at > $4 OR (created_at = $4 AND guid > $5))";

fn role(row: &Row) -> Result<NamedRole, IamError> {
    let value = row.text("role")?;
    match value.parse() {
        Ok(PolicyRole::Named(role)) => Ok(role),
        _ => Err(IamError::Stored {
            value,
            expected: "a role",
        }),
    }
}

fn decode(row: &Row) -> Result<ResourceKey, IamError> {
    let (created, modified) = stamps(row)?;
    Ok(ResourceKey {
        id: ResourceKeyId(parse_guid(row, "guid")?),
        instance: InstanceId(parse_guid(row, "instance")?),
        service: ServiceId(parse_guid(row, "service")?),
        api_key: KeyId(parse_guid(row, "api_key")?),
        has_api_key: row.int("api_keys_there")? > 0,
        name: row.text("name")?,
        role: role(row)?,
        created,
        modified,
    })
}

/// The keys of a list that are wanted.
#[derive(Debug, Default)]
pub(crate) struct WantedKeys {
    pub(crate) name: Option<String>,
    pub(crate) instance: Option<InstanceId>,
    /// When the key before them was made, and its id.
    pub(crate) after: Option<(Millis, ResourceKeyId)>,
}

/// A page of the keys of the account's instances, by their age.
pub(crate) async fn of_account(
    db: &Db,
    account: AccountId,
    wanted: &WantedKeys,
    window: PageRequest,
) -> Result<Page<ResourceKey>, IamError> {
    let instance = wanted.instance.map(|id| id.to_string());
    let (after_at, after_id) = match wanted.after {
        Some((at, id)) => (at, id.to_string()),
        None => (Millis(i64::MIN), String::new()),
    };
    let mut values = vec![
        Value::from(account.to_string()),
        wanted.name.clone().unwrap_or_default().into(),
        instance.unwrap_or_default().into(),
        after_at.0.into(),
        after_id.into(),
    ];
    let total = counted(db.one(COUNT_OF_ACCOUNT, &values).await?)?;
    values.push(row_count(window.take).into());
    values.push(row_count(window.skip).into());
    let rows = db.all(OF_ACCOUNT, &values).await?;
    let entries = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    Ok(Page { entries, total })
}

/// A key.
pub(crate) async fn find(db: &Db, id: ResourceKeyId) -> Result<Option<ResourceKey>, IamError> {
    let row = db.one(ONE, &[id.to_string().into()]).await?;
    row.map(|row| decode(&row)).transpose()
}

/// Whether the service ID is that of a key of the instance.
pub(crate) async fn is_for(
    db: &Db,
    instance: InstanceId,
    service: ServiceId,
) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM resource_keys WHERE service = $1 AND instance = $2";
    let values = [
        Value::from(service.0.to_string()),
        instance.to_string().into(),
    ];
    Ok(db.one(sql, &values).await?.is_some())
}

/// The keys of an instance, by their age. The account is locked, so that there come no others.
pub(crate) async fn of_instance(
    tx: &mut Tx,
    instance: InstanceId,
) -> Result<Vec<ResourceKey>, IamError> {
    let rows = tx.all(OF_INSTANCE, &[instance.to_string().into()]).await?;
    rows.iter().map(decode).collect()
}

/// The number of keys of the instance.
pub(crate) async fn count_of(tx: &mut Tx, instance: InstanceId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM resource_keys WHERE instance = $1";
    counted(tx.one(sql, &[instance.to_string().into()]).await?)
}

/// Stores a new one, after its service ID.
pub(crate) async fn insert(tx: &mut Tx, key: &ResourceKey) -> Result<(), IamError> {
    let sql = "INSERT INTO resource_keys (guid, instance, service, api_key, name, role, created_at, created_by, modified_at, \
               modified_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        Value::from(key.id.to_string()),
        key.instance.to_string().into(),
        key.service.0.to_string().into(),
        key.api_key.0.to_string().into(),
        key.name.as_str().into(),
        key.role.name().into(),
        key.created.at.0.into(),
        key.created.by.to_string().into(),
        key.modified.at.0.into(),
        key.modified.by.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Renames one; `false` if it was deleted meanwhile.
pub(crate) async fn rename(tx: &mut Tx, key: &ResourceKey) -> Result<bool, IamError> {
    let sql =
        "UPDATE resource_keys SET name = $2, modified_at = $3, modified_by = $4 WHERE guid = $1";
    let values = [
        Value::from(key.id.to_string()),
        key.name.as_str().into(),
        key.modified.at.0.into(),
        key.modified.by.to_string().into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes one; `false` if it was deleted before.
pub(crate) async fn delete(tx: &mut Tx, id: ResourceKeyId) -> Result<bool, IamError> {
    let sql = "DELETE FROM resource_keys WHERE guid = $1";
    Ok(tx.execute(sql, &[id.to_string().into()]).await? > 0)
}

/// Deletes that of a service ID that is deleted.
pub(crate) async fn delete_of(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_keys WHERE service = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}

/// The service IDs of those of a deleted space whose samples have been removed, with their accounts.
pub(crate) async fn services_of_removed(
    tx: &mut Tx,
    tenant: TenantId,
) -> Result<Vec<(AccountId, ServiceId)>, IamError> {
    let sql = "SELECT resource_keys.service AS service, resource_instances.account AS account FROM resource_keys \
               JOIN resource_instances ON resource_instances.guid = resource_keys.instance \
               WHERE resource_instances.space IN (SELECT SUBSTR(domain, 3) FROM deletions WHERE tenant = $1 AND begun = 1 \
               AND SUBSTR(domain, 1, 2) = 's-')";
    let rows = tx.all(sql, &[i64::from(tenant.0).into()]).await?;
    let read = |row: &Row| {
        let account = parse(row, "account", "an account GUID")?;
        Ok((account, ServiceId(parse_guid(row, "service")?)))
    };
    rows.iter().map(read).collect()
}

/// Deletes those of a deleted space whose samples have been removed, after their service IDs.
pub(crate) async fn delete_of_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_keys WHERE instance IN (SELECT guid FROM resource_instances \
               WHERE space IN (SELECT SUBSTR(domain, 3) FROM deletions WHERE tenant = $1 AND begun = 1 \
               AND SUBSTR(domain, 1, 2) = 's-'))";
    tx.execute(sql, &[i64::from(tenant.0).into()]).await?;
    Ok(())
}

/// Deletes those of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM resource_keys WHERE instance IN (SELECT guid FROM resource_instances WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
