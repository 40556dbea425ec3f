//! Organizations.

use serde::{Deserialize, Serialize};

/// An organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct OrganizationEntity {
    /// Its name, unique in the account.
    pub name: String,
    /// `active`.
    pub status: String,
    /// The region it lives in (ours).
    pub region: String,
    /// The path of its spaces.
    pub spaces_url: String,
    /// The path of its users.
    pub users_url: String,
    /// The path of its managers.
    pub managers_url: String,
    /// The path of its billing managers.
    pub billing_managers_url: String,
    /// The path of its auditors.
    pub auditors_url: String,
}

/// The body that makes or renames an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrganizationName {
    /// Its name.
    pub name: String,
}

/// A user as an organization or space lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct MemberEntity {
    /// The user name, an e-mail address; of a service ID, its IAM id.
    pub username: String,
    /// Whether the user can log in.
    pub active: bool,
    /// Whether the user is an administrator of the server.
    pub admin: bool,
}
