//! The table `regions`.

use crate::error::IamError;
use crate::model::directory::Region;
use base::time::Millis;
use db::{Row, Tx};

pub(crate) async fn insert(tx: &mut Tx, name: &str, now: Millis) -> Result<(), IamError> {
    let sql = "INSERT INTO regions (name, display_name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, &[name.into(), name.into(), now.0.into()])
        .await?;
    Ok(())
}

/// All regions by name, for the directory.
pub(super) async fn rows(tx: &mut Tx) -> Result<Vec<Row>, IamError> {
    let sql = "SELECT name, display_name FROM regions ORDER BY name";
    Ok(tx.all(sql, &[]).await?)
}

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<Region, IamError> {
    Ok(Region {
        name: row.text("name")?,
        display_name: row.text("display_name")?,
    })
}
