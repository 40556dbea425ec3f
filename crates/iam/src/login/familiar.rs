//! Where each person was let in with his password within the last thirty days: there a right password is always looked at,
//! whatever others guess from the same place.
//!
//! Kept in the database, so that a restart does not forget it, and in memory, so that asking costs nothing and the same for
//! names nobody has. What is stored is a keyed hash of person and source. Other nodes learn of it within a minute; that a new
//! password ends it they learn from the directory, as of every change, within a second: what was remembered before the
//! password was set counts nowhere, whoever has not forgotten it yet.

use crate::entropy;
use crate::error::IamError;
use crate::repo::login_sources::{self, Key, Places};
use base::id::UserId;
use base::source::SourceKey;
use base::time::Millis;
use db::Db;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How long it is remembered.
const REMEMBERED_MILLISECONDS: i64 = 30 * 86_400_000;

/// A login renews the memory when it is older than this: a write a day.
const RENEWED_MILLISECONDS: i64 = 86_400_000;

/// How far back other nodes' entries are looked for: their clocks, and a reading that failed.
const OVERLAP_MILLISECONDS: i64 = 10 * 60_000;

/// The places.
#[derive(Debug)]
pub(crate) struct Familiar {
    secret: Vec<u8>,
    seen: RwLock<HashMap<Key, i64>>,
    per_user: usize,
}

impl Familiar {
    /// Reads what is remembered; the key of the hashes is made once for all nodes.
    pub(crate) async fn load(db: &Db, now: Millis, per_user: usize) -> Result<Self, IamError> {
        let secret = login_sources::secret(db).await?;
        let familiar = Self {
            secret,
            seen: RwLock::default(),
            per_user,
        };
        familiar
            .read(db, now.0.saturating_sub(REMEMBERED_MILLISECONDS))
            .await?;
        Ok(familiar)
    }

    /// Takes in what other nodes have written.
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

    /// Whether the person was let in from there, with a password that was set at `set_at` and is his now.
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

    /// The person was let in from there, with a password that was set at `set_at`. `true` when it is news.
    pub(crate) async fn remember(
        &self,
        db: &Db,
        (user, set_at): (UserId, Millis),
        source: SourceKey,
        now: Millis,
    ) -> Result<bool, IamError> {
        // After the password was set, though this node's clock is behind that of the node on which it was.
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

    /// Takes out of memory what the transaction of a new password has taken away, once that is committed.
    pub(crate) fn forget(&self, places: &Places) {
        self.write(|seen| {
            for key in &places.0 {
                seen.remove(key);
            }
        });
    }
}
