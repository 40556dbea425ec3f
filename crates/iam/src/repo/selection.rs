//! How a table's rows for the directory are read: all of them, or those of some ids.

use crate::error::IamError;
use db::{Row, Tx, Value};

/// The ids of one statement. Both databases take more parameters (SQLite 32 766, PostgreSQL 65 535), but a short statement stays in
/// the cache of prepared ones, and its answer is a page that leaves room for others.
pub(super) const IDS_PER_STATEMENT: usize = 50;

/// The statements.
pub(super) struct Selection {
    pub(super) all: &'static str,
    pub(super) by_ids: ByIds,
}

/// The statements for some ids.
pub(super) struct ByIds {
    pub(super) one: &'static str,
    /// Takes [`IDS_PER_STATEMENT`] ids.
    pub(super) some: &'static str,
}

/// The parameters of [`IDS_PER_STATEMENT`] ids.
macro_rules! ids {
    () => {
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, \
         $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50)"
    };
}

/// Makes a [`Selection`] of a `SELECT` without conditions and the column of the id.
macro_rules! selection {
    ($select:literal, $key:literal) => {
        $crate::repo::selection::Selection {
            all: $select,
            by_ids: $crate::repo::selection::ByIds {
                one: concat!($select, " WHERE ", $key, " = $1"),
                some: concat!(
                    $select,
                    " WHERE ",
                    $key,
                    " IN ",
                    $crate::repo::selection::ids!()
                ),
            },
        }
    };
}

pub(super) use {ids, selection};

impl Selection {
    /// All rows.
    pub(super) async fn all(&self, tx: &mut Tx) -> Result<Vec<Row>, IamError> {
        Ok(tx.all(self.all, &[]).await?)
    }

    /// The rows of these ids.
    pub(super) async fn of(&self, tx: &mut Tx, ids: &[String]) -> Result<Vec<Row>, IamError> {
        let mut rows = Vec::new();
        for page in ids.chunks(IDS_PER_STATEMENT) {
            rows.extend(self.by_ids.page(tx, page).await?);
        }
        Ok(rows)
    }
}

impl ByIds {
    /// The rows of at most [`IDS_PER_STATEMENT`] ids, by one statement.
    pub(super) async fn page(&self, tx: &mut Tx, ids: &[String]) -> Result<Vec<Row>, IamError> {
        let rows = match ids {
            [] => Vec::new(),
            [id] => tx.all(self.one, &[id.as_str().into()]).await?,
            [.., last] => tx.all(self.some, &padded(ids, last)).await?,
        };
        Ok(rows)
    }
}

/// The ids as the parameters of the one statement for some: a repeated id finds no row twice.
fn padded(ids: &[String], last: &str) -> Vec<Value> {
    let ids = ids.iter().map(String::as_str);
    let ids = ids.chain(std::iter::repeat(last));
    ids.take(IDS_PER_STATEMENT).map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Selection = selection!("SELECT name FROM counters", "name");

    #[test]
    fn the_statement_for_some_has_a_parameter_for_each() {
        let sql = NAMES.by_ids.some;
        assert_eq!(sql.matches('$').count(), IDS_PER_STATEMENT);
        let last = format!("${IDS_PER_STATEMENT})");
        assert!(sql.ends_with(&last), "{sql}");
    }

    #[tokio::test]
    async fn the_rows_of_any_number_of_ids_are_read_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let db = db::Db::open(&file.to_string_lossy()).await.unwrap();
        let mut tx = db.snapshot().await.unwrap();
        let known = ["audit", "changes", "ends"].map(str::to_owned);
        for others in [0, 1, 46, 47, 48, 200] {
            let mut ids: Vec<String> = (0..others).map(|number| format!("x{number}")).collect();
            ids.extend(known.clone());
            let rows = NAMES.of(&mut tx, &ids).await.unwrap();
            assert_eq!(rows.len(), known.len(), "{others}");
        }
        assert!(NAMES.of(&mut tx, &[]).await.unwrap().is_empty());
        assert_eq!(NAMES.of(&mut tx, &known[..1]).await.unwrap().len(), 1);
        tx.end().await.unwrap();
    }
}
