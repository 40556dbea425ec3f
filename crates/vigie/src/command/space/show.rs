//! `account space`.

use super::SpaceListing;
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Show a space
#[derive(Debug, Args)]
pub(crate) struct SpaceArgs {
    /// Name of the space
    #[arg(add = Named::Spaces)]
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
    /// Print the GUID only; as JSON, a text
    #[arg(long)]
    guid: bool,
}

/// Shows one space.
pub(crate) fn run(args: &SpaceArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.resolve_org(args.org.as_deref())?;
    if !args.guid {
        output.action(format!(
            "Getting space {} in org {} as {}...",
            args.name,
            org.name,
            context.user()
        ))?;
    }
    let space = SpaceListing::of(context.space_named(&org, &args.name)?, &org);
    if args.guid {
        return match output.is_json() {
            true => output.json(&space.space_guid),
            false => output.line(&space.space_guid),
        };
    }
    output.ok()?;
    let pairs = [
        ("GUID:", space.space_guid.clone()),
        ("Name:", space.space_name.clone()),
        ("Org:", space.org_name.clone()),
        ("Org GUID:", space.org_guid.clone()),
    ];
    output.details(&space, &pairs)
}
