//! Hearing of changes, and reading them, over connections that nobody else uses: whoever waits for the pool does not make a node
//! deaf.

use crate::pool::BUSY_TIMEOUT;
use crate::room::Watched;
use crate::{Db, DbError};
use sqlx::postgres::{PgListener, PgPoolOptions};

/// The channel that the triggers of our migrations tell.
const CHANNEL: &str = "vigie_changes";

/// One to listen, one to read with.
const CONNECTIONS: u32 = 2;

/// A database as it is followed. Listening begins with the first wait, and again after a connection was lost.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    listener: Option<PgListener>,
}

impl Db {
    /// This database over connections of their own; a SQLite file over those there are, as its readers wait for nobody.
    #[must_use]
    pub fn follow(&self) -> Follower {
        let db = match self {
            Self::Sqlite(_) => self.clone(),
            Self::Pg(pool) => {
                let options = (*pool.on.connect_options()).clone();
                let own = PgPoolOptions::new()
                    .max_connections(CONNECTIONS)
                    .acquire_timeout(BUSY_TIMEOUT)
                    .connect_lazy_with(options);
                Self::Pg(Watched::new(own, pool.room.clone()))
            }
        };
        Follower { db, listener: None }
    }
}

impl Follower {
    /// What to read with.
    #[must_use]
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Waits until somebody has changed something. For ever on a SQLite file, which tells nobody: whoever waits looks by himself
    /// now and then. As soon as it listens it says so once, as it may have missed something before.
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
        // `None` says that the connection was lost.
        match listener.try_recv().await {
            Ok(Some(_)) => {
                // Of a hundred that are told at once, one is enough.
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

    /// Closes its connections, unless they are those of the database it follows.
    pub async fn close(mut self) {
        self.listener = None;
        if matches!(self.db, Db::Pg(_)) {
            self.db.close().await;
        }
    }
}
