//! The table `service_id_groups`. Groups are not in the directory: nothing is decided by them.

use super::column::{at, counted, parse, parse_guid};
use crate::error::IamError;
use crate::model::service_group::ServiceGroup;
use base::id::{AccountId, ServiceGroupId};
use db::{Db, Row, Tx, Value};

/// For [`super::revisions`].
pub(super) const REVISION: &str = "SELECT revision FROM service_id_groups WHERE guid = $1";

/// The columns of a [`ServiceGroup`]: a macro, because a statement is made of literals.
macro_rules! columns {
    () => {
        "guid, account, name, description, made_by, revision, created_at, modified_at"
    };
}

const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM service_id_groups WHERE guid = $1 AND account = $2"
);

const OF_ACCOUNT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM service_id_groups WHERE account = $1 ORDER BY name"
);

fn decode(row: &Row) -> Result<ServiceGroup, IamError> {
    Ok(ServiceGroup {
        id: ServiceGroupId(parse_guid(row, "guid")?),
        account: parse(row, "account", "an account GUID")?,
        name: row.text("name")?,
        description: row.text("description")?,
        made_by: parse(row, "made_by", "an IAM id")?,
        revision: row.int("revision")?,
        created_at: at(row, "created_at")?,
        modified_at: at(row, "modified_at")?,
    })
}

/// The groups of an account by name; the limit bounds their number.
pub(crate) async fn of_account(db: &Db, account: AccountId) -> Result<Vec<ServiceGroup>, IamError> {
    let rows = db.all(OF_ACCOUNT, &[account.to_string().into()]).await?;
    rows.iter().map(decode).collect()
}

/// A group of an account.
pub(crate) async fn find(
    db: &Db,
    account: AccountId,
    id: ServiceGroupId,
) -> Result<Option<ServiceGroup>, IamError> {
    let values = [Value::from(id.0.to_string()), account.to_string().into()];
    let row = db.one(ONE, &values).await?;
    row.map(|row| decode(&row)).transpose()
}

/// Whether the account has the group. The account is locked, so that it stays.
pub(crate) async fn is_there(
    tx: &mut Tx,
    account: AccountId,
    id: ServiceGroupId,
) -> Result<bool, IamError> {
    let values = [Value::from(id.0.to_string()), account.to_string().into()];
    Ok(tx.one(ONE, &values).await?.is_some())
}

const COUNT: &str = "SELECT COUNT(*) AS counted FROM service_id_groups WHERE account = $1";

/// The number of groups of the account, which is locked.
pub(crate) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    counted(tx.one(COUNT, &[account.to_string().into()]).await?)
}

/// The number of groups of the account at this moment.
pub(crate) async fn count_now(db: &Db, account: AccountId) -> Result<u64, IamError> {
    counted(db.one(COUNT, &[account.to_string().into()]).await?)
}

/// Stores a new one.
pub(crate) async fn insert(tx: &mut Tx, group: &ServiceGroup) -> Result<(), IamError> {
    let sql = "INSERT INTO service_id_groups (guid, account, name, description, made_by, revision, created_at, modified_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        Value::from(group.id.0.to_string()),
        group.account.to_string().into(),
        group.name.as_str().into(),
        group.description.as_str().into(),
        group.made_by.to_string().into(),
        group.revision.into(),
        group.created_at.0.into(),
        group.modified_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Writes a changed one if its revision is still the one that was read: of two concurrent changes one succeeds.
pub(crate) async fn change(tx: &mut Tx, group: &ServiceGroup, from: i64) -> Result<bool, IamError> {
    let sql = "UPDATE service_id_groups SET name = $2, description = $3, modified_at = $4, revision = revision + 1 \
               WHERE guid = $1 AND revision = $5";
    let values = [
        Value::from(group.id.0.to_string()),
        group.name.as_str().into(),
        group.description.as_str().into(),
        group.modified_at.0.into(),
        from.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes one. `false` if it was gone.
pub(crate) async fn delete(tx: &mut Tx, id: ServiceGroupId) -> Result<bool, IamError> {
    let sql = "DELETE FROM service_id_groups WHERE guid = $1";
    Ok(tx.execute(sql, &[id.0.to_string().into()]).await? > 0)
}

/// Deletes those of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM service_id_groups WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
