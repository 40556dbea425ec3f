//! Roles: who may do what in an account, an organization or a space.

use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::{Args, ValueEnum};
use serde_json::json;
use wire::iam::user::Username;

/// What `role-set` and `role-unset` take.
#[derive(Debug, Args)]
pub(crate) struct AccountRoleArgs {
    /// User, by e-mail address
    user: String,
    /// Role in the targeted account
    #[arg(value_enum, ignore_case = true)]
    role: AccountRole,
}

/// What `org-role-set` and `org-role-unset` take.
#[derive(Debug, Args)]
pub(crate) struct OrgRoleArgs {
    /// User, by e-mail address
    user: String,
    /// Name of the organization
    org: String,
    /// Role
    #[arg(value_enum, ignore_case = true)]
    role: OrgRole,
}

/// What `space-role-set` and `space-role-unset` take.
#[derive(Debug, Args)]
pub(crate) struct SpaceRoleArgs {
    /// User, by e-mail address
    user: String,
    /// Name of the organization
    org: String,
    /// Name of the space
    space: String,
    /// Role
    #[arg(value_enum, ignore_case = true)]
    role: SpaceRole,
}

/// A role in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum AccountRole {
    /// Everything
    Administrator,
    /// Send, read, list and delete metrics of the account
    Editor,
    /// Send and delete metrics of the account
    Operator,
    /// Read metrics of the account
    Viewer,
}

/// A role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum OrgRole {
    /// Manages the organization, its spaces and their roles
    OrgManager,
    /// Manages billing; no rights on metrics
    BillingManager,
    /// Reads and lists metrics of the organization
    OrgAuditor,
    /// Belongs to it; no rights on metrics
    OrgUser,
}

/// A role in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
#[expect(clippy::enum_variant_names, reason = "these are the names people type")]
pub(crate) enum SpaceRole {
    /// Manages the roles of the space; all rights on its metrics
    SpaceManager,
    /// All rights on the metrics of the space
    SpaceDeveloper,
    /// Reads and lists metrics of the space
    SpaceAuditor,
}

/// The name that the command line and the server know.
pub(crate) fn name(role: &impl ValueEnum) -> String {
    role.to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

impl OrgRole {
    /// The path segment of those who have it.
    pub(crate) const fn members(self) -> &'static str {
        match self {
            Self::OrgManager => "managers",
            Self::BillingManager => "billing_managers",
            Self::OrgAuditor => "auditors",
            Self::OrgUser => "users",
        }
    }
}

impl SpaceRole {
    /// The path segment of those who have it.
    pub(crate) const fn members(self) -> &'static str {
        match self {
            Self::SpaceManager => "managers",
            Self::SpaceDeveloper => "developers",
            Self::SpaceAuditor => "auditors",
        }
    }
}

/// Whether a role is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Given.
    Set,
    /// Taken.
    Unset,
}

/// Gives or takes a role in the targeted account.
pub(crate) fn account(
    args: &AccountRoleArgs,
    change: Change,
    context: &Context,
) -> Result<(), Failure> {
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

/// Gives or takes a role in an organization.
pub(crate) fn org(args: &OrgRoleArgs, change: Change, context: &Context) -> Result<(), Failure> {
    set_org(context, change, &args.user, &args.org, args.role)?;
    report(
        context,
        change,
        &args.user,
        &name(&args.role),
        &format!("org {}", args.org),
    )
}

/// As [`org`], for other commands: prints no JSON.
pub(crate) fn set_org(
    context: &Context,
    change: Change,
    user: &str,
    org: &str,
    role: OrgRole,
) -> Result<(), Failure> {
    let place = context.org_meant(Some(org))?;
    let url = context.cf_url(&format!(
        "/v2/organizations/{}/{}",
        encode(&place.guid),
        role.members()
    ))?;
    apply(
        context,
        change,
        url,
        user,
        &name(&role),
        &format!("org {org}"),
    )
}

/// Gives or takes a role in a space.
pub(crate) fn space(
    args: &SpaceRoleArgs,
    change: Change,
    context: &Context,
) -> Result<(), Failure> {
    set_space(
        context,
        change,
        &args.user,
        (&args.org, &args.space),
        args.role,
    )?;
    let place = format!("space {} of org {}", args.space, args.org);
    report(context, change, &args.user, &name(&args.role), &place)
}

/// As [`space`], for other commands: prints no JSON.
pub(crate) fn set_space(
    context: &Context,
    change: Change,
    user: &str,
    (org, space): (&str, &str),
    role: SpaceRole,
) -> Result<(), Failure> {
    let place = context.org_meant(Some(org))?;
    let guid = context.space_named(&place, space)?.metadata.guid;
    let url = context.cf_url(&format!("/v2/spaces/{}/{}", encode(&guid), role.members()))?;
    apply(
        context,
        change,
        url,
        user,
        &name(&role),
        &format!("space {space} of org {org}"),
    )
}

fn apply(
    context: &Context,
    change: Change,
    url: String,
    user: &str,
    role: &str,
    place: &str,
) -> Result<(), Failure> {
    let output = &context.output;
    let body = Username {
        username: user.to_owned(),
    };
    let (request, sentence, doing) = match change {
        Change::Set => (
            Request::put(url),
            format!(
                "Giving role {role} in {place} to user {user} as {}...",
                context.user()
            ),
            "give the role",
        ),
        Change::Unset => (
            Request::delete(url),
            format!(
                "Taking role {role} in {place} from user {user} as {}...",
                context.user()
            ),
            "take the role",
        ),
    };
    output.action(sentence)?;
    context.ask(request.json(&body)?, doing)?;
    output.ok()
}

/// What was done, for programs.
fn report(
    context: &Context,
    change: Change,
    user: &str,
    role: &str,
    place: &str,
) -> Result<(), Failure> {
    if !context.output.is_json() {
        return Ok(());
    }
    let is_set = change == Change::Set;
    context
        .output
        .json(&json!({"user": user, "role": role, "place": place, "set": is_set}))
}
