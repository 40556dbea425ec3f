//! `account role-set`.

use super::AccountRoleArgs;
use crate::command::role::Change;
use crate::context::Context;
use crate::error::Failure;

/// Gives a role in the targeted account.
pub(crate) fn run(args: &AccountRoleArgs, context: &Context) -> Result<(), Failure> {
    super::change(args, Change::Set, context)
}
