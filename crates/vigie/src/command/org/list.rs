//! `account orgs`.

use super::OrgListing;
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use clap::Args;

/// List organizations
#[derive(Debug, Args)]
pub(crate) struct OrgsArgs {
    /// Only this region, in place of the targeted one
    #[arg(short, long, value_name = "REGION", add = Named::Regions)]
    region: Option<String>,
    /// Show GUIDs
    #[arg(long)]
    guid: bool,
}

/// Lists organizations.
pub(crate) fn run(args: &OrgsArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.region_named(args.region.as_deref())?;
    output.action(format!(
        "Getting orgs in region '{region}' as {}...",
        context.user()
    ))?;
    output.action("Retrieving current account...")?;
    let orgs: Vec<OrgListing> = context
        .orgs(&region)?
        .into_iter()
        .map(|org| OrgListing::of(org, &region, context))
        .collect();
    output.ok()?;
    output.list(&orgs, args.guid, "No organizations were found.")?;
    if orgs.is_empty() {
        output.note(escaped!("hint: {}", context.no_role()));
    }
    Ok(())
}
