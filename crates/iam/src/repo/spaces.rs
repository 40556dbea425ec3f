//! The table `spaces`.

use super::domains;
use crate::error::IamError;
use crate::model::directory::Space;
use base::id::SpaceId;
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

pub(crate) async fn insert(tx: &mut Tx, space: &Space) -> Result<(), IamError> {
    write(tx, space).await?;
    domains::allocate(tx, Domain::Space(space.id)).await
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
