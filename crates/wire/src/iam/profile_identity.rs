//! The identities that trusted profiles name: `/v1/profiles/{id}/identities`.

use serde::{Deserialize, Serialize};

/// A user or service ID that shall be let to take on a trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileIdentityRequest {
    /// The IAM id of a user, or the id of a service ID.
    pub identifier: String,
    /// `user` or `serviceid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its IAM id, as answers have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_id: Option<String>,
    /// Of a user: the account of the profile alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The body of `PUT /v1/profiles/{id}/identities`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SetProfileIdentities {
    /// All that the profile shall name.
    pub identities: Vec<ProfileIdentityRequest>,
}

/// A user or service ID that may take on a trusted profile because the profile names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileIdentity {
    /// The IAM id.
    pub iam_id: String,
    /// The IAM id of a user, or the id of a service ID.
    pub identifier: String,
    /// `user` or `serviceid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a user: the account out of which they take on the profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The identities of a trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileIdentities {
    /// Changes with every change of the identities; goes into `If-Match`.
    pub entity_tag: String,
    /// The identities.
    pub identities: Vec<ProfileIdentity>,
}
