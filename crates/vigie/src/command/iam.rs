//! The commands of `iam`. Half of them are older names of commands under `account`.

use crate::command::api_key::switch::Switch;
use crate::command::role::{self, Change};
use crate::command::service_id::lock::Lock;
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
    /// Delete an API key; its tokens are useless at once
    ApiKeyDelete(api_key::OneArgs),
    /// Lock an API key: safe from change and deletion; it works all the same
    ApiKeyLock(api_key::OneArgs),
    /// Unlock an API key
    ApiKeyUnlock(api_key::OneArgs),
    /// Disable an API key; its tokens are useless at once
    ApiKeyDisable(api_key::OneArgs),
    /// Enable an API key again
    ApiKeyEnable(api_key::OneArgs),
    ServiceIds(service_id::list::ListArgs),
    ServiceId(service_id::show::ShowArgs),
    ServiceIdCreate(service_id::create::CreateArgs),
    ServiceIdUpdate(service_id::update::UpdateArgs),
    /// Delete a service ID with its API keys and roles; its tokens are useless at once
    ServiceIdDelete(service_id::OneArgs),
    /// Lock a service ID: safe from change and deletion, and it gets no further keys
    ServiceIdLock(service_id::OneArgs),
    /// Unlock a service ID
    ServiceIdUnlock(service_id::OneArgs),
    ServiceApiKeys(service_api_key::list::ListArgs),
    ServiceApiKey(service_api_key::show::ShowArgs),
    ServiceApiKeyCreate(service_api_key::create::CreateArgs),
    ServiceApiKeyUpdate(service_api_key::change::UpdateArgs),
    /// Delete an API key of a service ID; its tokens are useless at once
    ServiceApiKeyDelete(service_api_key::OneArgs),
    /// Lock an API key of a service ID: safe from change and deletion; it works all the same
    ServiceApiKeyLock(service_api_key::OneArgs),
    /// Unlock an API key of a service ID
    ServiceApiKeyUnlock(service_api_key::OneArgs),
    /// Disable an API key of a service ID; its tokens are useless at once
    ServiceApiKeyDisable(service_api_key::OneArgs),
    /// Enable an API key of a service ID again
    ServiceApiKeyEnable(service_api_key::OneArgs),
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
        Iam::ApiKeyLock(args) => api_key::switch::run(args, Switch::Lock, context),
        Iam::ApiKeyUnlock(args) => api_key::switch::run(args, Switch::Unlock, context),
        Iam::ApiKeyDisable(args) => api_key::switch::run(args, Switch::Disable, context),
        Iam::ApiKeyEnable(args) => api_key::switch::run(args, Switch::Enable, context),
        Iam::ServiceIds(args) => service_id::list::run(args, context),
        Iam::ServiceId(args) => service_id::show::run(args, context),
        Iam::ServiceIdCreate(args) => service_id::create::run(args, context),
        Iam::ServiceIdUpdate(args) => service_id::update::run(args, context),
        Iam::ServiceIdDelete(args) => service_id::delete::run(args, context),
        Iam::ServiceIdLock(args) => service_id::lock::run(args, Lock::Lock, context),
        Iam::ServiceIdUnlock(args) => service_id::lock::run(args, Lock::Unlock, context),
        Iam::ServiceApiKeys(args) => service_api_key::list::run(args, context),
        Iam::ServiceApiKey(args) => service_api_key::show::run(args, context),
        Iam::ServiceApiKeyCreate(args) => service_api_key::create::run(args, context),
        Iam::ServiceApiKeyUpdate(args) => service_api_key::change::update(args, context),
        Iam::ServiceApiKeyDelete(args) => service_api_key::change::delete(args, context),
        Iam::ServiceApiKeyLock(args) => {
            service_api_key::change::switch(args, Switch::Lock, context)
        }
        Iam::ServiceApiKeyUnlock(args) => {
            service_api_key::change::switch(args, Switch::Unlock, context)
        }
        Iam::ServiceApiKeyDisable(args) => {
            service_api_key::change::switch(args, Switch::Disable, context)
        }
        Iam::ServiceApiKeyEnable(args) => {
            service_api_key::change::switch(args, Switch::Enable, context)
        }
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
        Iam::OrgRoleSet(args) => role::org::run(args, Change::Set, context),
        Iam::OrgRoleUnset(args) => role::org::run(args, Change::Unset, context),
        Iam::SpaceRoleSet(args) => role::space::run(args, Change::Set, context),
        Iam::SpaceRoleUnset(args) => role::space::run(args, Change::Unset, context),
    }
}
