//! `account org-role-set`.

use super::OrgRoleArgs;
use crate::command::role::Change;
use crate::context::Context;
use crate::error::Failure;

/// Gives a role in an organization.
pub(crate) fn run(args: &OrgRoleArgs, context: &Context) -> Result<(), Failure> {
    super::change(args, Change::Set, context)
}
