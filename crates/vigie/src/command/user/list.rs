//! `account users`.

use super::{of_account, resolve_account};
use crate::argument::Named;
use crate::command::members::{self, RoleAssignment, policies};
use crate::context::Context;
use crate::error::Failure;
use crate::figures::counted;
use crate::output::{Column, Row};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use wire::iam::user::User;

/// List the users of the account
#[derive(Debug, Args)]
pub(crate) struct UsersArgs {
    /// Account, in place of the targeted one
    #[arg(short = 'c', long, value_name = "ACCOUNT_ID", add = Named::Accounts)]
    account: Option<String>,
    /// Show the roles in its organizations and spaces too, as far as you may see them
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
    let mut all_assignments = if args.all_roles {
        Some(members::all_assignments(context)?)
    } else {
        None
    };
    let mut listed = |user: User| {
        let held = |all: &mut BTreeMap<String, Vec<RoleAssignment>>| {
            all.remove(&user.user_id.to_lowercase()).unwrap_or_default()
        };
        UserListing {
            all_roles: all_assignments.as_mut().map(held),
            user_id: user.user_id,
            iam_id: user.iam_id,
            firstname: user.firstname,
            lastname: user.lastname,
            state: user.state,
            email: user.email,
            roles: user.account_roles,
        }
    };
    let users: Vec<UserListing> = users.into_iter().map(&mut listed).collect();
    output.ok()?;
    output.rows(&users, "No users found.")?;
    if let Some(others) = all_assignments {
        note_programs(&others, context);
        policies::note(context, &account);
    }
    Ok(())
}

/// Tells of service IDs and profiles that have roles: what is left of the holders after the users.
fn note_programs(others: &BTreeMap<String, Vec<RoleAssignment>>, context: &Context) {
    let is_program = |name: &&String| name.starts_with("iam-");
    let count = others.keys().filter(is_program).count() as u64;
    if count > 0 {
        let programs = counted(count, "service ID or profile", "service IDs or profiles");
        context.output.note(format!(
            "{programs} with roles cannot be in this list of users: `vigie account org-users NAME` and \
             `vigie account space-users NAME` show them"
        ));
    }
}

/// One user under the names that scripts know.
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
