//! Roles in the targeted account: `account role-set` and `role-unset`, one file each, and their shared code.

pub(crate) mod set;
pub(crate) mod unset;

use super::{AccountRole, Change, apply, name, report};
use crate::argument::Named;
use crate::client::encode;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// The arguments of `role-set` and `role-unset`.
#[derive(Debug, Args)]
pub(crate) struct AccountRoleArgs {
    /// User, by e-mail address; or a service ID, by its IAM id
    #[arg(add = Named::Users)]
    user: String,
    /// Role in the targeted account
    #[arg(value_enum, ignore_case = true)]
    role: AccountRole,
}

/// Gives or takes a role in the targeted account.
fn change(args: &AccountRoleArgs, change: Change, context: &Context) -> Result<(), Failure> {
    let account = context.config().account.clone();
    if account.guid.is_empty() {
        return Err(Failure::usage("no account is targeted")
            .hint("choose one with `vigie target -c ACCOUNT_ID`"));
    }
    let role = name(&args.role);
    let url = format!(
        "{}/v2/accounts/{}/roles/{role}",
        context.api_endpoint()?,
        encode(&account.guid)
    );
    let place = format!("account {}", account.name);
    apply(context, change, url, &args.user, &role, &place)?;
    report(context, change, &args.user, &role, &place)
}
