//! Decisions about access: `/v2/authz`.

use serde::{Deserialize, Serialize};

/// One question: whether a subject may do something with a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthzRequest {
    /// The identity that would act.
    pub subject: AuthzSubject,
    /// With what.
    pub resource: AuthzResource,
    /// The action, such as `domain.render`.
    pub action: String,
}

/// The identity that would act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthzSubject {
    /// The subject by its IAM id: dynamic rules of access groups count for it as if it had just logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<AuthzSubjectAttributes>,
    /// The subject by the middle part of its access token, with which dynamic rules of access groups count from its `auth_time`.
    #[serde(
        default,
        rename = "accessTokenBody",
        skip_serializing_if = "Option::is_none"
    )]
    pub access_token_body: Option<String>,
}

/// The subject by its IAM id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthzSubjectAttributes {
    /// Its IAM id.
    pub id: String,
    /// The scope of its token: taken, and without meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// The resource, by its CRN or by attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthzResource {
    /// Its CRN, whose scope is `a/ACCOUNT`, `o/ORGANIZATION` or `s/SPACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crn: Option<String>,
    /// The resource by attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<AuthzResourceAttributes>,
}

/// The resource by attributes: the space, else that of the instance, else the organization, else the account. What else is named
/// must be true of it, or nothing is permitted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthzResourceAttributes {
    /// The service: `ibmcloud-monitoring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// The type of the service: `service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// The kind of the resource: `account`, `organization` or `space`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space_id: Option<String>,
    /// The instance of the service: it stands for its space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_instance: Option<String>,
    /// The resource group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group_id: Option<String>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// The answers, in the order of the questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuthzReply {
    /// The answers.
    pub responses: Vec<AuthzResponse>,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthzResponse {
    /// `200`; `400` where the question names an action that there is not.
    pub status: String,
    /// The decision.
    pub authorization_decision: AuthzDecision,
    /// Why there is no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AuthzError>,
}

/// What is wrong with one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuthzError {
    /// The code.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// A decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuthzDecision {
    /// Whether the subject may do it now.
    pub permitted: bool,
    /// Further details of a permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligation: Option<AuthzObligation>,
}

/// The other actions that the subject may perform on the resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthzObligation {
    /// All that it may do there.
    pub actions: Vec<String>,
    /// For how many seconds the answer may be kept: none, as roles are taken away at once.
    pub max_cache_age_seconds: u64,
}
