//! The table `changes`, the change log: what was changed, numbered in commit order. Database triggers write it in the
//! transaction of the change; the number is given when the transaction ends, so that no reader sees a higher one before a
//! lower one.

use super::counters;
use crate::error::IamError;
use crate::model::directory::change::{Change, Changed};
use base::scope::Domain;
use db::{Db, Tx, Value};

/// Beyond this many changes at once everything is read again: one statement for each of them would take longer.
const CHANGES_MAX: usize = 2000;

/// The number of changes that are kept. A node that was away for longer reads everything again.
const NUMBERS_KEPT: i64 = 20_000;

/// This many more accumulate before some are deleted, so that not every check deletes.
const NUMBERS_OVER: i64 = 5_000;

/// The changes since a node's last read.
#[derive(Debug)]
pub(crate) enum ChangesSince {
    /// Nothing.
    None,
    /// These changes, up to that number.
    Some(i64, Changed),
    /// More than the log holds; the total number of changes.
    Everything(i64),
}

/// Numbers the transaction's change; `None` if it changed nothing. Until the transaction ends, other changes wait here.
pub(crate) async fn number(tx: &mut Tx) -> Result<Option<i64>, IamError> {
    let any = "SELECT kind FROM changes WHERE sequence IS NULL LIMIT 1";
    if tx.one(any, &[]).await?.is_none() {
        return Ok(None);
    }
    let number = counters::next_change(tx).await?;
    let sql = "UPDATE changes SET sequence = $1 WHERE sequence IS NULL";
    tx.execute(sql, &[number.into()]).await?;
    Ok(Some(number))
}

/// The changes after number `seen`.
pub(crate) async fn since(tx: &mut Tx, seen: i64) -> Result<ChangesSince, IamError> {
    let (made, dropped) = counters::made_and_dropped(tx).await?;
    if made == seen {
        return Ok(ChangesSince::None);
    }
    // Fewer than known: the database was replaced by an older copy.
    if made < seen || seen < dropped {
        return Ok(ChangesSince::Everything(made));
    }
    let sql =
        "SELECT DISTINCT kind, id FROM changes WHERE sequence > $1 AND sequence <= $2 LIMIT $3";
    let most = i64::try_from(CHANGES_MAX).unwrap_or(i64::MAX);
    let values = [
        Value::from(seen),
        made.into(),
        most.saturating_add(1).into(),
    ];
    let rows = tx.all(sql, &values).await?;
    if rows.len() > CHANGES_MAX {
        return Ok(ChangesSince::Everything(made));
    }
    let mut changed = Changed::default();
    for row in &rows {
        let change = Change::parse(&row.text("kind")?, &row.text("id")?);
        // An account is deleted and restored with everything in it, but the rows of its contents do not change.
        if let Some(Change::Deletion(Domain::Account(_))) = change {
            return Ok(ChangesSince::Everything(made));
        }
        if let Some(change) = change {
            changed.add(change);
        }
    }
    Ok(ChangesSince::Some(made, changed))
}

/// Deletes changes that every node has had time to read.
#[expect(
    clippy::disallowed_methods,
    reason = "no change: what the log has told all nodes of goes"
)]
pub(crate) async fn drop_old(db: &Db) -> Result<(), IamError> {
    let mut look = db.snapshot().await?;
    let (made, dropped) = counters::made_and_dropped(&mut look).await?;
    look.end().await?;
    let last = made.saturating_sub(NUMBERS_KEPT);
    if last.saturating_sub(dropped) < NUMBERS_OVER {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    counters::drop_changes(&mut tx, last).await?;
    tx.execute("DELETE FROM changes WHERE sequence <= $1", &[last.into()])
        .await?;
    Ok(tx.commit().await?)
}
