//! The table `orgs`.

use super::column::{at, counted, parse};
use super::domains::NewDomain;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::Org;
use base::id::{AccountId, OrgId};
use base::scope::Domain;
use base::time::Millis;
use db::{Row, Tx, Value};

/// An account's organizations, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str =
    "SELECT 'org' AS kind, guid AS id FROM orgs WHERE account = $1 LIMIT $2";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, account, region, name, created_at, updated_at FROM orgs",
    "guid"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<Org, IamError> {
    Ok(Org {
        id: parse(row, "guid", "an organization GUID")?,
        account: parse(row, "account", "an account GUID")?,
        region: row.text("region")?,
        name: row.text("name")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// Inserts an organization; its tenant number in the store is still to be allocated.
pub(crate) async fn insert(tx: &mut Tx, org: &Org) -> Result<NewDomain, IamError> {
    write(tx, org).await?;
    Ok(NewDomain(Domain::Org(org.id)))
}

/// Inserts the row of an organization that already has its tenant number in the store.
pub(crate) async fn write(tx: &mut Tx, org: &Org) -> Result<(), IamError> {
    let sql = "INSERT INTO orgs (guid, account, region, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        Value::from(org.id.to_string()),
        org.account.to_string().into(),
        org.region.as_str().into(),
        org.name.as_str().into(),
        org.created_at.0.into(),
        org.updated_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Whether it has this name.
pub(crate) async fn is_named(tx: &mut Tx, id: OrgId, name: &str) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM orgs WHERE guid = $1 AND name = $2";
    let values = [id.to_string().into(), name.into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Renames it. `false` if it no longer exists.
pub(crate) async fn rename(
    tx: &mut Tx,
    id: OrgId,
    name: &str,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE orgs SET name = $2, updated_at = $3 WHERE guid = $1";
    let values = [id.to_string().into(), name.into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes it, after its spaces.
pub(crate) async fn delete(tx: &mut Tx, id: OrgId) -> Result<(), IamError> {
    let sql = "DELETE FROM orgs WHERE guid = $1";
    tx.execute(sql, &[id.to_string().into()]).await?;
    Ok(())
}

/// Deletes the organizations of an account, after their spaces.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM orgs WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// The number of organizations of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM orgs WHERE account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}

/// Whether the organization exists.
pub(crate) async fn is_there(tx: &mut Tx, id: OrgId) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM orgs WHERE guid = $1";
    Ok(tx.one(sql, &[id.to_string().into()]).await?.is_some())
}
