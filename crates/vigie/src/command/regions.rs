//! `regions`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use wire::cf::region::Region;

/// Lists the regions of the server.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action("Listing regions...\n")?;
    let regions = context.regions()?;
    output.rows(&regions, "No regions found.")
}

impl Row for Region {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", |region| region.name.clone()),
        Column::new("Display name", |region| region.display_name.clone()),
    ];
}
