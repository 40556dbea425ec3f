//! Audit entries are written in the transaction of the change they describe.

use crate::audit::Entry;
use crate::audit::entry::Entries;
use crate::error::IamError;
use crate::repo::audit;
use crate::repo::changes;
use crate::repo::sessions;
use crate::service::Iam;
use db::{DbError, Tx};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// The data that is read into memory after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadBack {
    Nothing,
    Changes,
    ChangesAndEnds,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a change is committed: with its entries"
)]
async fn commit(tx: Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

impl Iam {
    /// Commits a change with its entries, and updates the directory before returning. An error means that nothing was
    /// changed, unless it is [`DbError::OutcomeUnknown`]: then this node trusts nobody until it has read what there is. A
    /// failure to read a committed change is not a failure of the change.
    pub(crate) async fn commit(&self, tx: Tx, entries: impl Into<Entries>) -> Result<(), IamError> {
        self.commit_and_read(tx, entries, ReadBack::Changes).await
    }

    /// Commits a change that also ends sessions, and updates both in memory before returning.
    pub(crate) async fn commit_with_ends(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        let read = ReadBack::ChangesAndEnds;
        self.commit_and_read(tx, entries, read).await
    }

    /// Commits a change, with its entries, that the directory need not show before the next change.
    pub(crate) async fn commit_without_read_back(
        &self,
        tx: Tx,
        entries: impl Into<Entries>,
    ) -> Result<(), IamError> {
        self.commit_and_read(tx, entries, ReadBack::Nothing).await
    }

    /// The only place that commits a change: with its entries, with its number in the change log, and with the number of the ends of
    /// sessions that it brings.
    async fn commit_and_read(
        &self,
        mut tx: Tx,
        entries: impl Into<Entries>,
        read: ReadBack,
    ) -> Result<(), IamError> {
        let Entries(entries) = entries.into();
        // Last, since others wait for these counters; and in this order everywhere.
        sessions::number_ends(&mut tx).await?;
        let number = changes::number(&mut tx).await?;
        audit::write(&mut tx, &entries, self.0.clock.now()).await?;
        let iam = self.clone();
        // A separate task: a commit on its way cannot be taken back, so a caller who goes away must not keep this node from
        // reading it.
        let work = async move {
            match commit(tx).await {
                Err(error @ IamError::Db(DbError::OutcomeUnknown { .. })) => {
                    iam.mark_unknown(&error);
                    return Err(error);
                }
                done => done?,
            }
            iam.0.counts.wrote(entries.len());
            entries.iter().for_each(Entry::log);
            if read != ReadBack::Nothing {
                iam.apply_committed(number).await;
            }
            if read == ReadBack::ChangesAndEnds {
                iam.read_ends().await;
            }
            Ok(())
        };
        self.settled(tokio::spawn(work.in_current_span())).await
    }

    /// The outcome of a commit in a task of its own. A task that broke off may have committed already.
    async fn settled(&self, task: JoinHandle<Result<(), IamError>>) -> Result<(), IamError> {
        task.await.unwrap_or_else(|broken| {
            let source = Box::new(broken);
            let error = IamError::Db(DbError::OutcomeUnknown { source });
            self.mark_unknown(&error);
            Err(error)
        })
    }

    /// Commits a write that is no change: a replaced refresh token, or a mail taken for sending. Errors are as those of
    /// [`Self::commit`], but the directory does not depend on it.
    pub(crate) async fn commit_unaudited(&self, tx: Tx) -> Result<(), IamError> {
        commit(tx).await
    }

    /// Writes an entry for a change outside this database, which begins or is done.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn enter(&self, entry: Entry) -> Result<(), IamError> {
        let tx = self.0.db.begin().await?;
        self.commit_without_read_back(tx, entry).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AccountLimits, InvitationConfig};
    use base::time::{ManualClock, Millis};
    use db::Db;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_commit_that_breaks_off_is_unknown_and_trusts_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let limits = AccountLimits::default();
        let iam = Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock)
            .await
            .unwrap();
        assert!(!iam.is_behind());
        let task = tokio::spawn(async { panic!("behind the commit") });
        let error = iam.settled(task).await.unwrap_err();
        let is_unknown = matches!(error, IamError::Db(DbError::OutcomeUnknown { .. }));
        assert!(is_unknown, "{error:?}");
        assert!(iam.is_behind());
        // What there is has been read.
        iam.sync().await.unwrap();
        assert!(!iam.is_behind());
    }
}
