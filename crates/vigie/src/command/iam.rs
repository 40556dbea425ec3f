//! `iam`: which commands it has. Half of them are older names of what is now under `account`.

use crate::command::role::{self, Change};
use crate::command::{account, api_key, members, org, space, space_rename, tokens, user};
use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `iam`.
#[derive(Debug, Subcommand)]
pub(crate) enum Iam {
    /// Show the session's tokens, renewed if they have expired
    OauthTokens,
    /// Print the bare access token, ready for scripts
    Token(tokens::TokenArgs),
    /// Print the bare access token, as newer versions of the original do
    BearerToken,
    /// List your API keys
    ApiKeys(api_key::ListArgs),
    /// Create an API key
    ApiKeyCreate(api_key::CreateArgs),
    /// Change name or description of an API key
    ApiKeyUpdate(api_key::UpdateArgs),
    /// Delete an API key; its tokens are useless at once
    ApiKeyDelete(api_key::OneArgs),
    /// Lock an API key: useless at once, and safe from change and deletion
    ApiKeyLock(api_key::OneArgs),
    /// Unlock an API key
    ApiKeyUnlock(api_key::OneArgs),
    /// Disable an API key; its tokens are useless at once
    ApiKeyDisable(api_key::OneArgs),
    /// Enable an API key again
    ApiKeyEnable(api_key::OneArgs),
    /// Older name of `account list`
    Accounts,
    /// Older name of `account users`
    AccountUsers(user::UsersArgs),
    /// Older name of `account user-invite`
    AccountUserInvite(user::InviteArgs),
    /// Older name of `account orgs`
    Orgs(org::OrgsArgs),
    /// Older name of `account org`
    Org(org::OrgArgs),
    /// Older name of `account org-create`
    OrgCreate(org::OrgCreateArgs),
    /// Older name of `account org-delete`
    OrgDelete(org::OrgDeleteArgs),
    /// Older name of `account org-rename`
    OrgRename(org::OrgRenameArgs),
    /// Older name of `account org-users`
    OrgUsers(members::OrgUsersArgs),
    /// Older name of `account spaces`
    Spaces(space::SpacesArgs),
    /// Older name of `account space`
    Space(space::SpaceArgs),
    /// Older name of `account space-create`
    SpaceCreate(space::SpaceCreateArgs),
    /// Older name of `account space-delete`
    SpaceDelete(space::SpaceDeleteArgs),
    /// Older name of `account space-rename`
    SpaceRename(space_rename::SpaceRenameArgs),
    /// Older name of `account space-users`
    SpaceUsers(members::SpaceUsersArgs),
    /// Older name of `account org-role-set`
    OrgRoleSet(role::OrgRoleArgs),
    /// Older name of `account org-role-unset`
    OrgRoleUnset(role::OrgRoleArgs),
    /// Older name of `account space-role-set`
    SpaceRoleSet(role::SpaceRoleArgs),
    /// Older name of `account space-role-unset`
    SpaceRoleUnset(role::SpaceRoleArgs),
}

/// Runs a command of `iam`.
pub(crate) fn run(command: &Iam, context: &Context) -> Result<(), Failure> {
    context.require_login()?;
    match command {
        Iam::OauthTokens => tokens::oauth_tokens(context),
        Iam::Token(args) => tokens::token(args, context),
        Iam::BearerToken => tokens::bearer_token(context),
        Iam::ApiKeys(args) => api_key::list(args, context),
        Iam::ApiKeyCreate(args) => api_key::create(args, context),
        Iam::ApiKeyUpdate(args) => api_key::update(args, context),
        Iam::ApiKeyDelete(args) => api_key::delete(args, context),
        Iam::ApiKeyLock(args) => api_key::switch(args, api_key::Switch::Lock, context),
        Iam::ApiKeyUnlock(args) => api_key::switch(args, api_key::Switch::Unlock, context),
        Iam::ApiKeyDisable(args) => api_key::switch(args, api_key::Switch::Disable, context),
        Iam::ApiKeyEnable(args) => api_key::switch(args, api_key::Switch::Enable, context),
        Iam::Accounts => account::list(context, account::Columns::WithType),
        Iam::AccountUsers(args) => user::list(args, context),
        Iam::AccountUserInvite(args) => user::invite(args, context),
        Iam::Orgs(args) => org::list(args, context),
        Iam::Org(args) => org::show(args, context),
        Iam::OrgCreate(args) => org::create(args, context),
        Iam::OrgDelete(args) => org::delete(args, context),
        Iam::OrgRename(args) => org::rename(args, context),
        Iam::OrgUsers(args) => members::org_users(args, context),
        Iam::Spaces(args) => space::list(args, context),
        Iam::Space(args) => space::show(args, context),
        Iam::SpaceCreate(args) => space::create(args, context),
        Iam::SpaceDelete(args) => space::delete(args, context),
        Iam::SpaceRename(args) => space_rename::run(args, context),
        Iam::SpaceUsers(args) => members::space_users(args, context),
        Iam::OrgRoleSet(args) => role::org(args, Change::Set, context),
        Iam::OrgRoleUnset(args) => role::org(args, Change::Unset, context),
        Iam::SpaceRoleSet(args) => role::space(args, Change::Set, context),
        Iam::SpaceRoleUnset(args) => role::space(args, Change::Unset, context),
    }
}
