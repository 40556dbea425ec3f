//! Entries are written in the transaction of the change they are about.

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
    /// Commits a change with what is entered about it, and brings it into the directory before returning. An error says that
    /// nothing has happened: what is committed and cannot be read here is no failure of the change.
    pub(crate) async fn commit(&self, tx: Tx, entries: impl Into<Entries>) -> Result<(), IamError> {
        let changes = self.commit_numbered(tx, entries).await?;
        self.show(changes).await;
        Ok(())
    }

    /// Commits a change that ends sessions as well, and brings both into memory before returning.
    pub(crate) async fn commit_with_ends(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit(tx, entries).await?;
        self.see_ends().await;
        Ok(())
    }

    /// Commits what is not looked for in the directory before the next change, with what is entered about it.
    pub(crate) async fn commit_unseen(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit_numbered(tx, entries).await.map(drop)
    }

    /// The one place where a change is committed: with its entries, and its number in the log of changes.
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

    /// Commits what is no change to anybody: a refresh token in the place of another, a mail that is taken.
    pub(crate) async fn commit_unentered(&self, tx: Tx) -> Result<(), IamError> {
        commit(tx).await
    }

    /// Enters what is no change of this database: what is done elsewhere is begun, or was done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn enter(&self, entry: Entry) -> Result<(), IamError> {
        let tx = self.0.db.begin().await?;
        self.commit_unseen(tx, entry).await
    }
}
