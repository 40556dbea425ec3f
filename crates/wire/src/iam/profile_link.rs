//! Links of trusted profiles to compute resources: `/v1/profiles/{id}/links`.

use serde::{Deserialize, Serialize};

/// The compute resource of a link. What is absent may be anything; one part must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkedComputeResource {
    /// Its CRN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crn: Option<String>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not served: leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_type: Option<String>,
    /// Not served: leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_name: Option<String>,
}

/// The body of `POST /v1/profiles/{id}/links`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateProfileLink {
    /// `VSI`, `PVS`, `BMS`, `IKS_SA`, `ROKS_SA` or `CE`.
    pub cr_type: String,
    /// The compute resource.
    pub link: LinkedComputeResource,
    /// The name of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `false` alone is served: a profile is for compute resources of its own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_cross_account: Option<bool>,
}

/// A compute resource that may take on the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileLink {
    /// `Link-<GUID>`.
    pub id: String,
    /// The version, which never changes.
    pub entity_tag: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The same.
    pub modified_at: String,
    /// The name of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the compute resource runs on.
    pub cr_type: String,
    /// The compute resource.
    pub link: LinkedComputeResource,
}

/// The links of a trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileLinkList {
    /// The links, the oldest first.
    pub links: Vec<ProfileLink>,
}
