//! `regions`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::printable;

/// Lists the regions of the server.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action("Listing regions...\n")?;
    let regions = context.regions()?;
    if output.is_json() {
        return output.json(&regions);
    }
    if regions.is_empty() {
        return output.say("No regions found.");
    }
    let rows: Vec<Vec<String>> = regions
        .iter()
        .map(|region| vec![printable(&region.name), printable(&region.display_name)])
        .collect();
    output.table(&["Name", "Display name"], &rows)
}
