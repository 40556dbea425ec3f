//! The commands of `account`.

pub(crate) mod list;

use crate::command::role;
use crate::command::{deleted, invitation, members, org, roles, space, user};
use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `account`.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// List the accounts you belong to
    List,
    Orgs(org::list::OrgsArgs),
    Org(org::show::OrgArgs),
    OrgCreate(org::create::OrgCreateArgs),
    OrgDelete(org::delete::OrgDeleteArgs),
    OrgRename(org::rename::OrgRenameArgs),
    OrgRestore(deleted::org_restore::OrgRestoreArgs),
    OrgUsers(members::org_users::OrgUsersArgs),
    Spaces(space::list::SpacesArgs),
    Space(space::show::SpaceArgs),
    SpaceCreate(space::create::SpaceCreateArgs),
    SpaceDelete(space::delete::SpaceDeleteArgs),
    SpaceRestore(deleted::space_restore::SpaceRestoreArgs),
    /// List deleted spaces and organizations, and when their metrics go
    Deleted,
    SpaceRename(space::rename::SpaceRenameArgs),
    SpaceUsers(members::space_users::SpaceUsersArgs),
    Users(user::list::UsersArgs),
    UserInvite(user::invite::InviteArgs),
    UserRemove(user::remove::RemoveArgs),
    /// Show what each role allows
    Roles,
    /// Give a role in the account
    RoleSet(role::account::AccountRoleArgs),
    /// Take a role in the account
    RoleUnset(role::account::AccountRoleArgs),
    /// Give a role in an organization
    OrgRoleSet(role::org::OrgRoleArgs),
    /// Take a role in an organization
    OrgRoleUnset(role::org::OrgRoleArgs),
    /// Give a role in a space
    SpaceRoleSet(role::space::SpaceRoleArgs),
    /// Take a role in a space
    SpaceRoleUnset(role::space::SpaceRoleArgs),
    /// List the invitations into accounts that wait for you, after a login by password
    Invitations,
    Accept(invitation::accept::AcceptArgs),
    Decline(invitation::decline::DeclineArgs),
    Password(user::password::PasswordArgs),
}

/// Runs a command of `account`.
pub(crate) fn run(command: &Account, context: &Context) -> Result<(), Failure> {
    if matches!(command, Account::Roles) {
        return roles::list(context);
    }
    context.require_login()?;
    context.require_manager()?;
    match command {
        Account::List => list::run(context, list::Columns::Usual),
        Account::Orgs(args) => org::list::run(args, context),
        Account::Org(args) => org::show::run(args, context),
        Account::OrgCreate(args) => org::create::run(args, context),
        Account::OrgDelete(args) => org::delete::run(args, context),
        Account::OrgRename(args) => org::rename::run(args, context),
        Account::OrgRestore(args) => deleted::org_restore::run(args, context),
        Account::OrgUsers(args) => members::org_users::run(args, context),
        Account::Spaces(args) => space::list::run(args, context),
        Account::Space(args) => space::show::run(args, context),
        Account::SpaceCreate(args) => space::create::run(args, context),
        Account::SpaceDelete(args) => space::delete::run(args, context),
        Account::SpaceRestore(args) => deleted::space_restore::run(args, context),
        Account::Deleted => deleted::list::run(context),
        Account::SpaceRename(args) => space::rename::run(args, context),
        Account::SpaceUsers(args) => members::space_users::run(args, context),
        Account::Users(args) => user::list::run(args, context),
        Account::UserInvite(args) => user::invite::run(args, context),
        Account::UserRemove(args) => user::remove::run(args, context),
        Account::Roles => roles::list(context),
        Account::RoleSet(args) => role::account::set::run(args, context),
        Account::RoleUnset(args) => role::account::unset::run(args, context),
        Account::OrgRoleSet(args) => role::org::set::run(args, context),
        Account::OrgRoleUnset(args) => role::org::unset::run(args, context),
        Account::SpaceRoleSet(args) => role::space::set::run(args, context),
        Account::SpaceRoleUnset(args) => role::space::unset::run(args, context),
        Account::Invitations => invitation::list::run(context),
        Account::Accept(args) => invitation::accept::run(args, context),
        Account::Decline(args) => invitation::decline::run(args, context),
        Account::Password(args) => user::password::run(args, context),
    }
}
