//! Resource groups and quota definitions: `/v2/resource_groups` and `/v2/quota_definitions`.

use serde::{Deserialize, Serialize};

/// A resource group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceGroup {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its cloud resource name.
    pub crn: String,
    /// The account it belongs to.
    pub account_id: String,
    /// Its name, unique in the account.
    pub name: String,
    /// `ACTIVE`.
    pub state: String,
    /// Whether it is the account's first one, which is there from the beginning and stays.
    pub default: bool,
    /// The id of its quota definition.
    pub quota_id: String,
    /// The path of its quota definition.
    pub quota_url: String,
    /// Always empty.
    #[serde(default)]
    pub resource_linkages: Vec<String>,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

/// The resource groups of an account: the first one, then the others by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceGroupList {
    /// The groups.
    pub resources: Vec<ResourceGroup>,
}

/// The body of `POST /v2/resource_groups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateResourceGroup {
    /// Its name.
    pub name: String,
    /// The account it shall belong to: the token's. Another one that the caller is in is refused with 403, and any other with 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// The answer to `POST /v2/resource_groups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreatedResourceGroup {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its cloud resource name.
    pub crn: String,
}

/// The body of `PATCH /v2/resource_groups/{id}`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateResourceGroup {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ACTIVE`, the one state of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A quota definition: how many resources an account may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuotaDefinition {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `ACCOUNT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many instances an account may have: one for each of its spaces.
    pub number_of_service_instances: u64,
    /// How many of them may have the plan `lite`.
    pub default_number_of_instances_per_lite_plan: u64,
    /// The same for each service.
    #[serde(default)]
    pub resource_quotas: Vec<ResourceQuota>,
}

/// How many instances of one service an account may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceQuota {
    /// The name of the service.
    #[serde(rename = "_id")]
    pub id: String,
    /// The name of the service.
    pub resource_id: String,
    /// How many.
    pub limit: u64,
}

/// The quota definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuotaDefinitionList {
    /// The definitions.
    pub resources: Vec<QuotaDefinition>,
}
