//! Service IDs as objects: `/v1/serviceids`.

use crate::iam::activity::Activity;
use crate::iam::api_key::ApiKey;
use crate::iam::history::HistoryEntry;
use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// One service ID: a program with an identity of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceId {
    /// `ServiceId-<GUID>`.
    pub id: String,
    /// `iam-` and its id: what a key and a role are given to.
    pub iam_id: String,
    /// Changes with every change; goes into `If-Match`.
    pub entity_tag: String,
    /// Its cloud resource name.
    pub crn: String,
    /// Whether it is locked against changes.
    pub locked: bool,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// When it was changed last.
    pub modified_at: String,
    /// The account it belongs to.
    pub account_id: String,
    /// Its name; several may have the same.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// The CRNs of what it is for.
    #[serde(default)]
    pub unique_instance_crns: Vec<String>,
    /// The group by which it is listed, where `show_group_id` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The key that was made with it, on creation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey: Option<ApiKey>,
    /// The changes made to it, the latest first, where `include_history` asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
    /// When it has authenticated last, and how often, where `include_activity` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// A page of service IDs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceIdList {
    /// How many came before this page.
    #[serde(default)]
    pub offset: u64,
    /// How many a page holds at most.
    #[serde(default)]
    pub limit: u64,
    /// The address of the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The address of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The address of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The service IDs.
    pub serviceids: Vec<ServiceId>,
}

/// The body of `POST /v1/serviceids`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateServiceId {
    /// The account it shall belong to: the token's. Another one that the caller is in is refused with 403, and any other with 404.
    pub account_id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The group by which it shall be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// The CRNs of what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_instance_crns: Option<Vec<String>>,
    /// A key that shall be made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey: Option<CreateKeyWithService>,
}

/// A key that is made with its service ID.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateKeyWithService {
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A key of the caller's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey: Option<SecretText>,
    /// Whether the key's text shall be kept: `false` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_value: Option<bool>,
    /// The action if it leaks: `none` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_when_leaked: Option<String>,
    /// When it shall cease to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// The body of `PUT /v1/serviceids/{id}`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateServiceId {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The CRNs of what it is for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_instance_crns: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sdk_sends_is_read_and_a_key_is_hidden_from_logs() {
        let text = "{\"account_id\":\"0a\",\"name\":\"ci\",\"apikey\":{\"name\":\"first\",\"apikey\":\"hunter2\"}}";
        let wanted: CreateServiceId = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
        assert!(!format!("{wanted:?}").contains("hunter2"));
    }
}
