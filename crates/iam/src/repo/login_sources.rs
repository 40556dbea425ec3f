//! The table `login_sources`: keyed hashes of the sources of each user's logins.

#![expect(
    clippy::disallowed_methods,
    reason = "where people are let in is remembered, and changes nothing for anybody"
)]

use crate::error::IamError;
use base::id::UserId;
use db::{Db, Row, Tx, Value};

/// A hash of user and source.
pub(crate) type Key = [u8; 16];

/// The user's sources, as the transaction of a new password has deleted them.
#[derive(Debug)]
pub(crate) struct DeletedSources(pub(crate) Vec<Key>);

/// Deletes the user's sources after a new password: somebody who knew the old one gets no advantage from their earlier
/// logins. It is part of the change itself, so that a committed change is never reported as failed.
pub(crate) async fn forget(tx: &mut Tx, user: UserId) -> Result<DeletedSources, IamError> {
    let sql = "DELETE FROM login_sources WHERE user_id = $1 RETURNING hash";
    let rows = tx.all(sql, &[user.0.to_string().into()]).await?;
    Ok(DeletedSources(
        rows.iter().map(key_of).collect::<Result<_, _>>()?,
    ))
}

fn key_of(row: &Row) -> Result<Key, IamError> {
    let bytes = row.blob_or_none("hash")?.unwrap_or_default();
    bytes.try_into().map_err(|bytes: Vec<u8>| IamError::Stored {
        value: format!("a hash of {} bytes", bytes.len()),
        expected: "one of 16",
    })
}

/// The entries since then.
pub(crate) async fn since(db: &Db, since: i64) -> Result<Vec<(Key, i64)>, IamError> {
    let sql = "SELECT hash, seen_at FROM login_sources WHERE seen_at > $1";
    let mut found = Vec::new();
    for row in db.all(sql, &[since.into()]).await? {
        found.push((key_of(&row)?, row.int("seen_at")?));
    }
    Ok(found)
}

/// Records a source of a user; deletes entries older than `oldest`, and the user's oldest ones beyond the limit.
/// Returns the user's deleted entries.
pub(crate) async fn remember(
    db: &Db,
    user: UserId,
    key: &Key,
    (now, oldest): (i64, i64),
    most: i64,
) -> Result<Vec<Key>, IamError> {
    let person = Value::from(user.0.to_string());
    let sql = "INSERT INTO login_sources (hash, user_id, seen_at) VALUES ($1, $2, $3) \
               ON CONFLICT (hash) DO UPDATE SET seen_at = excluded.seen_at";
    db.execute(sql, &[Value::from(&key[..]), person.clone(), now.into()])
        .await?;
    let sql = "DELETE FROM login_sources WHERE seen_at <= $1";
    db.execute(sql, &[oldest.into()]).await?;
    let sql = "DELETE FROM login_sources WHERE user_id = $1 AND hash NOT IN \
               (SELECT hash FROM login_sources WHERE user_id = $1 ORDER BY seen_at DESC, hash LIMIT $2) \
               RETURNING hash";
    let rows = db.all(sql, &[person, most.into()]).await?;
    rows.iter().map(key_of).collect()
}
