//! Reports of who has not authenticated for some time: `/v1/activity/accounts/{account}/report`.

use serde::{Deserialize, Serialize};

/// The answer to a report that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportReference {
    /// By which the report is read.
    pub reference: String,
}

/// Who had not authenticated, in the hours before the report was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActivityReport {
    /// Who asked for the report.
    pub created_by: String,
    /// Its reference.
    pub reference: String,
    /// The hours, as a text.
    pub report_duration: String,
    /// When they began: UTC, as `2017-11-01T12:00+0000`.
    pub report_start_time: String,
    /// When they ended.
    pub report_end_time: String,
    /// Users.
    pub users: Vec<UserActivity>,
    /// API keys.
    pub apikeys: Vec<ApiKeyActivity>,
    /// Service IDs.
    pub serviceids: Vec<EntityActivity>,
    /// Trusted profiles.
    pub profiles: Vec<EntityActivity>,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserActivity {
    /// The user.
    pub iam_id: String,
    /// The name to show.
    pub name: String,
    /// The user name, an e-mail address.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// When the user had last authenticated, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_authn: Option<String>,
}

/// An API key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApiKeyActivity {
    /// `ApiKey-<GUID>`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `user` or `serviceid`: whose it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The service ID whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviceid: Option<KeyOfService>,
    /// The user whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<KeyOfUser>,
    /// When it had last authenticated, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_authn: Option<String>,
}

/// The service ID that an API key is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyOfService {
    /// `ServiceId-<GUID>`.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The user that an API key is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyOfUser {
    /// The user.
    pub iam_id: String,
    /// The name to show.
    pub name: String,
    /// The user name, an e-mail address.
    pub username: String,
    /// E-mail address.
    pub email: String,
}

/// A service ID or trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EntityActivity {
    /// `ServiceId-<GUID>` or `Profile-<GUID>`.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it had last authenticated, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_authn: Option<String>,
}
