//! The sources from which each user logged in with their password within the last thirty days: from there a right
//! password is always accepted, whatever others guess from the same source.
//!
//! Stored in the database to survive a restart, and in memory, so that a lookup costs nothing and takes the same time
//! for unknown users. The stored value is a keyed hash of user and source. Other nodes learn of new entries within a
//! minute. They learn of a new password from the directory within a second, like any change: an entry from before the
//! password was set is ignored, even on a node that still holds it.

use crate::entropy;
use crate::error::IamError;
use crate::repo::login_secret;
use crate::repo::login_sources::{self, DeletedSources, Key};
use base::id::UserId;
use base::source::SourceKey;
use base::time::Millis;
use db::Db;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How long an entry is remembered.
const REMEMBERED_MILLISECONDS: i64 = 30 * 86_400_000;

/// A login renews an entry older than this: at most one write a day.
const RENEWED_MILLISECONDS: i64 = 86_400_000;

/// How far back the entries of other nodes are read again: for clocks that differ, and for a read that failed.
const OVERLAP_MILLISECONDS: i64 = 10 * 60_000;

/// The sources of users' earlier logins.
#[derive(Debug)]
pub(crate) struct KnownSources {
    secret: Vec<u8>,
    seen: RwLock<HashMap<Key, i64>>,
    per_user: usize,
}

impl KnownSources {
    /// Reads the entries; creates the hash key, which all nodes share, if there is none.
    pub(crate) async fn load(db: &Db, now: Millis, per_user: usize) -> Result<Self, IamError> {
        let secret = login_secret::secret(db).await?;
        let known_sources = Self {
            secret,
            seen: RwLock::default(),
            per_user,
        };
        known_sources
            .read(db, now.0.saturating_sub(REMEMBERED_MILLISECONDS))
            .await?;
        Ok(known_sources)
    }

    /// Reads the entries that other nodes have written.
    pub(crate) async fn catch_up(&self, db: &Db, now: Millis) -> Result<(), IamError> {
        self.read(db, now.0.saturating_sub(OVERLAP_MILLISECONDS))
            .await?;
        let oldest = now.0.saturating_sub(REMEMBERED_MILLISECONDS);
        self.write(|seen| seen.retain(|_, at| *at > oldest));
        Ok(())
    }

    async fn read(&self, db: &Db, since: i64) -> Result<(), IamError> {
        let found = login_sources::since(db, since).await?;
        self.write(|seen| seen.extend(found));
        Ok(())
    }

    fn write(&self, change: impl FnOnce(&mut HashMap<Key, i64>)) {
        change(&mut self.seen.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn key(&self, user: UserId, source: SourceKey) -> Key {
        let mut text = self.secret.clone();
        text.extend(user.0.to_string().as_bytes());
        text.extend(source.to_bytes());
        let mut key = Key::default();
        key.copy_from_slice(entropy::sha256(&text).split_at(16).0);
        key
    }

    fn seen_at(&self, key: &Key) -> Option<i64> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).copied()
    }

    /// Whether the user logged in from there with the current password, which was set at `set_at`.
    pub(crate) fn knows(
        &self,
        user: UserId,
        set_at: Millis,
        source: SourceKey,
        now: Millis,
    ) -> bool {
        let oldest = now.0.saturating_sub(REMEMBERED_MILLISECONDS).max(set_at.0);
        self.seen_at(&self.key(user, source))
            .is_some_and(|at| at > oldest)
    }

    /// Records a login from there with a password that was set at `set_at`. `true` when the entry must be written.
    pub(crate) async fn remember(
        &self,
        db: &Db,
        (user, set_at): (UserId, Millis),
        source: SourceKey,
        now: Millis,
    ) -> Result<bool, IamError> {
        // Not before the password was set, even if this node's clock is behind the clock of the node that set it.
        let now = now.max(set_at.plus(1));
        let key = self.key(user, source);
        let oldest = now.0.saturating_sub(REMEMBERED_MILLISECONDS);
        let known = self.seen_at(&key).filter(|at| *at > oldest.max(set_at.0));
        if known.is_some_and(|at| at.saturating_add(RENEWED_MILLISECONDS) > now.0) {
            return Ok(false);
        }
        let most = i64::try_from(self.per_user).unwrap_or(i64::MAX);
        let gone = login_sources::remember(db, user, &key, (now.0, oldest), most).await?;
        self.write(|seen| {
            seen.insert(key, now.0);
            for key in &gone {
                seen.remove(key);
            }
        });
        Ok(known.is_none())
    }

    /// Removes entries from memory after the transaction of a new password has deleted them.
    pub(crate) fn forget(&self, deleted: &DeletedSources) {
        self.write(|seen| {
            for key in &deleted.0 {
                seen.remove(key);
            }
        });
    }
}
