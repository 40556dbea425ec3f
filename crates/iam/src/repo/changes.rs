//! The table `changes`, the change log: what was changed, numbered in commit order. Database triggers write it in the
//! transaction of the change; the number is given when the transaction ends, so that no reader sees a higher one before a
//! lower one.

use super::{account_contents, counters};
use crate::blocking::run_blocking;
use crate::error::IamError;
use crate::model::directory::change::{Change, Changed};
use base::id::AccountId;
use base::scope::Domain;
use db::{Db, Row, Tx, Value};

/// Beyond this many changes at once everything is read again: their statements, and their rows beside the old ones, would cost as
/// much.
const CHANGES_MAX: usize = 50_000;

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
    let values = [Value::from(seen), made.into(), more_than(CHANGES_MAX)];
    let rows = tx.all(sql, &values).await?;
    if rows.len() > CHANGES_MAX {
        return Ok(ChangesSince::Everything(made));
    }
    let mut changed = add(Changed::default(), rows).await?;
    // An account is deleted and restored with everything in it, but the rows of its contents do not change.
    for account in deleted_accounts(&changed) {
        let room = CHANGES_MAX.saturating_sub(changed.len());
        let Some(contents) = account_contents::of(tx, account, room).await? else {
            return Ok(ChangesSince::Everything(made));
        };
        changed = add(changed, contents).await?;
    }
    Ok(ChangesSince::Some(made, changed))
}

/// The limit of a statement that tells whether there are more rows than that.
fn more_than(rows: usize) -> Value {
    let most = i64::try_from(rows).unwrap_or(i64::MAX);
    most.saturating_add(1).into()
}

/// Adds the changes of these rows, away from the reactor threads.
async fn add(mut changed: Changed, rows: Vec<Row>) -> Result<Changed, IamError> {
    run_blocking(move || {
        for row in &rows {
            if let Some(change) = Change::parse(&row.text("kind")?, &row.text("id")?) {
                changed.add(change);
            }
        }
        Ok(changed)
    })
    .await
}

/// The accounts that were deleted or restored, or are being removed.
fn deleted_accounts(changed: &Changed) -> Vec<AccountId> {
    let all = changed.iter().filter_map(|change| match change {
        Change::Deletion(Domain::Account(account)) => Some(*account),
        _ => None,
    });
    all.collect()
}

/// Deletes changes that every node has had time to read.
#[expect(
    clippy::disallowed_methods,
    reason = "no change: what the log has told all nodes of goes"
)]
pub(crate) async fn drop_old(db: &Db) -> Result<(), IamError> {
    let mut tx = db.snapshot().await?;
    let (made, dropped) = counters::made_and_dropped(&mut tx).await?;
    tx.end().await?;
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
