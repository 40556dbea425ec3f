//! How a table's rows for the directory are read: all of them, or those of one id.

use crate::error::IamError;
use db::{Row, Tx, Value};

/// The two statements.
pub(super) struct Selection {
    pub(super) all: &'static str,
    pub(super) of_id: &'static str,
}

/// Makes a [`Selection`] of a `SELECT` without conditions and the column of the id.
macro_rules! selection {
    ($select:literal, $key:literal) => {
        $crate::repo::selection::Selection {
            all: $select,
            of_id: concat!($select, " WHERE ", $key, " = $1"),
        }
    };
}

pub(super) use selection;

impl Selection {
    /// All rows.
    pub(super) async fn all(&self, tx: &mut Tx) -> Result<Vec<Row>, IamError> {
        Ok(tx.all(self.all, &[]).await?)
    }

    /// The rows of this id.
    pub(super) async fn of(&self, tx: &mut Tx, id: String) -> Result<Vec<Row>, IamError> {
        Ok(tx.all(self.of_id, &[Value::from(id)]).await?)
    }
}
