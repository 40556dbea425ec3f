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
    /// Trusted profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<bool>,
    /// Ids of access groups: the dynamic rules of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_rules_per_group: Option<Vec<String>>,
    /// Ids of trusted profiles: the claim rules of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_rules_per_profile: Option<Vec<String>>,
    /// Links of all trusted profiles to compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_links: Option<bool>,
    /// Ids of trusted profiles: the links of each to compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_links_per_profile: Option<Vec<String>>,
    /// Rules of all trusted profiles about compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_rules: Option<bool>,
    /// Ids of trusted profiles: the rules of each about compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_rules_per_profile: Option<Vec<String>>,
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
    /// Trusted profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<LimitCount>,
    /// Dynamic rules of each access group that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_rules_per_group: Option<ClaimRulesPerGroup>,
    /// Claim rules of each trusted profile that was named, those about compute resources among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_rules_per_profile: Option<CountsPerProfile>,
    /// Links of all trusted profiles to compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_links: Option<LimitCount>,
    /// Links of each trusted profile that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_links_per_profile: Option<CountsPerProfile>,
    /// Rules of all trusted profiles about compute resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_rules: Option<LimitCount>,
    /// Rules about compute resources of each trusted profile that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_rules_per_profile: Option<CountsPerProfile>,
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
    /// As many service IDs are in it, or dynamic rules belong to it.
    pub count: u64,
}

/// Dynamic rules by access group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClaimRulesPerGroup {
    /// As many there may be in the account.
    pub limit: u64,
    /// The access groups.
    pub access_groups: Vec<GroupCount>,
}

/// What belongs to trusted profiles, by profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CountsPerProfile {
    /// As many each profile may have.
    pub limit: u64,
    /// The profiles.
    pub profiles: Vec<ProfileCount>,
}

/// A trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileCount {
    /// Its id.
    pub profile_id: String,
    /// As many are counted of it.
    pub count: u64,
}

/// API keys by their principals.
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
