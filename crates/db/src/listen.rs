//! Receives notifications of changes, and reads the changes, over separate connections: a busy pool must not keep a
//! node from learning of changes.

use crate::disk_space::DiskTracked;
use crate::open::{postgres_pool, sqlite_pool};
use crate::{Db, DbError};
use sqlx::postgres::PgListener;

/// The channel that the triggers of our migrations notify.
const CHANNEL: &str = "vigie_changes";

/// One connection to listen, one to read, and others in its place while it is silent: what waits for its answer is given up after some
/// seconds, and the pool may keep its place for longer.
const POSTGRES_CONNECTIONS: u32 = 8;

/// One connection to read; a file notifies nobody.
const SQLITE_CONNECTIONS: u32 = 1;

/// A listener for changes. It starts to listen with the first wait, and again after it lost the connection.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    listener: Option<PgListener>,
}

impl Db {
    /// Listens to this database over separate connections. A SQLite file needs one, too: its readers wait for no writer, but
    /// those who read long may have all connections of the pool.
    #[must_use]
    pub fn follow(&self) -> Follower {
        let db = match self {
            Self::Sqlite(pool, turns) => {
                let options = (*pool.on.connect_options()).clone();
                let separate = sqlite_pool(SQLITE_CONNECTIONS).connect_lazy_with(options);
                let separate = DiskTracked::new(separate, pool.disk_space.clone());
                Self::Sqlite(separate, turns.clone())
            }
            Self::Pg(pool) => {
                let options = (*pool.on.connect_options()).clone();
                let separate = postgres_pool(POSTGRES_CONNECTIONS).connect_lazy_with(options);
                Self::Pg(DiskTracked::new(separate, pool.disk_space.clone()))
            }
        };
        Follower { db, listener: None }
    }
}

impl Follower {
    /// The database to read with.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Waits for a notification. Never returns for a SQLite file, which has no notifications: its callers have to poll.
    /// Once it begins to listen it returns immediately, because it may have missed earlier notifications.
    ///
    /// # Errors
    /// When the connection is lost or cannot be made: the next call tries again.
    pub async fn changed(&mut self) -> Result<(), DbError> {
        let Db::Pg(pool) = &self.db else {
            return std::future::pending().await;
        };
        let Some(listener) = &mut self.listener else {
            let listen = async {
                let mut listener = PgListener::connect_with(&pool.on).await?;
                listener.listen(CHANNEL).await?;
                Ok(listener)
            };
            self.listener = Some(listen.await.map_err(DbError::sql("listen"))?);
            return Ok(());
        };
        // `None`: the connection was lost.
        match listener.try_recv().await {
            Ok(Some(_)) => {
                // One result is enough for all notifications received at once.
                while listener.next_buffered().is_some() {}
                Ok(())
            }
            Ok(None) => {
                self.listener = None;
                Ok(())
            }
            Err(error) => {
                self.listener = None;
                Err(DbError::sql("listen")(error))
            }
        }
    }

    /// Closes its connections.
    pub async fn close(mut self) {
        self.listener = None;
        self.db.close().await;
    }
}
