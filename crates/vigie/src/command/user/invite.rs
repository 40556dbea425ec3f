//! `account user-invite`.

use super::{resolve_account, url};
use crate::argument::Named;
use crate::client::Request;
use crate::command::role::{self, AccountRole, Change, OrgRole, SpaceRole};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped};
use clap::Args;
use wire::iam::user::{Invite, InviteUsers, Invited, User};

/// Completes "cannot …".
const DOING: &str = "invite the user";

/// Invite a user to the account
#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// E-mail address
    email: String,
    /// Role in the account
    #[arg(long, value_enum, ignore_case = true, value_name = "ROLE")]
    account_role: Option<AccountRole>,
    /// Organization to give a role in
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
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
    #[arg(short, long, requires_all = ["org", "space_role"], value_name = "SPACE", add = Named::Spaces)]
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

/// Invites a user, who is in the account once they accept. If the server shows the inviter a code, the output says how to hand it
/// on.
pub(crate) fn run(args: &InviteArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = resolve_account(None, context)?;
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
        iam_policy: None,
        access_groups: None,
    };
    let invited: Invited = context
        .ask(Request::post(url(&account, context)?).json(&body)?, DOING)
        .map_err(|failure| hint_at_roles(failure, args, &account, context))?
        .parse(DOING)?;
    output.done(&invited.resources)?;
    for user in &invited.resources {
        output.say(format!(
            "User {} was invited, state {}",
            user.email, user.state
        ))?;
        let login = format!(
            "vigie login -a {} -u {}",
            PrintableText::word(&context.api_endpoint()?),
            PrintableText::word(&args.email)
        );
        match &user.one_time_code {
            Some(code) => output.say(crate::printable_text::escaped!(
                "One-time code, shown this once: {}\n{}\nHand it on, for this, where it is typed in place of the password:\n  {}",
                code.expose(),
                match user.replaces_code {
                    Some(true) => PrintableText::from("The one that was shown for this invitation before is good for nothing now.\n"),
                    Some(false) | None => PrintableText::default(),
                },
                login
            ))?,
            None => output.say(
                "The person is in the account once they accept, at their next login or with `vigie account accept`.\n\
                 A new user needs a one-time code: it comes by mail, or from the operator (`vigied invitation code EMAIL`)",
            )?,
        }
    }
    if args.account_role.is_none() && args.org.is_none() {
        output.note(escaped!(
            "hint: no role was given; give one with `vigie account space-role-set {} ORG SPACE SpaceDeveloper`",
            PrintableText::word(&args.email)
        ));
    }
    give_roles(args, context).map_err(|failure| {
        let message = format!("the user was invited, but not every role was given: {failure}");
        Failure::new(Kind::Partial, message)
            .hint("give it with `vigie account org-role-set` or `vigie account space-role-set`")
    })
}

/// A member is given roles by commands of their own, which are named with what was asked for.
fn hint_at_roles(failure: Failure, args: &InviteArgs, account: &str, context: &Context) -> Failure {
    let is_one = |user: &User| user.email.eq_ignore_ascii_case(args.email.trim());
    // A caller who may not list the users learns nothing more.
    let is_member = || super::of_account(account, context).is_ok_and(|all| all.iter().any(is_one));
    if failure.kind != Kind::Failed || !is_member() {
        return failure;
    }
    let mut commands = Vec::new();
    if let Some(role) = &args.account_role {
        commands.push(escaped!(
            "`vigie account role-set {} {}`",
            PrintableText::word(&args.email),
            PrintableText::word(&role::name(role))
        ));
    }
    if let (Some(org), Some(role)) = (&args.org, &args.org_role) {
        commands.push(escaped!(
            "`vigie account org-role-set {} {} {}`",
            PrintableText::word(&args.email),
            PrintableText::word(org),
            PrintableText::word(&role::name(role))
        ));
    }
    if let (Some(org), Some(space), Some(role)) = (&args.org, &args.space, &args.space_role) {
        commands.push(escaped!(
            "`vigie account space-role-set {} {} {} {}`",
            PrintableText::word(&args.email),
            PrintableText::word(org),
            PrintableText::word(space),
            PrintableText::word(&role::name(role))
        ));
    }
    if commands.is_empty() {
        commands.push("`vigie account role-set`, `vigie account org-role-set` or `vigie account space-role-set`".into());
    }
    commands.into_iter().fold(failure, |failure, command| {
        failure.hint(escaped!("give a member a role with {}", command))
    })
}

fn give_roles(args: &InviteArgs, context: &Context) -> Result<(), Failure> {
    let Some(org) = &args.org else {
        return Ok(());
    };
    let org_role = args.org_role.unwrap_or(OrgRole::OrgUser);
    role::org::set_org(context, Change::Set, &args.email, org, org_role)?;
    context.output.ok()?;
    match (&args.space, args.space_role) {
        (Some(space), Some(role)) => {
            role::space::set_space(context, Change::Set, &args.email, (org, space), role)?;
            context.output.ok()
        }
        _ => Ok(()),
    }
}
