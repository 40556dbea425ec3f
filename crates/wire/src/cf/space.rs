//! Spaces.

use serde::{Deserialize, Serialize};

/// A space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct SpaceEntity {
    /// Its name, unique in the organization.
    pub name: String,
    /// The organization it belongs to.
    pub organization_guid: String,
    /// `active`.
    pub status: String,
    /// The path of the organization.
    pub organization_url: String,
    /// The path of its managers.
    pub managers_url: String,
    /// The path of its developers.
    pub developers_url: String,
    /// The path of its auditors.
    pub auditors_url: String,
}

/// The body of `POST /v2/spaces`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateSpace {
    /// Its name.
    pub name: String,
    /// The organization it shall belong to.
    pub organization_guid: String,
}

/// The body of `PUT /v2/spaces/{guid}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SpaceName {
    /// Its new name.
    pub name: String,
}
