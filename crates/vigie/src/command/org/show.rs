//! `account org`.

use super::{OrgListing, region};
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::output::printable;
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
    let region = region(args.region.as_deref(), context);
    if !args.guid {
        output.action(format!(
            "Getting org {} in region '{region}' as {}...",
            args.name,
            context.user()
        ))?;
    }
    let org = OrgListing::of(context.org_named(&args.name, &region)?, &region, context);
    if output.is_json() {
        return match args.guid {
            true => output.json(&org.org_guid),
            false => output.json(&org),
        };
    }
    if args.guid {
        return output.line(printable(&org.org_guid));
    }
    output.ok()?;
    output.pairs(&[
        ("GUID:", org.org_guid),
        ("Name:", printable(&org.org_name)),
        ("Region:", org.region),
        ("Account owner:", org.account_owner),
        ("Account ID:", org.account_guid),
        ("Status:", org.status),
    ])
}
