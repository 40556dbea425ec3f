//! Regions: `GET /v2/regions`.

use serde::{Deserialize, Serialize};

/// The answer of `GET /v2/regions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Regions {
    /// The regions.
    pub resources: Vec<Region>,
}

/// One region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Region {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// The domain its addresses lie in.
    pub domain: String,
    /// The address of the Cloud Foundry interface.
    pub cf_api: String,
    /// The address of the console.
    pub console_url: String,
    /// The address of the multi-region interface.
    pub mccp_api: String,
    /// `public`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where on earth it is.
    pub geo: String,
    /// Its owner.
    pub customer: String,
    /// The kind of installation.
    pub deployment: String,
    /// Whether it is the caller's home.
    pub home: bool,
    /// The address of the monitoring interface (ours).
    pub metrics_api: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_called_type_on_the_wire() {
        let region = Region {
            id: "local".to_owned(),
            kind: "public".to_owned(),
            home: true,
            ..Region::default()
        };
        let value = serde_json::to_value(&region).unwrap();
        assert_eq!(value["type"], "public");
        assert_eq!(serde_json::from_value::<Region>(value).unwrap(), region);
    }
}
