//! The contents of the two configuration files. Keys this program does not know are kept in `other`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wire::secret::SecretText;

/// `config.json`: endpoints, the IAM session and the settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    #[serde(rename = "APIEndpoint")]
    pub(crate) api_endpoint: String,
    #[serde(rename = "IAMEndpoint")]
    pub(crate) iam_endpoint: String,
    #[serde(rename = "Region")]
    pub(crate) region: String,
    #[serde(rename = "RegionID")]
    pub(crate) region_id: String,
    /// With the word `Bearer` in front, as the original keeps it.
    #[serde(rename = "IAMToken")]
    pub(crate) iam_token: SecretText,
    #[serde(rename = "IAMRefreshToken")]
    pub(crate) iam_refresh_token: SecretText,
    #[serde(rename = "Account")]
    pub(crate) account: Account,
    #[serde(rename = "LoginAt", skip_serializing_if = "Option::is_none")]
    pub(crate) login_at: Option<String>,
    #[serde(
        rename = "LastSessionUpdateTime",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) last_session_update_time: Option<i64>,
    #[serde(rename = "TypeOfSSO")]
    pub(crate) type_of_sso: String,
    #[serde(rename = "SSLDisabled")]
    pub(crate) ssl_disabled: bool,
    #[serde(rename = "Locale")]
    pub(crate) locale: String,
    #[serde(rename = "Trace")]
    pub(crate) trace: String,
    #[serde(rename = "ColorEnabled")]
    pub(crate) color_enabled: String,
    #[serde(rename = "HTTPTimeout", skip_serializing_if = "Option::is_none")]
    pub(crate) http_timeout_s: Option<i64>,
    #[serde(rename = "CheckCLIVersionDisabled")]
    pub(crate) check_cli_version_disabled: bool,
    /// Ours: where metrics go, as the region says; empty: the API endpoint.
    #[serde(rename = "MetricsEndpoint", skip_serializing_if = "String::is_empty")]
    pub(crate) metrics_endpoint: String,
    /// Ours: the expiry of the login's token, once the server has refused to renew it.
    #[serde(rename = "RefusedExpiry", skip_serializing_if = "Option::is_none")]
    pub(crate) refused_expiry: Option<i64>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// The targeted account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Account {
    #[serde(rename = "GUID")]
    pub(crate) guid: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl Config {
    /// The colour setting, if there is one.
    pub(crate) fn color(&self) -> Option<bool> {
        self.color_enabled.parse().ok()
    }

    /// Copies the login from another version of this file: its tokens and its target.
    pub(crate) fn take_login(&mut self, from: &Self) {
        self.clear_session();
        self.api_endpoint.clone_from(&from.api_endpoint);
        self.iam_endpoint.clone_from(&from.iam_endpoint);
        self.metrics_endpoint.clone_from(&from.metrics_endpoint);
        self.ssl_disabled = from.ssl_disabled;
        self.iam_token = from.iam_token.clone();
        self.iam_refresh_token = from.iam_refresh_token.clone();
        self.account = from.account.clone();
        self.region.clone_from(&from.region);
        self.region_id.clone_from(&from.region_id);
        self.login_at.clone_from(&from.login_at);
        self.last_session_update_time = from.last_session_update_time;
    }

    /// Forgets the login and nothing else.
    pub(crate) fn clear_session(&mut self) {
        self.iam_token = SecretText::default();
        self.iam_refresh_token = SecretText::default();
        self.account = Account::default();
        self.login_at = None;
        self.refused_expiry = None;
        for key in [
            "Profile",
            "CRIType",
            "IsLoggedInAsCRI",
            "ResourceGroup",
            "PaginationURLs",
        ] {
            self.other.remove(key);
        }
    }
}

/// `.cf/config.json`: the Cloud Foundry session with its organization and space.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CfConfig {
    pub(crate) config_version: i64,
    pub(crate) target: String,
    #[serde(rename = "APIVersion")]
    pub(crate) api_version: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) uaa_endpoint: String,
    /// With the word `bearer` in front.
    pub(crate) access_token: SecretText,
    pub(crate) refresh_token: SecretText,
    #[serde(rename = "UAAOAuthClient")]
    pub(crate) uaa_oauth_client: String,
    #[serde(rename = "UAAOAuthClientSecret")]
    pub(crate) uaa_oauth_client_secret: SecretText,
    pub(crate) organization_fields: DomainFields,
    pub(crate) space_fields: DomainFields,
    #[serde(rename = "SSLDisabled")]
    pub(crate) ssl_disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_at: Option<String>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl Default for CfConfig {
    fn default() -> Self {
        Self {
            config_version: 4,
            target: String::new(),
            api_version: String::new(),
            authorization_endpoint: String::new(),
            uaa_endpoint: String::new(),
            access_token: SecretText::default(),
            refresh_token: SecretText::default(),
            uaa_oauth_client: "cf".to_owned(),
            uaa_oauth_client_secret: SecretText::default(),
            organization_fields: DomainFields::default(),
            space_fields: DomainFields::default(),
            ssl_disabled: false,
            login_at: None,
            other: Map::new(),
        }
    }
}

impl CfConfig {
    /// Forgets the login and nothing else.
    pub(crate) fn clear_session(&mut self) {
        self.access_token = SecretText::default();
        self.refresh_token = SecretText::default();
        self.clear_target();
        self.login_at = None;
    }

    /// Targets no organization and no space.
    pub(crate) fn clear_target(&mut self) {
        self.organization_fields = DomainFields::default();
        self.space_fields = DomainFields::default();
    }

    /// Clears the target if it is in this organization.
    pub(crate) fn forget_org(&mut self, guid: &str) {
        if self.organization_fields.guid == guid {
            self.clear_target();
        }
    }

    /// Targets no space if it was this one; its organization stays targeted.
    pub(crate) fn forget_space(&mut self, guid: &str) {
        if self.space_fields.guid == guid {
            self.space_fields = DomainFields::default();
        }
    }
}

/// The targeted organization or space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DomainFields {
    #[serde(rename = "GUID")]
    pub(crate) guid: String,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_out_keeps_endpoints_and_settings() {
        let mut config: Config = serde_json::from_str(
            r#"{"APIEndpoint":"x","Region":"r","IAMToken":"Bearer t","Profile":{"ID":"p"},"Locale":"fr_FR"}"#,
        )
        .unwrap();
        assert!(!format!("{config:?}").contains("Bearer t"));
        config.clear_session();
        assert_eq!(
            (
                config.api_endpoint.as_str(),
                config.region.as_str(),
                config.locale.as_str()
            ),
            ("x", "r", "fr_FR")
        );
        assert!(config.iam_token.is_empty() && !config.other.contains_key("Profile"));
    }
}
