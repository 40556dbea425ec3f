//! The table `spaces`.

use super::column::{at, counted, parse};
use super::domains::NewDomain;
use super::selection::{Selection, selection};
use crate::error::IamError;
use crate::model::directory::Space;
use base::id::{AccountId, OrgId, SpaceId};
use base::scope::Domain;
use base::time::Millis;
use db::{Row, Tx, Value};

/// An account's spaces, as kind and id for the change log; at most `$2`.
pub(super) const OF_ACCOUNT: &str = "SELECT 'space' AS kind, spaces.guid AS id FROM spaces JOIN orgs ON orgs.guid = spaces.org \
     WHERE orgs.account = $1 LIMIT $2";

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, org, name, created_at, updated_at FROM spaces",
    "guid"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<Space, IamError> {
    Ok(Space {
        id: parse(row, "guid", "a space GUID")?,
        org: parse(row, "org", "an organization GUID")?,
        name: row.text("name")?,
        created_at: at(row, "created_at")?,
        updated_at: at(row, "updated_at")?,
    })
}

/// A new space, as far as it needs no number in the store.
pub(crate) async fn insert(tx: &mut Tx, space: &Space) -> Result<NewDomain, IamError> {
    write(tx, space).await?;
    Ok(NewDomain(Domain::Space(space.id)))
}

/// Only the row, for a space that has its number in the store.
pub(crate) async fn write(tx: &mut Tx, space: &Space) -> Result<(), IamError> {
    let sql =
        "INSERT INTO spaces (guid, org, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)";
    let values = [
        Value::from(space.id.to_string()),
        space.org.to_string().into(),
        space.name.as_str().into(),
        space.created_at.0.into(),
        space.updated_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Whether it has this name.
pub(crate) async fn is_named(tx: &mut Tx, id: SpaceId, name: &str) -> Result<bool, IamError> {
    let sql = "SELECT guid FROM spaces WHERE guid = $1 AND name = $2";
    let values = [id.to_string().into(), name.into()];
    Ok(tx.one(sql, &values).await?.is_some())
}

/// Renames it. `false` if it no longer exists.
pub(crate) async fn rename(
    tx: &mut Tx,
    id: SpaceId,
    name: &str,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE spaces SET name = $2, updated_at = $3 WHERE guid = $1";
    let values = [id.to_string().into(), name.into(), now.0.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Deletes it, after the deletion was recorded.
pub(crate) async fn delete(tx: &mut Tx, id: SpaceId) -> Result<(), IamError> {
    let sql = "DELETE FROM spaces WHERE guid = $1";
    tx.execute(sql, &[id.to_string().into()]).await?;
    Ok(())
}

/// Deletes the spaces of an organization, after their deletion was recorded.
pub(crate) async fn delete_of_org(tx: &mut Tx, org: OrgId) -> Result<(), IamError> {
    let sql = "DELETE FROM spaces WHERE org = $1";
    tx.execute(sql, &[org.to_string().into()]).await?;
    Ok(())
}

/// Deletes the spaces of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM spaces WHERE org IN (SELECT guid FROM orgs WHERE account = $1)";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Recreates the rows of the spaces that were deleted with the organization.
pub(crate) async fn restore_of_org(tx: &mut Tx, org: Domain, now: Millis) -> Result<(), IamError> {
    let sql = "INSERT INTO spaces (guid, org, name, created_at, updated_at) \
               SELECT SUBSTR(domain, 3), org, name, created_at, updated_at FROM deletions \
               WHERE deleted_with = $1 AND domain <> $1 AND begun = 0 AND due_at > $2";
    tx.execute(sql, &[org.to_string().into(), now.0.into()])
        .await?;
    Ok(())
}

/// The number of spaces of the account.
pub(super) async fn count(tx: &mut Tx, account: AccountId) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS counted FROM spaces JOIN orgs ON orgs.guid = spaces.org WHERE orgs.account = $1";
    counted(tx.one(sql, &[account.to_string().into()]).await?)
}
