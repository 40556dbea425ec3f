//! Instances of the monitoring service: `/v2/resource_instances`.

use serde::{Deserialize, Serialize};

/// An instance: it says the plan of one space.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceInstance {
    /// Its cloud resource name, which paths take percent-encoded. They also take the GUID.
    pub id: String,
    /// Its GUID.
    pub guid: String,
    /// The same as `id`.
    pub crn: String,
    /// Its path on this server.
    pub url: String,
    /// Its name; several may have the same.
    pub name: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The region of its space.
    pub region_id: String,
    /// The service: `ibmcloud-monitoring`.
    pub resource_id: String,
    /// `lite` or `premium`.
    pub resource_plan_id: String,
    /// The resource group it is in.
    pub resource_group_id: String,
    /// The cloud resource name of its resource group.
    pub resource_group_crn: String,
    /// The space.
    pub parameters: InstanceParameters,
    /// `active`.
    pub state: String,
    /// `service_instance`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is locked against changes and deletion.
    pub locked: bool,
    /// `false`.
    pub allow_cleanup: bool,
    /// What was done to it last, which is done.
    pub last_operation: LastOperation,
    /// The path of its keys on this server.
    pub resource_keys_url: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by: String,
    /// When it was changed last.
    pub updated_at: String,
    /// The IAM id of the principal who changed it last.
    pub updated_by: String,
}

/// The parameters of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceParameters {
    /// The GUID of the space that it is for.
    #[serde(default)]
    #[schema(required = true)]
    pub space_id: String,
}

/// What was done to an instance last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LastOperation {
    /// `create` or `update`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `succeeded`.
    pub state: String,
    /// `false`: nothing goes on behind an answer.
    #[serde(rename = "async")]
    pub is_async: bool,
}

/// A page of instances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceInstanceList {
    /// How many there are on this page.
    pub rows_count: u64,
    /// The address of the next page.
    #[serde(default)]
    pub next_url: Option<String>,
    /// The instances.
    pub resources: Vec<ResourceInstance>,
}

/// The body of `POST /v2/resource_instances`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateResourceInstance {
    /// Its name.
    pub name: String,
    /// The region of the space.
    pub target: String,
    /// The id of its resource group.
    pub resource_group: String,
    /// `lite` or `premium`.
    pub resource_plan_id: String,
    /// The space that it is for.
    #[serde(default)]
    #[schema(required = true)]
    pub parameters: InstanceParameters,
    /// None are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// `false` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_cleanup: Option<bool>,
}

/// The body of `PATCH /v2/resource_instances/{id}`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateResourceInstance {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new plan, `lite` or `premium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_plan_id: Option<String>,
    /// The space, which stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<InstanceParameters>,
    /// None are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Its resource group, which stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// `false` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_cleanup: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_has_no_effect_is_refused_by_its_name() {
        let known: InstanceParameters = serde_json::from_str("{\"space_id\":\"a\"}").unwrap();
        assert_eq!(known.space_id, "a");
        let text = "{\"space_id\":\"a\",\"alerts\":true}";
        let refused = serde_json::from_str::<InstanceParameters>(text).unwrap_err();
        assert!(refused.to_string().contains("`alerts`"), "{refused}");
    }
}
