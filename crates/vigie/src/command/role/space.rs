//! Roles in a space: `account space-role-set` and `space-role-unset`, one file each, and their shared code.

pub(crate) mod set;
pub(crate) mod unset;

use super::{Change, SpaceRole, apply, name, report};
use crate::argument::Named;
use crate::client::encode;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// The arguments of `space-role-set` and `space-role-unset`.
#[derive(Debug, Args)]
pub(crate) struct SpaceRoleArgs {
    /// User, by e-mail address; or a service ID, by its IAM id
    #[arg(add = Named::Users)]
    user: String,
    /// Name of the organization
    #[arg(add = Named::Orgs)]
    org: String,
    /// Name of the space
    #[arg(add = Named::Spaces)]
    space: String,
    /// Role
    #[arg(value_enum, ignore_case = true)]
    role: SpaceRole,
}

/// Gives or takes a role in a space.
fn change(args: &SpaceRoleArgs, change: Change, context: &Context) -> Result<(), Failure> {
    set_space(
        context,
        change,
        &args.user,
        (&args.org, &args.space),
        args.role,
    )?;
    let place = format!("space {} of org {}", args.space, args.org);
    report(context, change, &args.user, &name(&args.role), &place)
}

/// The change alone, for other commands as well: each ends in its own way.
pub(crate) fn set_space(
    context: &Context,
    change: Change,
    user: &str,
    (org, space): (&str, &str),
    role: SpaceRole,
) -> Result<(), Failure> {
    let place = context.resolve_org(Some(org))?;
    let guid = context.space_named(&place, space)?.metadata.guid;
    let url = context.cf_url(&format!("/v2/spaces/{}/{}", encode(&guid), role.members()))?;
    apply(
        context,
        change,
        url,
        user,
        &name(&role),
        &format!("space {space} of org {org}"),
    )
}
