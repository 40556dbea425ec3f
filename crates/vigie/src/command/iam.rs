//! The commands of `iam`. Half of them are older names of commands under `account`.

use crate::command::role;
use crate::command::{
    account, api_key, members, org, service_api_key, service_id, space, tokens, user,
};
use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `iam`.
#[derive(Debug, Subcommand)]
pub(crate) enum Iam {
    /// Show the session's tokens, renewed if they have expired
    OauthTokens,
    Token(tokens::token::TokenArgs),
    /// Print the bare access token, as newer versions of the original do
    BearerToken,
    ApiKeys(api_key::list::ListArgs),
    ApiKeyCreate(api_key::create::CreateArgs),
    ApiKeyUpdate(api_key::update::UpdateArgs),
    ApiKeyDelete(api_key::delete::DeleteArgs),
    ApiKeyLock(api_key::lock::LockArgs),
    ApiKeyUnlock(api_key::unlock::UnlockArgs),
    ApiKeyDisable(api_key::disable::DisableArgs),
    ApiKeyEnable(api_key::enable::EnableArgs),
    ServiceIds(service_id::list::ListArgs),
    ServiceId(service_id::show::ShowArgs),
    ServiceIdCreate(service_id::create::CreateArgs),
    ServiceIdUpdate(service_id::update::UpdateArgs),
    /// Delete a service ID with its API keys and roles; its tokens are revoked at once
    ServiceIdDelete(service_id::OneArgs),
    /// Lock a service ID against changes and deletion; it gets no further keys
    ServiceIdLock(service_id::OneArgs),
    /// Unlock a service ID
    ServiceIdUnlock(service_id::OneArgs),
    ServiceApiKeys(service_api_key::list::ListArgs),
    ServiceApiKey(service_api_key::show::ShowArgs),
    ServiceApiKeyCreate(service_api_key::create::CreateArgs),
    ServiceApiKeyUpdate(service_api_key::update::UpdateArgs),
    ServiceApiKeyDelete(service_api_key::delete::DeleteArgs),
    ServiceApiKeyLock(service_api_key::lock::LockArgs),
    ServiceApiKeyUnlock(service_api_key::unlock::UnlockArgs),
    ServiceApiKeyDisable(service_api_key::disable::DisableArgs),
    ServiceApiKeyEnable(service_api_key::enable::EnableArgs),
    /// Older name of `account list`
    Accounts,
    /// Older name of `account users`
    AccountUsers(user::list::UsersArgs),
    /// Older name of `account user-invite`
    AccountUserInvite(user::invite::InviteArgs),
    /// Older name of `account orgs`
    Orgs(org::list::OrgsArgs),
    /// Older name of `account org`
    Org(org::show::OrgArgs),
    /// Older name of `account org-create`
    OrgCreate(org::create::OrgCreateArgs),
    /// Older name of `account org-delete`
    OrgDelete(org::delete::OrgDeleteArgs),
    /// Older name of `account org-rename`
    OrgRename(org::rename::OrgRenameArgs),
    /// Older name of `account org-users`
    OrgUsers(members::org_users::OrgUsersArgs),
    /// Older name of `account spaces`
    Spaces(space::list::SpacesArgs),
    /// Older name of `account space`
    Space(space::show::SpaceArgs),
    /// Older name of `account space-create`
    SpaceCreate(space::create::SpaceCreateArgs),
    /// Older name of `account space-delete`
    SpaceDelete(space::delete::SpaceDeleteArgs),
    /// Older name of `account space-rename`
    SpaceRename(space::rename::SpaceRenameArgs),
    /// Older name of `account space-users`
    SpaceUsers(members::space_users::SpaceUsersArgs),
    /// Older name of `account org-role-set`
    OrgRoleSet(role::org::OrgRoleArgs),
    /// Older name of `account org-role-unset`
    OrgRoleUnset(role::org::OrgRoleArgs),
    /// Older name of `account space-role-set`
    SpaceRoleSet(role::space::SpaceRoleArgs),
    /// Older name of `account space-role-unset`
    SpaceRoleUnset(role::space::SpaceRoleArgs),
}

