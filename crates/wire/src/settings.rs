//! Settings of one domain: `/v1/settings/domain` (ours).

use serde::{Deserialize, Serialize};

/// How a domain's samples are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DomainSettings {
    /// Samples are consolidated into slots of so many seconds when they are read, 60 as the original had it; `null`: they
    /// are read as they were sent.
    #[serde(default)]
    pub resolution_seconds: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_resolution_is_a_null() {
        let text = "{\"resolution_seconds\":null}";
        assert_eq!(
            serde_json::to_string(&DomainSettings::default()).unwrap(),
            text
        );
        assert_eq!(
            serde_json::from_str::<DomainSettings>("{\"resolution_seconds\":60}").unwrap(),
            DomainSettings {
                resolution_seconds: Some(60)
            }
        );
    }
}
