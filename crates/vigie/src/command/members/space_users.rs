//! `account space-users`.

use super::{of_space, policies, show};
use crate::argument::Named;
use crate::config::DomainFields;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use clap::Args;

/// List who holds which role in a space
#[derive(Debug, Args)]
pub(crate) struct SpaceUsersArgs {
    /// Name of the space; or of its organization, if the space follows
    #[arg(add = Named::Spaces)]
    name: String,
    /// Name of the space, after its organization, as in the original
    #[arg(conflicts_with = "org", add = Named::Spaces)]
    space: Option<String>,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
}

/// Lists who holds a role in a space.
pub(crate) fn run(args: &SpaceUsersArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let (org, name) = match &args.space {
        Some(space) => (Some(&args.name), space),
        None => (args.org.as_ref(), &args.name),
    };
    let org: DomainFields = context.resolve_org(org.map(String::as_str))?;
    output.action(escaped!(
        "Getting users in space {} of org {} as {}...",
        *name,
        org.name,
        context.user()
    ))?;
    let space = context.space_named(&org, name)?;
    show(of_space(context, &space.metadata.guid)?, output)?;
    let account = context.config().account.guid.clone();
    policies::note(context, &account);
    Ok(())
}
