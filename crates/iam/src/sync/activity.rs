//! Writes down who has authenticated, in the background and many at a time: nothing is written when a token is issued or a request
//! comes.

use crate::error::IamError;
use crate::model::activity::{Activity, Subject};
use crate::repo::activity;
use crate::service::Iam;
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use db::DbError;
use std::sync::Arc;
use std::time::Duration;

/// How often it is written: as much is lost at most when the process is killed.
const INTERVAL: Duration = Duration::from_secs(30);

/// Rows of one transaction; few, so that other writers wait only briefly.
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

    /// Writes down who has authenticated since the last time.
    ///
    /// # Errors
    /// When the database cannot be written; the counts are kept.
    pub async fn write_activity(&self) -> Result<(), IamError> {
        let unwritten = &self.0.activity;
        for part in unwritten.subjects().chunks(ROWS_PER_WRITE) {
            let _turn = unwritten.turn.write().await;
            let counts = unwritten.take(part);
            match self.add_activity(&counts).await {
                Ok(()) => unwritten.record_written(),
                Err(error) => {
                    // What may have been written must not be counted twice.
                    match &error {
                        IamError::Db(DbError::OutcomeUnknown { .. }) => unwritten.record_written(),
                        _ => unwritten.give_back(),
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn add_activity(&self, part: &[(Subject, Activity)]) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        activity::add(&mut tx, part).await?;
        self.commit_unaudited(tx).await
    }
}
