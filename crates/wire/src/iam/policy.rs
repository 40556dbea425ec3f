//! Access policies and authorizations: `/v1/policies` and `/v2/policies`, two forms of the same objects.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A name and its value, as the first form has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NamedAttribute {
    /// The attribute.
    pub name: String,
    /// Its value.
    pub value: String,
    /// `stringEquals`, also where there is none, or `stringMatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}

/// A tag that resources would be chosen by: none is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyTag {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its name in the second form.
    #[serde(default)]
    pub key: Option<String>,
    /// Its value.
    #[serde(default)]
    pub value: Option<String>,
    /// How it would be compared.
    #[serde(default)]
    pub operator: Option<String>,
}

/// The subject of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicySubject {
    /// `iam_id` or `access_group_id`; of an authorization `serviceName` and `accountId`, and `serviceInstance` or `resourceGroupId`.
    #[serde(default)]
    pub attributes: Vec<NamedAttribute>,
}

/// Where a policy gives its roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyResource {
    /// All of these must be met.
    #[serde(default)]
    pub attributes: Vec<NamedAttribute>,
    /// None is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<PolicyTag>,
}

/// A role that a policy gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRole {
    /// Its CRN.
    pub role_id: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The body of `POST /v1/policies` and `PUT /v1/policies/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRequest {
    /// `access` or `authorization`, which a policy keeps.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its subject: one.
    pub subjects: Vec<PolicySubject>,
    /// The roles it gives.
    pub roles: Vec<PolicyRole>,
    /// Where: one.
    pub resources: Vec<PolicyResource>,
}

/// A policy that an invitation gives: it begins with the acceptance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvitedPolicy {
    /// `access`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The roles it gives.
    #[serde(default)]
    pub roles: Vec<PolicyRole>,
    /// Where: one.
    #[serde(default)]
    pub resources: Vec<PolicyResource>,
    /// Refused: a policy for a time is created in `/v2/policies`, for the id of the invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Refused, as `pattern`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<PolicyRule>,
}

/// A policy in the first form. One with a condition of time is shown without its subject, roles and resource, which would say that it
/// is in force at all times: the second form has it, at `href`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// `access` or `authorization`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// Its subject.
    pub subjects: Vec<PolicySubject>,
    /// The roles it gives.
    pub roles: Vec<PolicyRole>,
    /// Where.
    pub resources: Vec<PolicyResource>,
    /// Its address.
    pub href: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by_id: String,
    /// When it was changed last.
    pub last_modified_at: String,
    /// The IAM id of the principal who changed it last.
    pub last_modified_by_id: String,
    /// `active`, or `deleted`: then it gives nothing.
    pub state: String,
}

/// The body of `PATCH /v1/policies/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyState {
    /// `active` or `deleted`.
    pub state: String,
}

/// An attribute as the second form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyedAttribute {
    /// The attribute.
    pub key: String,
    /// `stringEquals` or `stringMatch`.
    pub operator: String,
    /// Its value: a text. Anything else is refused.
    #[schema(value_type = String)]
    pub value: Value,
}

/// The subject of a policy, in the second form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicySubjectV2 {
    /// `iam_id` or `access_group_id`; of an authorization `serviceName` and `accountId`, and `serviceInstance` or `resourceGroupId`.
    #[serde(default)]
    pub attributes: Vec<KeyedAttribute>,
}

/// Where a policy gives its roles, in the second form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyResourceV2 {
    /// All of these must be met.
    #[serde(default)]
    pub attributes: Vec<KeyedAttribute>,
    /// None is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<PolicyTag>,
}

/// The roles that a policy gives, in the second form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyControl {
    /// Its roles.
    pub grant: PolicyGrant,
}

/// The roles that a policy gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyGrant {
    /// The roles.
    pub roles: Vec<PolicyRole>,
}

