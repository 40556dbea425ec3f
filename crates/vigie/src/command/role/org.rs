//! Roles in an organization: `account org-role-set` and `org-role-unset`, one file each, and their shared code.

pub(crate) mod set;
pub(crate) mod unset;

use super::{Change, OrgRole, apply, name, report};
use crate::argument::Named;
use crate::client::encode;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// The arguments of `org-role-set` and `org-role-unset`.
#[derive(Debug, Args)]
pub(crate) struct OrgRoleArgs {
    /// User, by e-mail address; or a service ID, by its IAM id
    #[arg(add = Named::Users)]
    user: String,
    /// Name of the organization
    #[arg(add = Named::Orgs)]
    org: String,
    /// Role
    #[arg(value_enum, ignore_case = true)]
    role: OrgRole,
}

/// Gives or takes a role in an organization.
fn change(args: &OrgRoleArgs, change: Change, context: &Context) -> Result<(), Failure> {
    set_org(context, change, &args.user, &args.org, args.role)?;
    report(
        context,
        change,
        &args.user,
        &name(&args.role),
        &format!("org {}", args.org),
    )
}

/// The change alone, for other commands as well: each ends in its own way.
pub(crate) fn set_org(
    context: &Context,
    change: Change,
    user: &str,
    org: &str,
    role: OrgRole,
) -> Result<(), Failure> {
    let place = context.resolve_org(Some(org))?;
    let url = context.cf_url(&format!(
        "/v2/organizations/{}/{}",
        encode(&place.guid),
        role.members()
    ))?;
    apply(
        context,
        change,
        url,
        user,
        &name(&role),
        &format!("org {org}"),
    )
}
