//! `account space-create`.

use super::SpaceListing;
use crate::argument::Named;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::cf::list::Resource;
use wire::cf::space::{CreateSpace, SpaceEntity};

/// Create a space
#[derive(Debug, Args)]
pub(crate) struct SpaceCreateArgs {
    /// Name of the new space
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
}

/// Creates a space.
pub(crate) fn run(args: &SpaceCreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context
        .resolve_org(args.org.as_deref())
        .map_err(|failure| context.no_role_for_spaces(failure))?;
    output.action(format!(
        "Creating space {} in org {} as {}...",
        args.name,
        org.name,
        context.user()
    ))?;
    let body = CreateSpace {
        name: args.name.clone(),
        organization_guid: org.guid.clone(),
    };
    let request = Request::post(context.cf_url("/v2/spaces")?).json(&body)?;
    let space: Resource<SpaceEntity> = context.ask_for(request, "create the space")?;
    let space = SpaceListing::of(space, &org);
    output.done(&space)?;
    output.say(format!(
        "Space {} was created with GUID {}",
        args.name, space.space_guid
    ))
}
