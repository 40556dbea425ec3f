//! `account role-unset`.

use super::AccountRoleArgs;
use crate::command::role::Change;
use crate::context::Context;
use crate::error::Failure;

/// Takes a role in the targeted account.
pub(crate) fn run(args: &AccountRoleArgs, context: &Context) -> Result<(), Failure> {
    super::change(args, Change::Unset, context)
}
