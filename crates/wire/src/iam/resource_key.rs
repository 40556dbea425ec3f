//! Keys of instances: `/v2/resource_keys`.

use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// A key of an instance: a service ID with a role in the instance's space, and an API key of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceKey {
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
    /// The cloud resource name of the role that its service ID was given with it. Its policies alone decide what it may do.
    pub role: String,
    /// The cloud resource name of the instance.
    pub source_crn: String,
    /// The path of the instance on this server.
    pub resource_instance_url: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The resource group of the instance.
    pub resource_group_id: String,
    /// The service: `ibmcloud-monitoring`.
    pub resource_id: String,
    /// `active`; `removed` when the API key that was made with it has been deleted: its service ID and the role are there still.
    pub state: String,
    /// `true`: its service ID is one of the identity interface.
    pub iam_compatible: bool,
    /// What it opens the space with. On creation alone the API key is among it.
    pub credentials: KeyCredentials,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by: String,
    /// When it was changed last.
    pub updated_at: String,
    /// The IAM id of the principal who changed it last.
    pub updated_by: String,
}

/// What a key opens the space with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyCredentials {
    /// The text of the API key, on creation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey: Option<SecretText>,
    /// The id of the API key, `ApiKey-<GUID>`.
    pub iam_apikey_id: String,
    /// The cloud resource name of the role.
    pub iam_role_crn: String,
    /// The cloud resource name of the service ID.
    pub iam_serviceid_crn: String,
}

/// A page of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceKeyList {
    /// How many there are on this page.
    pub rows_count: u64,
    /// The address of the next page.
    #[serde(default)]
    pub next_url: Option<String>,
    /// The keys.
    pub resources: Vec<ResourceKey>,
}

/// The body of `POST /v2/resource_keys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateResourceKey {
    /// Its name.
    pub name: String,
    /// The instance: its cloud resource name or its GUID.
    pub source: String,
    /// The role that its service ID shall have in the space, by its name or cloud resource name; `Writer` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<KeyParameters>,
}

/// The parameters of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyParameters {
    /// Whether there shall be no API key: `false` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_apikey: Option<bool>,
}

/// The body of `PATCH /v2/resource_keys/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateResourceKey {
    /// Its new name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_key_is_hidden_from_logs_and_absent_when_it_is_not_told() {
        let credentials = |apikey: Option<&str>| KeyCredentials {
            apikey: apikey.map(SecretText::from),
            iam_apikey_id: "ApiKey-1".to_owned(),
            iam_role_crn: "crn:v1".to_owned(),
            iam_serviceid_crn: "crn:v1".to_owned(),
        };
        let with_key = credentials(Some("hunter2"));
        assert!(!format!("{with_key:?}").contains("hunter2"));
        assert!(
            serde_json::to_string(&with_key)
                .unwrap()
                .contains("hunter2")
        );
        assert!(
            !serde_json::to_string(&credentials(None))
                .unwrap()
                .contains("\"apikey\"")
        );
    }

    #[test]
    fn a_parameter_is_refused_by_its_name() {
        let text =
            "{\"name\":\"ci\",\"source\":\"a\",\"parameters\":{\"serviceid_crn\":\"crn:v1\"}}";
        let refused = serde_json::from_str::<CreateResourceKey>(text).unwrap_err();
        assert!(refused.to_string().contains("`serviceid_crn`"), "{refused}");
        let text = "{\"name\":\"ci\",\"source\":\"a\",\"parameters\":{}}";
        assert!(serde_json::from_str::<CreateResourceKey>(text).is_ok());
    }
}
