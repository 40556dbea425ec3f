//! Audit entries are written in the transaction of the change they describe.

use crate::audit::Entry;
use crate::audit::entry::Entries;
use crate::error::IamError;
use crate::repo::audit;
use crate::repo::changes;
use crate::service::Iam;
use db::Tx;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a change is committed: with its entries"
)]
async fn commit(tx: Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

impl Iam {
    /// Commits a change with its entries, and updates the directory before returning. An error means that nothing was
    /// changed: a failure to read a committed change is not a failure of the change.
    pub(crate) async fn commit(&self, tx: Tx, entries: impl Into<Entries>) -> Result<(), IamError> {
        let changes = self.commit_numbered(tx, entries).await?;
        self.apply_committed(changes).await;
        Ok(())
    }

    /// Commits a change that also ends sessions, and updates both in memory before returning.
    pub(crate) async fn commit_with_ends(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit(tx, entries).await?;
        self.read_ends().await;
        Ok(())
    }

    /// Commits a change, with its entries, that the directory need not show before the next change.
    pub(crate) async fn commit_unseen(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit_numbered(tx, entries).await.map(drop)
    }

    /// The only place that commits a change: with its entries, and with its number in the change log.
    async fn commit_numbered(
        &self,
        mut tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<Option<i64>, IamError> {
        let Entries(entries) = entries.into();
        let number = changes::number(&mut tx).await?;
        audit::write(&mut tx, &entries, self.0.clock.now()).await?;
        commit(tx).await?;
        self.0.counts.wrote(entries.len());
        entries.iter().for_each(Entry::log);
        Ok(number)
    }

    /// Commits a write that is no change: a replaced refresh token, or a mail taken for sending.
    pub(crate) async fn commit_unaudited(&self, tx: Tx) -> Result<(), IamError> {
        commit(tx).await
    }

    /// Writes an entry for a change outside this database, which begins or is done.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn enter(&self, entry: Entry) -> Result<(), IamError> {
        let tx = self.0.db.begin().await?;
        self.commit_unseen(tx, entry).await
    }
}
