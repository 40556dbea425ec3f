//! `account org-create`.

use super::OrgListing;
use crate::argument::Named;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::cf::list::Resource;
use wire::cf::organization::{OrganizationEntity, OrganizationName};

/// Create an organization
#[derive(Debug, Args)]
pub(crate) struct OrgCreateArgs {
    /// Name of the new organization
    name: String,
    /// Region, in place of the targeted one
    #[arg(short, long, value_name = "REGION", add = Named::Regions)]
    region: Option<String>,
}

/// Creates an organization.
pub(crate) fn run(args: &OrgCreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.region_named(args.region.as_deref())?;
    output.action(format!(
        "Creating org {} in region '{region}' as {}...",
        args.name,
        context.user()
    ))?;
    let mut request = Request::post(context.cf_url("/v2/organizations")?);
    if !region.is_empty() {
        request = request.query("region", &region);
    }
    let body = OrganizationName {
        name: args.name.clone(),
    };
    let org: Resource<OrganizationEntity> =
        context.ask_for(request.json(&body)?, "create the organization")?;
    let org = OrgListing::of(org, &region, context);
    output.done(&org)?;
    output.say(format!(
        "Org {} was created with GUID {}",
        args.name, org.org_guid
    ))
}
