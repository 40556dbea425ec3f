//! The table `counters`: consecutive numbers. A transaction that takes one locks its counter until it ends.

use crate::error::IamError;
use db::{Db, Row, Tx};

/// A counter.
fn counter(row: Option<Row>) -> Result<i64, IamError> {
    let row = row.ok_or_else(|| IamError::Stored {
        value: "nothing".to_owned(),
        expected: "a counter",
    })?;
    Ok(row.int("value")?)
}

/// The number of changes.
pub(crate) async fn changes(db: &Db) -> Result<i64, IamError> {
    let row = db
        .one("SELECT value FROM counters WHERE name = 'changes'", &[])
        .await?;
    counter(row)
}

const CHANGES_AND_ENDS: &str = "SELECT name, value FROM counters WHERE name IN ('changes', 'ends')";

/// The numbers of changes and of ended sessions.
pub(crate) async fn changes_and_ends(db: &Db) -> Result<(i64, i64), IamError> {
    read_changes_and_ends(&db.all(CHANGES_AND_ENDS, &[]).await?)
}

/// The numbers of changes and of ended sessions that a transaction sees.
pub(crate) async fn changes_and_ends_seen(tx: &mut Tx) -> Result<(i64, i64), IamError> {
    read_changes_and_ends(&tx.all(CHANGES_AND_ENDS, &[]).await?)
}

fn read_changes_and_ends(rows: &[Row]) -> Result<(i64, i64), IamError> {
    let mut found = (0, 0);
    for row in rows {
        let value = row.int("value")?;
        if row.text("name")? == "changes" {
            found.0 = value;
        } else {
            found.1 = value;
        }
    }
    Ok(found)
}

/// The number of changes made, and the number up to which they were deleted.
pub(super) async fn made_and_dropped(tx: &mut Tx) -> Result<(i64, i64), IamError> {
    let sql = "SELECT name, value FROM counters WHERE name IN ('changes', 'changes_dropped')";
    let mut rows = tx.all(sql, &[]).await?;
    let mut value = |name: &str| {
        let is_it = |row: &Row| row.text("name").is_ok_and(|found| found == name);
        let at = rows.iter().position(is_it);
        counter(at.map(|at| rows.swap_remove(at)))
    };
    Ok((value("changes")?, value("changes_dropped")?))
}

/// Records that the changes up to a number are deleted.
pub(super) async fn drop_changes(tx: &mut Tx, last: i64) -> Result<(), IamError> {
    let sql = "UPDATE counters SET value = $1 WHERE name = 'changes_dropped' AND value < $1";
    tx.execute(sql, &[last.into()]).await?;
    Ok(())
}

/// The number for an end of sessions.
pub(crate) async fn next_end(tx: &mut Tx) -> Result<i64, IamError> {
    let sql = "UPDATE counters SET value = value + 1 WHERE name = 'ends' RETURNING value";
    counter(tx.one(sql, &[]).await?)
}

/// The number for a change.
pub(crate) async fn next_change(tx: &mut Tx) -> Result<i64, IamError> {
    let sql = "UPDATE counters SET value = value + 1 WHERE name = 'changes' RETURNING value";
    counter(tx.one(sql, &[]).await?)
}

/// The number of this identity, which is `new` if it has none yet.
pub(crate) async fn identity_number(tx: &mut Tx, new: i64) -> Result<i64, IamError> {
    let sql = "INSERT INTO counters (name, value) VALUES ('identity', $1) ON CONFLICT DO NOTHING";
    tx.execute(sql, &[new.into()]).await?;
    let sql = "SELECT value FROM counters WHERE name = 'identity'";
    counter(tx.one(sql, &[]).await?)
}

/// Takes this many numbers for audit entries; returns the last.
pub(crate) async fn next_entries(tx: &mut Tx, amount: i64) -> Result<i64, IamError> {
    let sql = "UPDATE counters SET value = value + $1 WHERE name = 'audit' RETURNING value";
    counter(tx.one(sql, &[amount.into()]).await?)
}

/// Writes a little, to find out whether the disk has room. SQLite does not write an unchanged page, so this counts as a
/// change; that the directory is read once more does no harm.
pub(crate) async fn touch(tx: &mut Tx) -> Result<(), IamError> {
    next_change(tx).await.map(drop)
}

/// Blocks the numbering of changes until the transaction ends.
pub(crate) async fn lock_changes(tx: &mut Tx) -> Result<(), IamError> {
    let sql = "UPDATE counters SET value = value WHERE name = 'changes'";
    tx.execute(sql, &[]).await?;
    Ok(())
}

/// Blocks the deletion of other accounts until the transaction ends.
pub(crate) async fn lock_account_deletions(tx: &mut Tx) -> Result<(), IamError> {
    let sql = "UPDATE counters SET value = value WHERE name = 'account_deletions'";
    tx.execute(sql, &[]).await?;
    Ok(())
}