/// Runs a command of `iam`.
pub(crate) fn run(command: &Iam, context: &Context) -> Result<(), Failure> {
    context.require_login()?;
    if !matches!(command, Iam::OauthTokens | Iam::Token(_) | Iam::BearerToken) {
        context.require_manager()?;
    }
    match command {
        Iam::OauthTokens => tokens::oauth_tokens::run(context),
        Iam::Token(args) => tokens::token::run(args, context),
        Iam::BearerToken => tokens::bearer_token::run(context),
        Iam::ApiKeys(args) => api_key::list::run(args, context),
        Iam::ApiKeyCreate(args) => api_key::create::run(args, context),
        Iam::ApiKeyUpdate(args) => api_key::update::run(args, context),
        Iam::ApiKeyDelete(args) => api_key::delete::run(args, context),
        Iam::ApiKeyLock(args) => api_key::lock::run(args, context),
        Iam::ApiKeyUnlock(args) => api_key::unlock::run(args, context),
        Iam::ApiKeyDisable(args) => api_key::disable::run(args, context),
        Iam::ApiKeyEnable(args) => api_key::enable::run(args, context),
        Iam::ServiceIds(args) => service_id::list::run(args, context),
        Iam::ServiceId(args) => service_id::show::run(args, context),
        Iam::ServiceIdCreate(args) => service_id::create::run(args, context),
        Iam::ServiceIdUpdate(args) => service_id::update::run(args, context),
        Iam::ServiceIdDelete(args) => service_id::delete::run(args, context),
        Iam::ServiceIdLock(args) => service_id::lock::run(args, context),
        Iam::ServiceIdUnlock(args) => service_id::unlock::run(args, context),
        Iam::ServiceApiKeys(args) => service_api_key::list::run(args, context),
        Iam::ServiceApiKey(args) => service_api_key::show::run(args, context),
        Iam::ServiceApiKeyCreate(args) => service_api_key::create::run(args, context),
        Iam::ServiceApiKeyUpdate(args) => service_api_key::update::run(args, context),
        Iam::ServiceApiKeyDelete(args) => service_api_key::delete::run(args, context),
        Iam::ServiceApiKeyLock(args) => service_api_key::lock::run(args, context),
        Iam::ServiceApiKeyUnlock(args) => service_api_key::unlock::run(args, context),
        Iam::ServiceApiKeyDisable(args) => service_api_key::disable::run(args, context),
        Iam::ServiceApiKeyEnable(args) => service_api_key::enable::run(args, context),
        Iam::Accounts => account::list::run(context, account::list::Columns::WithType),
        Iam::AccountUsers(args) => user::list::run(args, context),
        Iam::AccountUserInvite(args) => user::invite::run(args, context),
        Iam::Orgs(args) => org::list::run(args, context),
        Iam::Org(args) => org::show::run(args, context),
        Iam::OrgCreate(args) => org::create::run(args, context),
        Iam::OrgDelete(args) => org::delete::run(args, context),
        Iam::OrgRename(args) => org::rename::run(args, context),
        Iam::OrgUsers(args) => members::org_users::run(args, context),
        Iam::Spaces(args) => space::list::run(args, context),
        Iam::Space(args) => space::show::run(args, context),
        Iam::SpaceCreate(args) => space::create::run(args, context),
        Iam::SpaceDelete(args) => space::delete::run(args, context),
        Iam::SpaceRename(args) => space::rename::run(args, context),
        Iam::SpaceUsers(args) => members::space_users::run(args, context),
        Iam::OrgRoleSet(args) => role::org::set::run(args, context),
        Iam::OrgRoleUnset(args) => role::org::unset::run(args, context),
        Iam::SpaceRoleSet(args) => role::space::set::run(args, context),
        Iam::SpaceRoleUnset(args) => role::space::unset::run(args, context),
    }
}
