//! The settings of an account: `/v1/accounts/{account}/settings/identity`. Numbers are texts, and `NOT_SET` is none.

use crate::iam::history::HistoryEntry;
use serde::{Deserialize, Serialize};

/// The settings of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountSettings {
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Changes with every change; goes into `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_tag: Option<String>,
    /// Always `RESTRICTED`: Administrators make service IDs.
    pub restrict_create_service_id: String,
    /// `RESTRICTED`: Administrators alone make API keys for themselves; else `NOT_RESTRICTED` or `NOT_SET`.
    pub restrict_create_platform_apikey: String,
    /// Always `RESTRICTED`: Administrators list users.
    pub restrict_user_list_visibility: String,
    /// The addresses, networks and ranges that tokens are given to, separated by commas; empty for all.
    pub allowed_ip_addresses: String,
    /// `NONE`, or `NONE_NO_ROPC`: no program gets a token for a password.
    pub mfa: String,
    /// Always empty: there is nothing to exempt users from.
    pub user_mfa: Vec<UserMfa>,
    /// Always empty: who may be invited is not restricted by domains.
    pub restrict_user_domains: Vec<UserDomains>,
    /// How many seconds after its proof a user's session ends.
    pub session_expiration_in_seconds: String,
    /// For how many seconds a user's session may be unused.
    pub session_invalidation_in_seconds: String,
    /// How many sessions of one user or service ID live at once.
    pub max_sessions_per_identity: String,
    /// How many seconds an access token lives at most that is of no user's session.
    pub system_access_token_expiration_in_seconds: String,
    /// How many seconds a refresh token lives at most that is of no user's session.
    pub system_refresh_token_expiration_in_seconds: String,
    /// The changes made to them, the latest first, where `include_history` asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
}

/// A user with rules of their own, which are not served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserMfa {
    /// The user's IAM id.
    #[serde(default)]
    pub iam_id: String,
    /// The rule.
    #[serde(default)]
    pub mfa: String,
}

/// Domains of a realm that users may be invited from, which are not served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserDomains {
    /// The realm.
    #[serde(default)]
    pub realm_id: String,
    /// Patterns of the addresses that may be invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation_email_allow_patterns: Option<Vec<String>>,
    /// Whether nobody else may be invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_invitation: Option<bool>,
}

/// The body of `PUT /v1/accounts/{account}/settings/identity`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateAccountSettings {
    /// `RESTRICTED` or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_create_service_id: Option<String>,
    /// `RESTRICTED`, `NOT_RESTRICTED` or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_create_platform_apikey: Option<String>,
    /// `RESTRICTED` or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_user_list_visibility: Option<String>,
    /// Addresses, networks and ranges, separated by commas; empty or `NOT_SET` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_ip_addresses: Option<String>,
    /// `NONE` or `NONE_NO_ROPC`; `NOT_SET` is `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<String>,
    /// Empty alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_mfa: Option<Vec<UserMfa>>,
    /// Empty alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_user_domains: Option<Vec<UserDomains>>,
    /// `900` to `86400`, or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expiration_in_seconds: Option<String>,
    /// `900` to `7200`, or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_invalidation_in_seconds: Option<String>,
    /// `1` or more, or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_sessions_per_identity: Option<String>,
    /// `900` to `3600`, or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_access_token_expiration_in_seconds: Option<String>,
    /// `900` to `259200`, or `NOT_SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_refresh_token_expiration_in_seconds: Option<String>,
}

/// The settings in force in an account, with the server's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EffectiveAccountSettings {
    /// The account.
    pub account_id: String,
    /// The settings in force.
    pub effective: AccountSettings,
    /// The settings of the account itself.
    pub account: AccountSettings,
    /// Always empty: there are no templates.
    pub assigned_templates: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_only_what_it_changes() {
        let text = "{\"mfa\":\"NONE\",\"user_mfa\":[{\"iam_id\":\"IBMid-1\",\"mfa\":\"TOTP\"}]}";
        let change: UpdateAccountSettings = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&change).unwrap(), text);
    }
}
