//! Users of the targeted account: `account users`, `user-invite`, `user-remove`; and the caller's own `password`.

use crate::client::{Request, encode};
use crate::command::members::{self, HeldIn};
use crate::command::role::{self, AccountRole, Change, OrgRole, SpaceRole};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::given;
use crate::output::{Column, Output, Row, printable};
use crate::prompt;
use crate::shown::Shown;
use base::secret::Secret;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use wire::iam::user::{ChangePassword, Invite, InviteUsers, Invited, User, Users};

/// What `users` takes.
#[derive(Debug, Args)]
pub(crate) struct UsersArgs {
    /// Account, in place of the targeted one
    #[arg(short = 'c', long, value_name = "ACCOUNT_ID")]
    account: Option<String>,
    /// Show the roles in its organizations and spaces too, as far as you may see them
    #[arg(long)]
    all_roles: bool,
}

/// What `user-invite` takes.
#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// E-mail address
    email: String,
    /// Role in the account
    #[arg(long, value_enum, ignore_case = true, value_name = "ROLE")]
    account_role: Option<AccountRole>,
    /// Organization to give a role in
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Role in the organization
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        requires = "org",
        value_name = "ROLE"
    )]
    org_role: Option<OrgRole>,
    /// Space to give a role in
    #[arg(short, long, requires_all = ["org", "space_role"], value_name = "SPACE")]
    space: Option<String>,
    /// Role in the space
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        requires = "space",
        value_name = "ROLE"
    )]
    space_role: Option<SpaceRole>,
}

/// What `user-remove` takes.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// E-mail address
    email: String,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// What `password` takes.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Password now: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = given::argument)]
    current: Option<Secret<String>>,
    /// Password from now on: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = given::argument)]
    new: Option<Secret<String>>,
}

fn account_meant(given: Option<&str>, context: &Context) -> Result<String, Failure> {
    let targeted = context.config().account.guid.clone();
    match given {
        Some(account) => Ok(account.to_owned()),
        None if targeted.is_empty() => Err(Failure::usage("no account is targeted")
            .hint("choose one with `vigie target -c ACCOUNT_ID`")),
        None => Ok(targeted),
    }
}

fn url(account: &str, context: &Context) -> Result<String, Failure> {
    Ok(format!(
        "{}/v2/accounts/{}/users",
        context.api_endpoint()?,
        encode(account)
    ))
}

/// The users of the targeted account.
pub(crate) fn members_of_target(context: &Context) -> Result<Vec<User>, Failure> {
    members(&account_meant(None, context)?, context)
}

fn members(account: &str, context: &Context) -> Result<Vec<User>, Failure> {
    let first = Request::get(url(account, context)?);
    context.pages::<Users>(&context.api_endpoint()?, first, "list users")
}

/// Lists users.
pub(crate) fn list(args: &UsersArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = account_meant(args.account.as_deref(), context)?;
    output.action(format!(
        "Getting users under account {account} as {}...",
        context.user()
    ))?;
    let users = members(&account, context)?;
    let mut everywhere = if args.all_roles {
        Some(members::everywhere(context)?)
    } else {
        None
    };
    let mut listed = |user: User| {
        let held = |all: &mut BTreeMap<String, Vec<HeldIn>>| {
            all.remove(&user.user_id.to_lowercase()).unwrap_or_default()
        };
        Listed {
            all_roles: everywhere.as_mut().map(held),
            user_id: user.user_id,
            iam_id: user.iam_id,
            firstname: user.firstname,
            lastname: user.lastname,
            state: user.state,
            email: user.email,
            roles: user.account_roles,
        }
    };
    let users: Vec<Listed> = users.into_iter().map(&mut listed).collect();
    output.ok()?;
    output.rows(&users, "No users found.")
}

/// One user under the names that scripts know.
#[derive(Serialize)]
struct Listed {
    /// Those in organizations and spaces, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    all_roles: Option<Vec<HeldIn>>,
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

impl Listed {
    fn roles(&self) -> String {
        let elsewhere = self.all_roles.iter().flatten().map(HeldIn::text);
        let roles: Vec<String> = self.roles.iter().cloned().chain(elsewhere).collect();
        roles.join(", ")
    }
}

impl Row for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("User ID", |user| user.user_id.clone()),
        Column::new("State", |user| user.state.clone()),
        Column::new("Roles", Self::roles),
    ];
}

