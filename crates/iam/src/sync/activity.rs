//! Writes down who has authenticated, in the background and many at a time: nothing is written when a token is issued or a request
//! comes.

use crate::error::IamError;
use crate::model::activity::{Activity, Subject};
use crate::repo::activity;
use crate::service::Iam;
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use db::{Db, DbError};
use std::sync::Arc;
use std::time::Duration;

/// How often it is written: as much is lost at most when the process is killed.
const INTERVAL: Duration = Duration::from_secs(30);

/// Rows of one transaction, which keeps its accounts from being changed; few, so that who changes one waits only briefly.
const ROWS_PER_WRITE: usize = 200;

impl Iam {
    /// Writes down who has authenticated until the service is dropped or closed.
    pub fn activity_watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let weak = Arc::downgrade(&self.0);
        async move {
            let unwritten = FailureStreak::new();
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(inner) = weak.upgrade() else { return };
                let iam = Self(inner);
                if iam.is_closed() {
                    return;
                }
                match iam.write_activity().await {
                    Ok(()) => {
                        let _ = unwritten.record_success();
                    }
                    Err(error) if unwritten.record_failure() => {
                        tracing::warn!(error = %Chain(&error), "who has authenticated is not written down yet");
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Writes down who has authenticated since the last time. Where it fails twice, the rest waits for the next time, and then comes first:
    /// with PostgreSQL an account that stays locked keeps only its own counts from being written.
    ///
    /// # Errors
    /// When the database cannot be written; the counts are kept.
    pub async fn write_activity(&self) -> Result<(), IamError> {
        let unwritten = &self.0.activity;
        let _writing = unwritten.writing.lock().await;
        let subjects = unwritten.subjects();
        let parts: Vec<&[Subject]> = match self.0.db {
            // Whoever writes excludes all others. A transaction for each of thousands of accounts would wait for the disk as often.
            Db::Sqlite(..) => subjects.chunks(ROWS_PER_WRITE).collect(),
            // Each locks its account.
            Db::Pg(_) => of_each_account(&subjects)
                .flat_map(|of_account| of_account.chunks(ROWS_PER_WRITE))
                .collect(),
        };
        let mut done = Ok(());
        for part in parts {
            let written = self.write_activity_part(part).await;
            // It may be this account alone that somebody has locked; if it is a second one, it is the database.
            if written.is_err() && done.is_err() {
                return written;
            }
            done = done.and(written);
        }
        done
    }

    async fn write_activity_part(&self, part: &[Subject]) -> Result<(), IamError> {
        let unwritten = &self.0.activity;
        let mut turns = Vec::new();
        for of_account in of_each_account(part) {
            if let Some(subject) = of_account.first() {
                // Nobody else takes more than one.
                turns.push(unwritten.turns.take(subject.account).await);
            }
        }
        let counts = unwritten.take(part);
        let added = self.add_activity(&counts).await;
        match &added {
            // What may have been written must not be counted twice.
            Ok(()) | Err(IamError::Db(DbError::OutcomeUnknown { .. })) => {
                unwritten.record_written();
            }
            Err(_) => unwritten.give_back(),
        }
        added
    }

    async fn add_activity(&self, counts: &[(Subject, Activity)]) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        for of_account in counts.chunk_by(|(one, _), (next, _)| one.account == next.account) {
            if let Some((subject, _)) = of_account.first() {
                activity::add(&mut tx, subject.account, of_account).await?;
            }
        }
        self.commit_unaudited(tx).await
    }
}

fn of_each_account(subjects: &[Subject]) -> impl Iterator<Item = &[Subject]> {
    subjects.chunk_by(|one, next| one.account == next.account)
}
