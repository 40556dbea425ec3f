//! Audit entries are written in the transaction of the change they describe.

use crate::audit::Entry;
use crate::audit::entry::Entries;
use crate::error::IamError;
use crate::repo::audit;
use crate::repo::changes;
use crate::repo::sessions::{self, NumberedEnds};
use crate::service::Iam;
use db::{DbError, Tx};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// Whether the change is read into the directory after its commit. The ends of sessions are read in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadBack {
    Nothing,
    Changes,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a change is committed: with its entries"
)]
async fn commit(iam: &Iam, tx: Tx, ends: NumberedEnds) -> Result<(), IamError> {
    tx.commit().await?;
    // Here, and nowhere else, so that nobody forgets it: until they are read, the tokens of these sessions are good.
    if ends.are_any() {
        iam.read_ends().await;
    }
    Ok(())
}

const fn is_unknown(error: &IamError) -> bool {
    matches!(error, IamError::Db(DbError::OutcomeUnknown { .. }))
}

impl Iam {
    /// Commits a change with its entries, and updates the directory and the ended sessions before returning. An error means that nothing was
    /// changed, unless it is [`DbError::OutcomeUnknown`]: then this node trusts nobody until it has read what there is. A
    /// failure to read a committed change is not a failure of the change.
    pub(crate) async fn commit(&self, tx: Tx, entries: impl Into<Entries>) -> Result<(), IamError> {
        self.commit_and_read(tx, entries, ReadBack::Changes).await
    }

    /// Commits a change, with its entries, that the directory need not show before the next change. The sessions that it ends have ended
    /// when this returns.
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
        let ends = sessions::number_ends(&mut tx).await?;
        let number = changes::number(&mut tx).await?;
        audit::write(&mut tx, &entries, self.0.clock.now()).await?;
        let iam = self.clone();
        // A separate task: a commit on its way cannot be taken back, so a caller who goes away must not keep this node from
        // reading it.
        let work = async move {
            let done = commit(&iam, tx, ends).await;
            done.inspect_err(|error| {
                if is_unknown(error) {
                    iam.mark_unknown(error);
                }
            })?;
            iam.0.counts.wrote(entries.len());
            entries.iter().for_each(Entry::log);
            if read == ReadBack::Changes {
                iam.apply_committed(number).await;
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
    /// [`Self::commit`], but the directory does not depend on it. No session ends so today; one that did without a number would live on
    /// in its tokens.
    pub(crate) async fn commit_unaudited(&self, mut tx: Tx) -> Result<(), IamError> {
        let ends = sessions::number_ends(&mut tx).await?;
        let done = commit(self, tx, ends).await;
        done.inspect_err(|error| {
            if ends.are_any() && is_unknown(error) {
                self.mark_unknown(error);
            }
        })
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
    use crate::audit::Action;
    use crate::config::{AccountLimits, InvitationConfig};
    use crate::model::bounds::CredentialBounds;
    use crate::repo::sessions::NewSession;
    use base::id::{AccountId, Guid, SessionId, UserId};
    use base::time::{ManualClock, Millis};
    use db::Db;
    use std::sync::Arc;

    async fn opened(folder: &tempfile::TempDir) -> Iam {
        let file = folder.path().join("iam.db");
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let limits = AccountLimits::default();
        Iam::open_without_keys(db, limits, InvitationConfig::default(), 0, clock)
            .await
            .unwrap()
    }

    /// A session that the transaction ends, whose tokens are still good.
    async fn ending(iam: &Iam, byte: u8) -> (SessionId, Tx) {
        let guid = |byte| Guid::from_random([byte; 16]);
        let (session, account) = (SessionId(guid(byte)), AccountId(guid(byte)));
        let now = iam.0.clock.now();
        let bounds = CredentialBounds::of_person(&iam.directory(), UserId(guid(3)), now);
        let new = NewSession {
            session,
            account,
            bounds: &bounds,
            now,
            expires_at: now.plus(60_000),
            tokens_until: now.plus(60_000),
        };
        let mut tx = iam.0.db.begin().await.unwrap();
        sessions::insert(&mut tx, &new).await.unwrap();
        iam.commit_unaudited(tx).await.unwrap();
        assert!(!iam.0.ended.contains(session));
        let mut tx = iam.0.db.begin().await.unwrap();
        let ended = sessions::end_of_account(&mut tx, account, now);
        ended.await.unwrap();
        (session, tx)
    }

    #[tokio::test]
    async fn whatever_commits_the_end_of_a_session_ends_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder).await;
        let entry = || Entry::by_server(Action::SessionEnded);
        let (session, tx) = ending(&iam, 1).await;
        iam.commit_unaudited(tx).await.unwrap();
        assert!(iam.0.ended.contains(session));
        let (session, tx) = ending(&iam, 2).await;
        iam.commit_without_read_back(tx, entry()).await.unwrap();
        assert!(iam.0.ended.contains(session));
        let (session, tx) = ending(&iam, 3).await;
        iam.commit(tx, entry()).await.unwrap();
        assert!(iam.0.ended.contains(session));
    }

    #[tokio::test]
    async fn a_commit_that_breaks_off_is_unknown_and_trusts_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let iam = opened(&folder).await;
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
