//! `account space-role-unset`.

use super::SpaceRoleArgs;
use crate::command::role::Change;
use crate::context::Context;
use crate::error::Failure;

/// Takes a role in a space.
pub(crate) fn run(args: &SpaceRoleArgs, context: &Context) -> Result<(), Failure> {
    super::change(args, Change::Unset, context)
}
