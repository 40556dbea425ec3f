//! `account spaces`.

use super::SpaceListing;
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use clap::Args;

/// List the spaces of an organization
#[derive(Debug, Args)]
pub(crate) struct SpacesArgs {
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
    /// Region of the organization, in place of the targeted one
    #[arg(short, long, value_name = "REGION", add = Named::Regions)]
    region: Option<String>,
    /// Show GUIDs
    #[arg(long)]
    guid: bool,
}

/// Lists spaces.
pub(crate) fn run(args: &SpacesArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.region_named(args.region.as_deref())?;
    let org = context.resolve_org_in(&region, args.org.as_deref())?;
    output.action(format!(
        "Getting spaces under organization {} in region {region} as {}...",
        org.name,
        context.user()
    ))?;
    let spaces: Vec<SpaceListing> = context
        .spaces(&org.guid)?
        .into_iter()
        .map(|space| SpaceListing::of(space, &org))
        .collect();
    output.ok()?;
    output.list(&spaces, args.guid, "No spaces were found.")?;
    if spaces.is_empty() {
        output.note(escaped!("hint: {}", context.no_space(&org)));
    }
    Ok(())
}
