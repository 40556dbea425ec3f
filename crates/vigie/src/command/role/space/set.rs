//! `account space-role-set`.

use super::SpaceRoleArgs;
use crate::command::role::Change;
use crate::context::Context;
use crate::error::Failure;

/// Gives a role in a space.
pub(crate) fn run(args: &SpaceRoleArgs, context: &Context) -> Result<(), Failure> {
    super::change(args, Change::Set, context)
}
