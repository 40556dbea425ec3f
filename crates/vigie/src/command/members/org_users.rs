//! `account org-users`.

use super::{ORG_ROLES, of_org, policies, show};
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use clap::Args;

/// List who holds which role in an organization
#[derive(Debug, Args)]
pub(crate) struct OrgUsersArgs {
    /// Name of the organization
    #[arg(add = Named::Orgs)]
    name: String,
    /// Include users without a role other than OrgUser
    #[arg(short, long)]
    all: bool,
    /// Region, in place of the targeted one
    #[arg(short, long, value_name = "REGION", add = Named::Regions)]
    region: Option<String>,
}

/// Lists who holds a role in an organization.
pub(crate) fn run(args: &OrgUsersArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action(escaped!(
        "Getting users in org {} as {}...",
        args.name,
        context.user()
    ))?;
    let region = (args.region.clone()).unwrap_or_else(|| context.config().region.clone());
    let org = context.org_named(&args.name, &region)?;
    let roles = ORG_ROLES.get(..if args.all { 4 } else { 3 });
    let found = of_org(context, &org.metadata.guid, roles.unwrap_or_default())?;
    show(found, output)?;
    let account = context.config().account.guid.clone();
    policies::note(context, &account);
    Ok(())
}
