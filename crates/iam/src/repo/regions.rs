//! The table `regions`.

use crate::error::IamError;
use base::time::Millis;
use db::Tx;

pub(crate) async fn insert(tx: &mut Tx, name: &str, now: Millis) -> Result<(), IamError> {
    let sql = "INSERT INTO regions (name, display_name, created_at) VALUES ($1, $2, $3)";
    tx.execute(sql, &[name.into(), name.into(), now.0.into()])
        .await?;
    Ok(())
}
