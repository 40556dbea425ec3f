//! Claim rules of trusted profiles: `/v1/profiles/{id}/rules`.

use super::rule_condition::RuleCondition;
use serde::{Deserialize, Serialize};

/// The body of `POST /v1/profiles/{id}/rules` and `PUT /v1/profiles/{id}/rules/{rule}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileRuleRequest {
    /// `Profile-SAML` for users, `Profile-CR` for compute resources.
    #[serde(rename = "type")]
    pub kind: String,
    /// The conditions, all of which must be met.
    pub conditions: Vec<RuleCondition>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With `Profile-SAML`: `IBMid`, the realm of this server's users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm_name: Option<String>,
    /// With `Profile-CR`: `VSI`, `PVS`, `BMS`, `IKS_SA`, `ROKS_SA` or `CE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_type: Option<String>,
    /// With `Profile-SAML`: how long a token lives at most that is issued by the rule, in seconds. With `Profile-CR` 3600 or left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<u32>,
}

/// A claim rule: those who meet all its conditions may take on the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileRule {
    /// `ClaimRule-<GUID>`.
    pub id: String,
    /// Changes with every change; goes into `If-Match`.
    pub entity_tag: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// When it was changed last.
    pub modified_at: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Profile-SAML` or `Profile-CR`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The realm of the users it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm_name: Option<String>,
    /// How long a token lives at most that is issued by the rule, in seconds.
    pub expiration: u32,
    /// What the compute resources run on that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cr_type: Option<String>,
    /// The conditions, all of which must be met.
    pub conditions: Vec<RuleCondition>,
}

/// The rules of a trusted profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProfileRuleList {
    /// The rules, the oldest first.
    pub rules: Vec<ProfileRule>,
}
