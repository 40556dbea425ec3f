//! `account space-rename`. Where the space is the targeted one, the stored target gets the new name; its GUID stays.
//!
//! As in the original, the server is asked whatever the new name is: one that it has already changes nothing, and is a success.

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use serde::Serialize;
use wire::cf::list::Resource;
use wire::cf::space::{SpaceEntity, SpaceName};

/// Rename a space
///
/// A name that it has already changes nothing, and is no failure.
#[derive(Debug, Args)]
pub(crate) struct SpaceRenameArgs {
    /// Its name now
    #[arg(add = Named::Spaces)]
    old_name: String,
    /// Its name from now on
    new_name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
}

/// A renamed space. The original has no JSON here, so its keys are in snake_case ([`crate::output`]).
#[derive(Serialize)]
struct RenamedSpace<'a> {
    org_guid: &'a str,
    org_name: &'a str,
    space_guid: &'a str,
    space_name: &'a str,
}

/// Renames a space; its GUID, its metrics and its roles stay.
pub(crate) fn run(args: &SpaceRenameArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.resolve_org(args.org.as_deref())?;
    let space = context.space_named(&org, &args.old_name)?;
    output.action(format!(
        "Renaming space {} of org {} to {} as {}...",
        args.old_name,
        org.name,
        args.new_name,
        context.user()
    ))?;
    let url = context.cf_url(&format!("/v2/spaces/{}", encode(&space.metadata.guid)))?;
    let body = SpaceName {
        name: args.new_name.clone(),
    };
    let request = Request::put(url).json(&body)?;
    let renamed: Resource<SpaceEntity> = context.ask_for(request, "rename the space")?;
    // First what is done: the space has its name, whether the target can be stored or not.
    output.done(&RenamedSpace {
        org_guid: &org.guid,
        org_name: &org.name,
        space_guid: &renamed.metadata.guid,
        space_name: &renamed.entity.name,
    })?;
    context.update(|_, cf| {
        if cf.space_fields.guid == renamed.metadata.guid {
            cf.space_fields.name.clone_from(&renamed.entity.name);
        }
    })
}
