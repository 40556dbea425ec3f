//! Roles that policies give: `/v2/roles`.

use serde::{Deserialize, Serialize};

/// A role that every account has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NamedRole {
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    pub description: String,
    /// The actions it allows.
    pub actions: Vec<String>,
    /// Its CRN, as policies name it.
    pub crn: String,
}

/// A role of the account's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustomRole {
    /// Its id.
    pub id: String,
    /// Its name in its CRN.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// The actions it allows.
    pub actions: Vec<String>,
    /// Its CRN, as policies name it.
    pub crn: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The service that it is for.
    pub service_name: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by_id: String,
    /// When it was changed last.
    pub last_modified_at: String,
    /// The IAM id of the principal who changed it last.
    pub last_modified_by_id: String,
    /// Its address.
    pub href: String,
}

/// All roles that a policy of the account can give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RoleList {
    /// The account's own.
    pub custom_roles: Vec<CustomRole>,
    /// The service's.
    pub service_roles: Vec<NamedRole>,
    /// The platform's.
    pub system_roles: Vec<NamedRole>,
}

/// The body of `POST /v2/roles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateRole {
    /// Its name in its CRN: letters and digits, the first a capital letter.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The actions it allows.
    pub actions: Vec<String>,
    /// The account it shall belong to: the token's. Another one that the caller is in is refused with 403, and any other with 404.
    pub account_id: String,
    /// The service that it is for: `ibmcloud-monitoring`.
    pub service_name: String,
}

/// The body of `PUT /v2/roles/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateRole {
    /// Its name for people.
    pub display_name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The actions it allows.
    pub actions: Vec<String>,
}
