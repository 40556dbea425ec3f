//! Trusted profiles as objects: `/v1/profiles`.

use crate::iam::activity::Activity;
use crate::iam::history::HistoryEntry;
use serde::{Deserialize, Serialize};

/// A trusted profile: rights that users, service IDs and compute resources take on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TrustedProfile {
    /// `Profile-<GUID>`.
    pub id: String,
    /// Changes with every change; goes into `If-Match`.
    pub entity_tag: String,
    /// Its cloud resource name.
    pub crn: String,
    /// Its name, unique in the account.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An address to write to about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// When it was changed last, or its rules, links or identities.
    pub modified_at: String,
    /// `iam-` and its id: what a role and a policy are given to.
    pub iam_id: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The changes made to it, the latest first, where `include_history` asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
    /// When it was taken on last, and how often, where `include_activity` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// A page of trusted profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TrustedProfileList {
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
    /// The profiles.
    pub profiles: Vec<TrustedProfile>,
}

/// The body of `POST /v1/profiles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateTrustedProfile {
    /// Its name.
    pub name: String,
    /// The account it shall belong to: the token's. Another one that the caller is in is refused with 403, and any other with 404.
    pub account_id: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An address to write to about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The body of `PUT /v1/profiles/{id}`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateTrustedProfile {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sdk_sends_is_read() {
        let text = "{\"name\":\"ops\",\"account_id\":\"0a\",\"description\":\"at night\"}";
        let wanted: CreateTrustedProfile = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
    }
}
