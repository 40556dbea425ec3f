//! The table `issuers`: the issuer names that this installation has used.
//!
//! A token's issuer is the server's address when the token was issued. The address may change (another port, another
//! host name); the tokens are still the installation's own, signed with its keys, and stay valid until they expire. So
//! every name is recorded, and a token is accepted under any of them, each for its own kind of token.

use super::changes;
use crate::config::IamConfig;
use crate::error::IamError;
use crate::model::issuers::{Issuers, Kind};
use db::{Db, Row, Tx};
use std::collections::HashMap;

#[expect(
    clippy::disallowed_methods,
    reason = "the server's own names, recorded as it starts: no change that anybody made"
)]
async fn commit(tx: Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

/// Records the current names, and tells other nodes about new ones.
pub(crate) async fn record(db: &Db, config: &IamConfig) -> Result<(), IamError> {
    let mut tx = db.begin().await?;
    for (issuer, kind) in [(&config.issuer, Kind::Iam), (&config.uaa_issuer, Kind::Uaa)] {
        let sql = "INSERT INTO issuers (issuer, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let values = [issuer.as_str().into(), kind.name().into()];
        tx.execute(sql, &values).await?;
    }
    changes::number(&mut tx).await?;
    commit(tx).await
}

/// All names, for the directory.
pub(super) async fn rows(tx: &mut Tx) -> Result<Vec<Row>, IamError> {
    Ok(tx.all("SELECT issuer, kind FROM issuers", &[]).await?)
}

/// Decodes them.
pub(super) fn read(rows: &[Row]) -> Result<Issuers, IamError> {
    let mut kinds = HashMap::new();
    for row in rows {
        let kind = row.text("kind")?;
        let kind = [Kind::Iam, Kind::Uaa]
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or(IamError::Stored {
                value: kind,
                expected: "a kind of token",
            })?;
        kinds.insert(row.text("issuer")?, kind);
    }
    Ok(Issuers::new(kinds))
}