/// Invites a user, who is in the account once he accepts. Where the server shows a code to whoever invites, it is told how
/// to hand it on.
pub(crate) fn invite(args: &InviteArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = account_meant(None, context)?;
    output.action(format!(
        "Inviting user {} to account {account} as {}...",
        args.email,
        context.user()
    ))?;
    let body = InviteUsers {
        users: vec![Invite {
            email: args.email.clone(),
            account_role: args.account_role.as_ref().map(role::name),
        }],
    };
    let invited: Invited = context
        .ask(
            Request::post(url(&account, context)?).json(&body)?,
            "invite the user",
        )?
        .parse("invite the user")?;
    output.ok()?;
    if output.is_json() {
        output.json(&invited.resources)?;
    }
    for user in &invited.resources {
        output.say(format!(
            "User {} was invited, state {}",
            printable(&user.email),
            printable(&user.state)
        ))?;
        let login = format!(
            "vigie login -a {} -u {}",
            Shown::word(&context.api_endpoint()?),
            Shown::word(&args.email)
        );
        match &user.one_time_code {
            Some(code) => output.say(crate::shown::shown!(
                "One-time code, shown this once: {}\nOne that was shown for this invitation before is good for nothing now.\n\nHand it on, for this, where it is typed in place of the password:\n  {}",
                code.expose(),
                login
            ))?,
            None => output.say(
                "In the account once the person accepts, at the next login or with `vigie account accept`.\n\
                 Who is new here gets a one-time code: by mail, or from the operator (`vigied invitation code EMAIL`)",
            )?,
        }
    }
    give_roles(args, context).map_err(|failure| {
        let message = format!("the user was invited, but not every role was given: {failure}");
        Failure::new(Kind::Partial, message)
            .hint("give it with `vigie account org-role-set` or `vigie account space-role-set`")
    })
}

/// Removes a user.
pub(crate) fn remove(args: &RemoveArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = account_meant(None, context)?;
    let users = members(&account, context)?;
    let is_meant = |user: &&User| user.user_id.eq_ignore_ascii_case(&args.email);
    let user = users.iter().find(is_meant).ok_or_else(|| {
        let email = printable(&args.email);
        Failure::new(
            Kind::NotFound,
            format!("no user `{email}` is in the account"),
        )
        .hint("list them with `vigie account users`")
    })?;
    let question = format!(
        "Really remove user {} from account {account} with all roles and API keys there?",
        printable(&user.user_id)
    );
    if !args.force && !prompt::confirm(question, "`-f`")? {
        return output.say("Nobody was removed.");
    }
    output.action(format!(
        "Removing user {} from account {account} as {}...",
        printable(&user.user_id),
        context.user()
    ))?;
    let one = format!("{}/{}", url(&account, context)?, encode(&user.iam_id));
    context.ask(Request::delete(one), "remove the user")?;
    if output.is_json() {
        return output.json(&json!({
            "userId": user.user_id, "ibmUniqueId": user.iam_id, "removed": true,
        }));
    }
    output.ok()
}

fn give_roles(args: &InviteArgs, context: &Context) -> Result<(), Failure> {
    let Some(org) = &args.org else {
        return Ok(());
    };
    let org_role = args.org_role.unwrap_or(OrgRole::OrgUser);
    role::set_org(context, Change::Set, &args.email, org, org_role)?;
    match (&args.space, args.space_role) {
        (Some(space), Some(role)) => {
            role::set_space(context, Change::Set, &args.email, (org, space), role)
        }
        _ => Ok(()),
    }
}

/// Changes the caller's own password.
pub(crate) fn password(args: &PasswordArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let current = given_or_asked(
        args.current.as_ref(),
        "Current password",
        "--current",
        output,
    )?;
    let new = match &args.new {
        Some(given) => given::password(given.expose(), "--new", output)?,
        None => prompt::new_password("`--new @FILE`", output)?,
    };
    output.action(format!("Changing the password of {}...", context.user()))?;
    let body = ChangePassword {
        current_password: current.expose().as_str().into(),
        new_password: new.expose().as_str().into(),
    };
    let request = Request::put(format!(
        "{}/v2/users/self/password",
        context.api_endpoint()?
    ));
    context.ask(request.json(&body)?, "change the password")?;
    if output.is_json() {
        return output.json(&json!({"changed": true}));
    }
    output.ok()
}

fn given_or_asked(
    given: Option<&Secret<String>>,
    prompt: &'static str,
    flag: &'static str,
    output: &Output,
) -> Result<Secret<String>, Failure> {
    given.map_or_else(
        || {
            prompt::secret(
                prompt,
                format!("the {}", prompt.to_lowercase()),
                format!("`{flag} @FILE`"),
            )
        },
        |given| given::password(given.expose(), flag, output),
    )
}
