//! Conditions of rules about claims: of dynamic rules of access groups, and of claim rules of trusted profiles.

use serde::{Deserialize, Serialize};

/// A condition of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RuleCondition {
    /// What is compared: of users `email`, `sub`, `name`, `given_name`, `family_name`, `iam_id`, `id` or `realmid`; of compute
    /// resources, which rules of trusted profiles can be about, a claim of their tokens.
    pub claim: String,
    /// `EQUALS`, `NOT_EQUALS`, `EQUALS_IGNORE_CASE`, `NOT_EQUALS_IGNORE_CASE`, `CONTAINS` or `IN`.
    pub operator: String,
    /// What it is compared with: JSON in a text, for `IN` a list. For `email` and `sub` of users it is an e-mail address, for `iam_id`
    /// and `id` the IAM id of a user; for `CONTAINS` a part of one is enough.
    pub value: String,
}
