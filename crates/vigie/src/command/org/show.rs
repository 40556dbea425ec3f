//! `account org`.

use super::OrgListing;
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Show an organization
#[derive(Debug, Args)]
pub(crate) struct OrgArgs {
    /// Name of the organization
    #[arg(add = Named::Orgs)]
    name: String,
    /// Region, in place of the targeted one
    #[arg(short, long, value_name = "REGION", add = Named::Regions)]
    region: Option<String>,
    /// Print the GUID only; as JSON, a text
    #[arg(long)]
    guid: bool,
}

/// Shows one organization.
pub(crate) fn run(args: &OrgArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.region_named(args.region.as_deref())?;
    if !args.guid {
        output.action(format!(
            "Getting org {} in region '{region}' as {}...",
            args.name,
            context.user()
        ))?;
    }
    let org = OrgListing::of(context.org_named(&args.name, &region)?, &region, context);
    if args.guid {
        return match output.is_json() {
            true => output.json(&org.org_guid),
            false => output.line(&org.org_guid),
        };
    }
    output.ok()?;
    let pairs = [
        ("GUID:", org.org_guid.clone()),
        ("Name:", org.org_name.clone()),
        ("Region:", org.region.clone()),
        ("Account owner:", org.account_owner.clone()),
        ("Account ID:", org.account_guid.clone()),
        ("Status:", org.status.clone()),
    ];
    output.details(&org, &pairs)
}
