//! Where each person was let in with his password within the last thirty days: there a right password is always looked at,
//! whatever others guess from the same place.
//!
//! Kept in the database, so that a restart does not forget it, and in memory, so that asking costs nothing and the same for
//! names nobody has. What is stored is a keyed hash of person and source. Other nodes learn of it within a minute; that a new
//! password ends it they learn from the directory, as of every change, within a second: what was remembered before the
//! password was set counts nowhere, whoever has not forgotten it yet.

#![expect(
    clippy::disallowed_methods,
    reason = "where people are let in is remembered, and changes nothing for anybody"
)]

use crate::entropy;
use crate::error::IamError;
use base::id::UserId;
use base::source::SourceKey;
use base::time::Millis;
use db::{Db, Row, Tx, Value};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How long it is remembered.
const REMEMBERED_MILLISECONDS: i64 = 30 * 86_400_000;

/// A login renews the memory when it is older than this: a write a day.
const RENEWED_MILLISECONDS: i64 = 86_400_000;

/// How far back other nodes' entries are looked for: their clocks, and a reading that failed.
const OVERLAP_MILLISECONDS: i64 = 10 * 60_000;

type Key = [u8; 16];

/// The places.
#[derive(Debug)]
pub(crate) struct Familiar {
    secret: Vec<u8>,
    seen: RwLock<HashMap<Key, i64>>,
    per_user: usize,
}

fn key_of(row: &Row) -> Result<Key, IamError> {
    let bytes = row.blob_or_none("hash")?.unwrap_or_default();
    bytes.try_into().map_err(|bytes: Vec<u8>| IamError::Stored {
        value: format!("a hash of {} bytes", bytes.len()),
        expected: "one of 16",
    })
}

impl Familiar {
    /// Reads what is remembered; the key of the hashes is made once for all nodes.
    pub(crate) async fn load(db: &Db, now: Millis, per_user: usize) -> Result<Self, IamError> {
        let insert =
            "INSERT INTO login_secret (name, value) VALUES ('sources', $1) ON CONFLICT DO NOTHING";
        let find = "SELECT value FROM login_secret WHERE name = 'sources'";
        let mut row = db.one(find, &[]).await?;
        if row.is_none() {
            let fresh = Value::from(&entropy::bytes::<32>()[..]);
            db.execute(insert, &[fresh]).await?;
            row = db.one(find, &[]).await?;
        }
        let secret = match row {
            Some(row) => row.blob_or_none("value")?.unwrap_or_default(),
            None => return Err(IamError::Crypto("keep the key of login sources")),
        };
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
        let sql = "SELECT hash, seen_at FROM login_sources WHERE seen_at > $1";
        let mut found = Vec::new();
        for row in db.all(sql, &[since.into()]).await? {
            found.push((key_of(&row)?, row.int("seen_at")?));
        }
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
        let person = Value::from(user.0.to_string());
        let sql = "INSERT INTO login_sources (hash, person, seen_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (hash) DO UPDATE SET seen_at = excluded.seen_at";
        db.execute(sql, &[Value::from(&key[..]), person.clone(), now.0.into()])
            .await?;
        let sql = "DELETE FROM login_sources WHERE seen_at <= $1";
        db.execute(sql, &[oldest.into()]).await?;
        let most = i64::try_from(self.per_user).unwrap_or(i64::MAX);
        let sql = "DELETE FROM login_sources WHERE person = $1 AND hash NOT IN \
                   (SELECT hash FROM login_sources WHERE person = $1 ORDER BY seen_at DESC, hash LIMIT $2) \
                   RETURNING hash";
        let mut gone = Vec::new();
        for row in db.all(sql, &[person, most.into()]).await? {
            gone.push(key_of(&row)?);
        }
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

/// Where a person was let in, as the transaction of a new password has taken it away.
#[derive(Debug)]
pub(crate) struct Places(Vec<Key>);

/// A new password: who knew the old one begins anew wherever the person was let in with it. Part of the change itself, so that
/// one that is committed is never said to have failed.
pub(crate) async fn forget(tx: &mut Tx, user: UserId) -> Result<Places, IamError> {
    let sql = "DELETE FROM login_sources WHERE person = $1 RETURNING hash";
    let rows = tx.all(sql, &[user.0.to_string().into()]).await?;
    Ok(Places(rows.iter().map(key_of).collect::<Result<_, _>>()?))
}
