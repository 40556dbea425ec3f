//! That a store and an identity belong together: the store knows domains by numbers, which only this identity gives.

use crate::entropy;
use crate::error::IamError;
use crate::repo::counters;
use crate::service::Iam;
use base::id::TenantId;

#[expect(
    clippy::disallowed_methods,
    reason = "numbers that nobody has, as the server starts: no change that anybody made"
)]
async fn commit(tx: db::Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

impl Iam {
    /// The number of this identity, by which a store is told from that of another: random, and as old as its first server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_number(&self) -> Result<i64, IamError> {
        let [a, b, c, d, e, f, g, h, ..] = *entropy::guid().as_bytes();
        let new = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let mut tx = self.0.db.begin().await?;
        let number = counters::identity_number(&mut tx, new).await?;
        commit(tx).await?;
        Ok(number)
    }

    /// Gives no new domain a number up to that of this tenant of the store. A database that was brought back from an earlier copy has given
    /// fewer: it would give the numbers of later ones again, and their samples with them. Returns whether that would have been so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reserve_tenants(&self, through: TenantId) -> Result<bool, IamError> {
        let mut tx = self.0.db.begin().await?;
        let reserved = counters::reserve_tenants(&mut tx, i64::from(through.0)).await?;
        commit(tx).await?;
        Ok(reserved > 0)
    }
}
