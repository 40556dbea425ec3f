//! `account deleted`.

use super::all;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use wire::cf::deleted::DeletedEntity;

/// Lists what was deleted and can be brought back.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Getting what was deleted as {}...", context.user()))?;
    let all = all(context)?;
    output.ok()?;
    output.rows(&all, "Nothing was deleted that can be brought back.")
}

impl Row for DeletedEntity {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Kind", |deleted| deleted.kind.clone()),
        Column::new("Name", |deleted| deleted.name.clone()),
        Column::new("GUID", |deleted| deleted.guid.clone()),
        Column::new("Metrics go", |deleted| deleted.removed_at.clone()),
    ];
}
