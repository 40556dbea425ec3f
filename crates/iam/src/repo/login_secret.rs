//! The table `login_secret`: the key of the hashes in `login_sources`.

use crate::entropy;
use crate::error::IamError;
use db::{Db, Value};

/// The key of the hashes, created once for all nodes.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's own secret changes nothing for anybody"
)]
pub(crate) async fn secret(db: &Db) -> Result<Vec<u8>, IamError> {
    let insert =
        "INSERT INTO login_secret (name, value) VALUES ('sources', $1) ON CONFLICT DO NOTHING";
    let find = "SELECT value FROM login_secret WHERE name = 'sources'";
    let mut row = db.one(find, &[]).await?;
    if row.is_none() {
        let fresh = Value::from(&entropy::bytes::<32>()[..]);
        db.execute(insert, &[fresh]).await?;
        row = db.one(find, &[]).await?;
    }
    match row {
        Some(row) => Ok(row.blob_or_none("value")?.unwrap_or_default()),
        None => Err(IamError::Internal("keep the key of login sources")),
    }
}