/// The body of `POST /v2/policies` and `PUT /v2/policies/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRequestV2 {
    /// `access` or `authorization`, which a policy keeps.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The roles it gives.
    pub control: PolicyControl,
    /// Its subject.
    #[serde(default)]
    pub subject: PolicySubjectV2,
    /// Where.
    #[serde(default)]
    pub resource: PolicyResourceV2,
    /// The kind of the rule: `time-based-conditions:once`, `time-based-conditions:weekly:all-day` or
    /// `time-based-conditions:weekly:custom-hours`. Other conditions than those of time are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// When it is in force; always, without one. It needs `pattern` beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<PolicyRule>,
}

/// When a policy is in force: one comparison, with `key`, `operator` and `value`, or several, with `operator` and `conditions`. There are
/// at most ten comparisons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRule {
    /// `{{environment.attributes.current_date_time}}`, `{{environment.attributes.current_time}}` or
    /// `{{environment.attributes.day_of_week}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How it is compared, as `dateTimeLessThan`; or `and` or `or` of `conditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// With what: `2026-12-01T09:00:00+00:00`, `09:00:00+00:00`, or `1+00:00`, Monday, of which `dayOfWeekAnyOf` takes a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Several, in place of one comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<PolicyRuleCondition>>,
}

/// One of the conditions of a rule: a comparison, or several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRuleCondition {
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Several, in place of one comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<PolicyRuleComparison>>,
}

/// A comparison among the conditions in a condition of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyRuleComparison {
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// As in the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// None are served here: `conditions` lie at most two deep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Value>,
}

/// A policy in the second form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyV2 {
    /// Its id.
    pub id: String,
    /// `access` or `authorization`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// The roles it gives.
    pub control: PolicyControl,
    /// Its subject.
    pub subject: PolicySubjectV2,
    /// Where.
    pub resource: PolicyResourceV2,
    /// The kind of its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// When it is in force, as it was written; always, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PolicyRule>)]
    pub rule: Option<Value>,
    /// Its address.
    pub href: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by_id: String,
    /// When it was changed last.
    pub last_modified_at: String,
    /// The IAM id of the principal who changed it last.
    pub last_modified_by_id: String,
    /// `active`, or `deleted`: then it gives nothing.
    pub state: String,
}

/// The address of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyPage {
    /// The address.
    pub href: String,
    /// Where the page begins: the value of `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
}

/// A page of policies in the first form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyList {
    /// How many a page holds at most.
    pub limit: u64,
    /// The first page.
    pub first: PolicyPage,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PolicyPage>,
    /// The page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PolicyPage>,
    /// The policies.
    pub policies: Vec<Policy>,
}

/// A page of policies in the second form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyListV2 {
    /// How many a page holds at most.
    pub limit: u64,
    /// The first page.
    pub first: PolicyPage,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PolicyPage>,
    /// The page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PolicyPage>,
    /// The policies.
    pub policies: Vec<PolicyV2>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sdk_sends_is_read_in_both_forms() {
        let text = "{\"type\":\"access\",\"subjects\":[{\"attributes\":[{\"name\":\"iam_id\",\"value\":\"IBMid-1\"}]}],\
                    \"roles\":[{\"role_id\":\"crn:v1:bluemix:public:iam::::role:Viewer\"}],\
                    \"resources\":[{\"attributes\":[{\"name\":\"accountId\",\"value\":\"0a\",\"operator\":\"stringEquals\"}]}]}";
        let wanted: PolicyRequest = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
        let text = "{\"type\":\"access\",\"control\":{\"grant\":{\"roles\":[{\"role_id\":\"crn:a\"}]}},\
                    \"subject\":{\"attributes\":[{\"key\":\"iam_id\",\"operator\":\"stringEquals\",\"value\":\"IBMid-1\"}]},\
                    \"resource\":{\"attributes\":[]}}";
        let wanted: PolicyRequestV2 = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
        let text = "{\"operator\":\"or\",\"conditions\":[{\"operator\":\"and\",\"conditions\":[\
                    {\"key\":\"a\",\"operator\":\"b\",\"value\":[\"1+00:00\"]}]}]}";
        let rule: PolicyRule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }
}
