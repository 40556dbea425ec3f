//! `account org-rename`. Where the organization is the targeted one, the stored target gets the new name; its GUID stays.
//!
//! As in the original, the server is asked whatever the new name is: one that it has already changes nothing, and is a success.

use super::OrgListing;
use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::cf::list::Resource;
use wire::cf::organization::{OrganizationEntity, OrganizationName};

/// Rename an organization
///
/// A name that it has already changes nothing, and is no failure.
#[derive(Debug, Args)]
pub(crate) struct OrgRenameArgs {
    /// Its name now
    #[arg(add = Named::Orgs)]
    old_name: String,
    /// Its name from now on
    new_name: String,
}

/// Renames an organization.
pub(crate) fn run(args: &OrgRenameArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.config().region.clone();
    let org = context.org_named(&args.old_name, &region)?;
    output.action(format!(
        "Renaming org {} to {} as {}...",
        args.old_name,
        args.new_name,
        context.user()
    ))?;
    let url = context.cf_url(&format!("/v2/organizations/{}", encode(&org.metadata.guid)))?;
    let body = OrganizationName {
        name: args.new_name.clone(),
    };
    let request = Request::put(url).json(&body)?;
    let renamed: Resource<OrganizationEntity> =
        context.ask_for(request, "rename the organization")?;
    let (guid, name) = (renamed.metadata.guid.clone(), renamed.entity.name.clone());
    // First what is done: the organization has its name, whether the target can be stored or not.
    output.done(&OrgListing::of(renamed, &region, context))?;
    context.update(|_, cf| {
        if cf.organization_fields.guid == guid {
            cf.organization_fields.name.clone_from(&name);
        }
    })
}
