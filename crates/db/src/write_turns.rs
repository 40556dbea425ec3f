//! Turns of those who write to a SQLite file.
//!
//! SQLite itself lets them poll, the longer the pauses the longer they have waited: who comes just as another ends would overtake all
//! of them, and one busy account kept others waiting for seconds. Here the first who came is the next. They wait without a connection, so
//! that readers find one. Other processes, as `vigied init` beside a server, still meet SQLite's own lock.

use crate::DbError;
use crate::timeouts::BUSY_TIMEOUT;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of one file. Clones share them.
#[derive(Debug, Clone)]
pub struct WriteTurns(Arc<Semaphore>);

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub struct WriteTurn(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl WriteTurns {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Waits for a turn, no longer than for a lock.
    pub(crate) async fn take(&self, action: &'static str) -> Result<WriteTurn, DbError> {
        let turn = tokio::time::timeout(BUSY_TIMEOUT, Arc::clone(&self.0).acquire_owned());
        let closed = |source| DbError::Unavailable { action, source };
        let turn = turn
            .await
            .map_err(|_| closed(sqlx::Error::PoolTimedOut))?
            .map_err(|_| closed(sqlx::Error::PoolClosed))?;
        Ok(WriteTurn(turn))
    }
}

#[cfg(test)]
mod tests {
    use crate::Db;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    /// Whoever came first while another wrote is the next, whoever comes just as that one ends; and readers find a connection meanwhile.
    #[tokio::test]
    async fn the_first_who_came_writes_next() {
        let folder = std::env::temp_dir().join(format!("vigie-db-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open(&folder.join("turns.db").display().to_string())
            .await
            .unwrap();
        let first = db.begin().await.unwrap();
        let mut polled = Context::from_waker(Waker::noop());
        // More than there are connections.
        let mut waiting: Vec<_> = (0..8).map(|_| Box::pin(db.begin())).collect();
        for begun in &mut waiting {
            assert!(begun.as_mut().poll(&mut polled).is_pending());
        }
        let sql = "SELECT value FROM counters LIMIT 1";
        db.all(sql, &[]).await.unwrap();
        first.end().await.unwrap();
        let mut late = pin!(db.begin());
        assert!(late.as_mut().poll(&mut polled).is_pending());
        for begun in waiting {
            let begun = begun.await.unwrap();
            assert!(late.as_mut().poll(&mut polled).is_pending());
            begun.end().await.unwrap();
        }
        late.await.unwrap().end().await.unwrap();
        db.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
