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

/// The latest change that every node has had time to read, if there are enough of them to be deleted.
pub(crate) async fn last_to_drop(db: &Db) -> Result<Option<i64>, IamError> {
    let mut tx = db.snapshot().await?;
    let (made, dropped) = counters::made_and_dropped(&mut tx).await?;
    tx.end().await?;
    let last = made.saturating_sub(NUMBERS_KEPT);
    Ok((last.saturating_sub(dropped) >= NUMBERS_OVER).then_some(last))
}

/// Deletes the oldest `rows` changes up to `last`; whether there may be more. All of a number go at once, as one transaction wrote
/// them. Whoever reads the log sees both the deletion and the counter that tells of it, or neither.
#[expect(
    clippy::disallowed_methods,
    reason = "no change: what the log has told all nodes of goes"
)]
pub(crate) async fn drop_oldest(db: &Db, last: i64, rows: i64) -> Result<bool, IamError> {
    // Before the transaction, which then only writes: another node may delete the same meanwhile.
    let sql =
        "SELECT sequence FROM changes WHERE sequence <= $1 ORDER BY sequence LIMIT 1 OFFSET $2";
    let before_it = rows.saturating_sub(1);
    let reached = match db.one(sql, &[last.into(), before_it.into()]).await? {
        Some(row) => row.int("sequence")?,
        None => last,
    };
    let mut tx = db.begin().await?;
    let sql = "DELETE FROM changes WHERE sequence <= $1";
    tx.execute(sql, &[reached.into()]).await?;
    // Last, so that the counter is locked for no longer than the commit takes.
    counters::drop_changes(&mut tx, reached).await?;
    tx.commit().await?;
    Ok(reached < last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number up to which changes are deleted, and the numbers of the rows.
    async fn kept(db: &Db) -> (i64, Vec<i64>) {
        let mut look = db.snapshot().await.unwrap();
        let (_, dropped) = counters::made_and_dropped(&mut look).await.unwrap();
        let sql = "SELECT sequence FROM changes WHERE sequence IS NOT NULL ORDER BY sequence";
        let rows = look.all(sql, &[]).await.unwrap();
        look.end().await.unwrap();
        let numbers = rows.iter().map(|row| row.int("sequence").unwrap());
        (dropped, numbers.collect())
    }

    #[tokio::test]
    async fn the_oldest_go_a_few_at_a_time_and_those_of_a_number_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for number in [1_i64, 2, 3, 3, 3, 4, 5, 6] {
            let sql = "INSERT INTO changes (sequence, kind, id) VALUES ($1, 'test', 'test')";
            tx.execute(sql, &[number.into()]).await.unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "the log of no service")]
        tx.commit().await.unwrap();

        assert!(drop_oldest(&db, 5, 2).await.unwrap());
        assert_eq!(kept(&db).await, (2, vec![3, 3, 3, 4, 5, 6]));
        assert!(drop_oldest(&db, 5, 2).await.unwrap());
        assert_eq!(kept(&db).await, (3, vec![4, 5, 6]));
        assert!(!drop_oldest(&db, 5, 2).await.unwrap());
        assert_eq!(kept(&db).await, (5, vec![6]));
        // A node that comes late takes nothing back.
        assert!(!drop_oldest(&db, 4, 2).await.unwrap());
        assert_eq!(kept(&db).await, (5, vec![6]));
    }
}
