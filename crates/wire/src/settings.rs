//! Settings of one domain: `/v1/settings/domain` (ours).

use serde::{Deserialize, Deserializer, Serialize};

/// How a domain's samples are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DomainSettings {
    /// Samples are consolidated into slots of so many seconds when they are read, 60 as the original had it; `null`: they
    /// are read as they were sent.
    #[serde(default)]
    pub resolution_seconds: Option<u32>,
    /// How far apart the values of series stand in Graphite's view, by name, in the words of `storage-schemas.conf`; `null`: no
    /// rule.
    #[serde(default)]
    pub schemas: Option<String>,
    /// The function that consolidates several samples in that view, by name, as in `storage-aggregation.conf`; `null`: no rule.
    #[serde(default)]
    pub aggregation: Option<String>,
    /// Whether senders of lines and of statsd may write an API key before each name (`KEY.name value time`): one that may only
    /// send, and only here.
    #[serde(default)]
    pub key_before_names: bool,
}

/// A change of them: what it leaves out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainChange {
    /// As in the settings.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<u32>)]
    pub resolution_seconds: Option<Option<u32>>,
    /// As in the settings.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub schemas: Option<Option<String>>,
    /// As in the settings.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub aggregation: Option<Option<String>>,
    /// As in the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_before_names: Option<bool>,
}

/// Tells `null` from what is left out.
fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_is_a_null() {
        let text = "{\"resolution_seconds\":null,\"schemas\":null,\"aggregation\":null,\"key_before_names\":false}";
        assert_eq!(
            serde_json::to_string(&DomainSettings::default()).unwrap(),
            text
        );
        assert_eq!(
            serde_json::from_str::<DomainSettings>("{\"resolution_seconds\":60}").unwrap(),
            DomainSettings {
                resolution_seconds: Some(60),
                ..DomainSettings::default()
            }
        );
    }

    #[test]
    fn a_change_tells_null_from_what_it_leaves_out() {
        let change: DomainChange = serde_json::from_str("{\"schemas\":null}").unwrap();
        let expected = DomainChange {
            schemas: Some(None),
            ..DomainChange::default()
        };
        assert_eq!(change, expected);
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            "{\"schemas\":null}"
        );
        let change: DomainChange = serde_json::from_str("{\"resolution_seconds\":60}").unwrap();
        assert_eq!(change.resolution_seconds, Some(Some(60)));
        assert_eq!(change.schemas, None);
    }
}
