//! Checks that a store and an identity database belong together: the store knows domains by numbers that this database alone assigns.

use crate::entropy;
use crate::error::IamError;
use crate::repo::{counters, domains};
use crate::service::Iam;
use base::id::TenantId;
use db::Tx;

/// Numbers this identity, unless it has a number.
pub(crate) async fn number_identity(tx: &mut Tx, known: Option<i64>) -> Result<i64, IamError> {
    counters::identity_number(
        tx,
        known.unwrap_or_else(|| i64::from_le_bytes(entropy::bytes())),
    )
    .await
}

impl Iam {
    /// The number of this identity, by which a store is told from that of another. A database of an earlier version has none: it takes that
    /// which the samples beside it are marked with, `known`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_number(&self, known: Option<i64>) -> Result<i64, IamError> {
        let mut tx = self.0.db.begin().await?;
        let number = number_identity(&mut tx, known).await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a number for what has none, as the server starts: no change that anybody made"
        )]
        tx.commit().await?;
        Ok(number)
    }

    /// The tenants of a store that belong to no domain: the database was restored from an earlier copy, or a domain was deleted for good
    /// while the node was down.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unknown_tenants(&self, tenants: &[TenantId]) -> Result<Vec<TenantId>, IamError> {
        domains::without_domain(&self.0.db, tenants).await
    }
}
