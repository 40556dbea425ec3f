//! The table `reports`: reports about the identities of an account.

use super::column::{at, parse, parse_guid};
use crate::error::IamError;
use crate::model::report::{ReportEntry, ReportKind, StoredReport};
use base::id::{AccountId, Guid};
use base::time::Millis;
use db::{Db, Row, Tx};

fn read(row: &Row) -> Result<StoredReport, IamError> {
    Ok(StoredReport {
        reference: parse_guid(row, "reference")?,
        created_at: at(row, "created_at")?,
        created_by: parse(row, "created_by", "an IAM id")?,
        detail: row.int("detail")?,
        entries: row.text("entries")?,
    })
}

/// The entries in their column.
pub(crate) fn written(entries: &[ReportEntry]) -> String {
    let all: Vec<serde_json::Value> = entries
        .iter()
        .map(|(id, last)| serde_json::json!([id, last]))
        .collect();
    serde_json::Value::from(all).to_string()
}

/// Decodes the entries of a report.
pub(crate) fn entries(report: &StoredReport) -> Result<Vec<ReportEntry>, IamError> {
    serde_json::from_str(&report.entries).map_err(|_| IamError::Stored {
        value: report.reference.to_string(),
        expected: "a report with its entries",
    })
}

/// The report with this reference, or the latest of the kind, unless it is older: it may be stored until the next one is made.
pub(crate) async fn find(
    db: &Db,
    account: AccountId,
    kind: ReportKind,
    older: Millis,
    reference: Option<Guid>,
) -> Result<Option<StoredReport>, IamError> {
    let sql = "SELECT reference, created_at, created_by, detail, entries FROM reports \
               WHERE account = $1 AND kind = $2 AND created_at > $3 AND ($4 = '' OR reference = $4) \
               ORDER BY created_at DESC, reference LIMIT 1";
    let reference = reference.map_or_else(String::new, |reference| reference.to_string());
    let values = [
        account.to_string().into(),
        kind.name().into(),
        older.0.into(),
        reference.into(),
    ];
    db.one(sql, &values).await?.as_ref().map(read).transpose()
}

/// Stores a new one.
pub(crate) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    kind: ReportKind,
    new: &StoredReport,
) -> Result<(), IamError> {
    let sql = "INSERT INTO reports (reference, account, kind, created_at, created_by, detail, entries) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        new.reference.to_string().into(),
        account.to_string().into(),
        kind.name().into(),
        new.created_at.0.into(),
        new.created_by.to_string().into(),
        new.detail.into(),
        new.entries.as_str().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the reports of a kind that are older, and all but the newest.
pub(crate) async fn sweep(
    tx: &mut Tx,
    account: AccountId,
    kind: ReportKind,
    older: Millis,
    kept: i64,
) -> Result<(), IamError> {
    let sql = "DELETE FROM reports WHERE account = $1 AND kind = $2 AND (created_at <= $3 OR reference NOT IN \
               (SELECT reference FROM reports WHERE account = $1 AND kind = $2 ORDER BY created_at DESC, reference LIMIT $4))";
    let values = [
        account.to_string().into(),
        kind.name().into(),
        older.0.into(),
        kept.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes the reports of an account.
pub(crate) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "DELETE FROM reports WHERE account = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}
