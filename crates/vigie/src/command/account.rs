//! `account`: which commands it has, and `account list`.

use crate::command::role::{self, Change};
use crate::command::{deleted, invitation, members, org, roles, space, space_rename, user};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use clap::Subcommand;
use serde::Serialize;
use wire::iam::account::AccountResource;

/// The word after `account`.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// List the accounts you belong to
    List,
    /// List organizations
    Orgs(org::OrgsArgs),
    /// Show an organization
    Org(org::OrgArgs),
    /// Create an organization
    OrgCreate(org::OrgCreateArgs),
    /// Delete an organization
    OrgDelete(org::OrgDeleteArgs),
    /// Rename an organization
    OrgRename(org::OrgRenameArgs),
    /// Bring a deleted organization back, with its spaces and metrics
    OrgRestore(deleted::OrgRestoreArgs),
    /// List who holds which role in an organization
    OrgUsers(members::OrgUsersArgs),
    /// List the spaces of an organization
    Spaces(space::SpacesArgs),
    /// Show a space
    Space(space::SpaceArgs),
    /// Create a space
    SpaceCreate(space::SpaceCreateArgs),
    /// Delete a space with its metrics
    SpaceDelete(space::SpaceDeleteArgs),
    /// Bring a deleted space back, with its metrics
    SpaceRestore(deleted::SpaceRestoreArgs),
    /// List deleted spaces and organizations, and when their metrics go
    Deleted,
    /// Rename a space
    SpaceRename(space_rename::SpaceRenameArgs),
    /// List who holds which role in a space
    SpaceUsers(members::SpaceUsersArgs),
    /// List the users of the account
    Users(user::UsersArgs),
    /// Invite a user to the account
    UserInvite(user::InviteArgs),
    /// Remove a user from the account, with his roles and API keys there
    UserRemove(user::RemoveArgs),
    /// Show what each role allows
    Roles,
    /// Give a role in the account
    RoleSet(role::AccountRoleArgs),
    /// Take a role in the account
    RoleUnset(role::AccountRoleArgs),
    /// Give a role in an organization
    OrgRoleSet(role::OrgRoleArgs),
    /// Take a role in an organization
    OrgRoleUnset(role::OrgRoleArgs),
    /// Give a role in a space
    SpaceRoleSet(role::SpaceRoleArgs),
    /// Take a role in a space
    SpaceRoleUnset(role::SpaceRoleArgs),
    /// List the invitations into accounts that wait for you
    Invitations,
    /// Accept an invitation into an account
    Accept(invitation::AcceptArgs),
    /// Decline an invitation into an account
    Decline(invitation::DeclineArgs),
    /// Change your own password
    Password(user::PasswordArgs),
}

/// Runs a command of `account`.
pub(crate) fn run(command: &Account, context: &Context) -> Result<(), Failure> {
    if matches!(command, Account::Roles) {
        return roles::list(context);
    }
    context.require_login()?;
    match command {
        Account::List => list(context, Columns::Usual),
        Account::Orgs(args) => org::list(args, context),
        Account::Org(args) => org::show(args, context),
        Account::OrgCreate(args) => org::create(args, context),
        Account::OrgDelete(args) => org::delete(args, context),
        Account::OrgRename(args) => org::rename(args, context),
        Account::OrgRestore(args) => deleted::org(args, context),
        Account::OrgUsers(args) => members::org_users(args, context),
        Account::Spaces(args) => space::list(args, context),
        Account::Space(args) => space::show(args, context),
        Account::SpaceCreate(args) => space::create(args, context),
        Account::SpaceDelete(args) => space::delete(args, context),
        Account::SpaceRestore(args) => deleted::space(args, context),
        Account::Deleted => deleted::list(context),
        Account::SpaceRename(args) => space_rename::run(args, context),
        Account::SpaceUsers(args) => members::space_users(args, context),
        Account::Users(args) => user::list(args, context),
        Account::UserInvite(args) => user::invite(args, context),
        Account::UserRemove(args) => user::remove(args, context),
        Account::Roles => roles::list(context),
        Account::RoleSet(args) => role::account(args, Change::Set, context),
        Account::RoleUnset(args) => role::account(args, Change::Unset, context),
        Account::OrgRoleSet(args) => role::org(args, Change::Set, context),
        Account::OrgRoleUnset(args) => role::org(args, Change::Unset, context),
        Account::SpaceRoleSet(args) => role::space(args, Change::Set, context),
        Account::SpaceRoleUnset(args) => role::space(args, Change::Unset, context),
        Account::Invitations => invitation::list(context),
        Account::Accept(args) => invitation::accept(args, context),
        Account::Decline(args) => invitation::decline(args, context),
        Account::Password(args) => user::password(args, context),
    }
}

/// What the list of accounts shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// As `account list` does.
    Usual,
    /// As `iam accounts` did: with the type in the third place.
    WithType,
}

/// One account under the names that scripts know.
#[derive(Serialize)]
struct Listed {
    #[serde(rename = "AccountGuid")]
    guid: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "OwnerUserID")]
    owner: String,
    #[serde(rename = "State")]
    state: String,
    #[serde(rename = "Type")]
    kind: String,
}

impl Listed {
    fn of(account: AccountResource) -> Self {
        let entity = account.entity;
        Self {
            guid: account.metadata.guid,
            name: entity.name,
            state: entity.state,
            owner: entity.owner_userid,
            kind: entity.kind,
        }
    }
}

impl Row for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Account GUID", |own| own.guid.clone()),
        Column::new("Name", |own| own.name.clone()),
        Column::wide("Type", |own| own.kind.clone()),
        Column::new("State", |own| own.state.clone()),
        Column::new("Owner User ID", |own| own.owner.clone()),
    ];
}

/// Lists the accounts the caller belongs to.
pub(crate) fn list(context: &Context, columns: Columns) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Retrieving all accounts of {}...", context.user()))?;
    let accounts = context.accounts()?;
    let accounts: Vec<Listed> = accounts.into_iter().map(Listed::of).collect();
    output.ok()?;
    let is_wide = columns == Columns::WithType;
    output.list(&accounts, is_wide, "No accounts found.")
}
