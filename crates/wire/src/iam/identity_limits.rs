//! How much an account has of what identities are made of: `/v1/accounts/{account}/limits/identity`.

use serde::{Deserialize, Serialize};

/// The body of `POST /v1/accounts/{account}/limits/identity`: which counters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityLimitsRequest {
    /// Groups of service IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviceid_groups: Option<bool>,
    /// Ids of groups: the service IDs of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviceids_per_group: Option<Vec<String>>,
    /// IAM ids: the API keys of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikeys_per_identity: Option<Vec<String>>,
}

/// The counters asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityLimits {
    /// Groups of service IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviceid_groups: Option<LimitCount>,
    /// Service IDs of each group that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serviceids_per_group: Option<ServiceIdsPerGroup>,
    /// API keys of each user and service ID that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikeys_per_identity: Option<ApiKeysPerIdentity>,
}

/// A limit, and how much is used of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitCount {
    /// As many there may be.
    pub limit: u64,
    /// As many there are.
    pub count: u64,
}

/// Service IDs by group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ServiceIdsPerGroup {
    /// As many there may be in the account.
    pub limit: u64,
    /// The groups.
    pub serviceid_groups: Vec<GroupCount>,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupCount {
    /// Its id.
    pub group_id: String,
    /// As many service IDs are in it.
    pub count: u64,
}

/// API keys by whom they prove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApiKeysPerIdentity {
    /// As many each may have.
    pub limit: u64,
    /// The users and service IDs.
    pub identities: Vec<IdentityCount>,
}

/// A user or a service ID.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityCount {
    /// The IAM id.
    pub iam_id: String,
    /// As many keys are theirs.
    pub count: u64,
}
