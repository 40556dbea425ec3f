//! `account users`.

use super::{of_account, resolve_account};
use crate::argument::Named;
use crate::command::members::{self, RoleAssignment, policies};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use clap::Args;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use wire::iam::user::User;

/// List the users of the account
#[derive(Debug, Args)]
pub(crate) struct UsersArgs {
    /// Account, in place of the targeted one
    #[arg(short = 'c', long, value_name = "ACCOUNT_ID", add = Named::Accounts)]
    account: Option<String>,
    /// Show the roles in its organizations and spaces too, as far as you may see them, and the service IDs and trusted profiles with roles
    #[arg(long)]
    all_roles: bool,
}

/// Lists users.
pub(crate) fn run(args: &UsersArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = resolve_account(args.account.as_deref(), context)?;
    output.action(format!(
        "Getting users under account {account} as {}...",
        context.user()
    ))?;
    let users = of_account(&account, context)?;
    let mut elsewhere = if args.all_roles {
        Some(members::all_assignments(context)?)
    } else {
        None
    };
    let mut listed = |user: User| {
        let held = |all: &mut BTreeMap<String, Vec<RoleAssignment>>| {
            all.remove(&user.user_id.to_lowercase()).unwrap_or_default()
        };
        UserListing {
            all_roles: elsewhere.as_mut().map(held),
            user_id: user.user_id,
            iam_id: user.iam_id,
            firstname: user.firstname,
            lastname: user.lastname,
            state: user.state,
            email: user.email,
            roles: user.account_roles,
        }
    };
    let mut rows: Vec<UserListing> = users.into_iter().map(&mut listed).collect();
    if let Some(others) = elsewhere {
        let in_account = members::programs_of_account(context, &account)?;
        rows.extend(programs(others, in_account));
        output.ok()?;
        output.rows(&rows, "No users found.")?;
        policies::note(context, &account);
        return Ok(());
    }
    output.ok()?;
    output.rows(&rows, "No users found.")
}

/// Rows for service IDs and profiles that have roles: in the account, or in organizations and spaces (`elsewhere`, from which the rows
/// of users have been taken).
fn programs(
    mut elsewhere: BTreeMap<String, Vec<RoleAssignment>>,
    mut in_account: BTreeMap<String, Vec<String>>,
) -> impl Iterator<Item = UserListing> {
    let names = elsewhere.keys().chain(in_account.keys());
    let names: BTreeSet<String> = names
        .filter(|name| members::is_program(name))
        .cloned()
        .collect();
    names.into_iter().map(move |name| UserListing {
        all_roles: Some(elsewhere.remove(&name).unwrap_or_default()),
        roles: in_account.remove(&name).unwrap_or_default(),
        iam_id: name.clone(),
        user_id: name,
        firstname: String::new(),
        lastname: String::new(),
        state: String::new(),
        email: String::new(),
    })
}

/// One user, service ID or profile under the names that scripts know.
#[derive(Serialize)]
struct UserListing {
    /// Those in organizations and spaces, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    all_roles: Option<Vec<RoleAssignment>>,
    email: String,
    firstname: String,
    #[serde(rename = "ibmUniqueId")]
    iam_id: String,
    lastname: String,
    roles: Vec<String>,
    state: String,
    #[serde(rename = "userId")]
    user_id: String,
}

impl UserListing {
    fn roles(&self) -> String {
        let elsewhere = self.all_roles.iter().flatten().map(RoleAssignment::text);
        let roles: Vec<String> = self.roles.iter().cloned().chain(elsewhere).collect();
        roles.join(", ")
    }
}

impl Row for UserListing {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("User ID", |user| user.user_id.clone()),
        Column::new("State", |user| user.state.clone()),
        Column::new("Roles", Self::roles),
    ];
}
