//! Groups of service IDs: `/v1/serviceid_groups`.

use serde::{Deserialize, Serialize};

/// A group of service IDs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceIdGroup {
    /// `ServiceIdGroup-<GUID>`.
    pub id: String,
    /// Changes with every change; goes into `If-Match`.
    pub entity_tag: String,
    /// The account it belongs to.
    pub account_id: String,
    /// Its cloud resource name.
    pub crn: String,
    /// Its name, unique in the account.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by: String,
    /// When it was changed last.
    pub modified_at: String,
}

/// The groups of an account, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceIdGroupList {
    /// The groups.
    pub serviceid_groups: Vec<ServiceIdGroup>,
}

/// The body of `POST /v1/serviceid_groups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateServiceIdGroup {
    /// The account it shall belong to: the token's. Another one that the caller is in is refused with 403, and any other with 404.
    pub account_id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The body of `PUT /v1/serviceid_groups/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateServiceIdGroup {
    /// Its name from now on.
    pub name: String,
    /// Its new description; absent: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
