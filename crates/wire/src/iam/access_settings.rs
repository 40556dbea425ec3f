//! Settings of access management: `/v1/accounts/{account}/settings/access_management`.

use serde::{Deserialize, Serialize};

/// How identities of other accounts may act in an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessSettings {
    /// How identities of other accounts may act in this one.
    pub external_account_identity_interaction: ExternalInteraction,
}

/// How identities of other accounts may act, by their kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExternalInteraction {
    /// The kinds.
    #[serde(default)]
    pub identity_types: IdentityTypes,
}

/// The kinds of identities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityTypes {
    /// Users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<IdentityType>,
    /// Service IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<IdentityType>,
    /// Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<IdentityType>,
}

/// Whether identities of a kind may act in other accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityType {
    /// `limited`: those of the account itself, and of the allowed ones.
    pub state: String,
    /// The allowed accounts: none.
    #[serde(default)]
    pub external_allowed_accounts: Vec<String>,
}

/// The body of `PATCH`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateAccessSettings {
    /// How identities of other accounts shall act in this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_account_identity_interaction: Option<ExternalInteraction>,
}
