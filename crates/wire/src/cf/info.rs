//! `GET /v2/info`: where a command line begins.

use serde::{Deserialize, Serialize};

/// The answer of `GET /v2/info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Info {
    /// The product.
    pub name: String,
    /// Its version.
    pub build: String,
    /// Where help is found.
    pub support: String,
    /// Always 0, as the original has it.
    pub version: u64,
    /// One sentence about the product.
    pub description: String,
    /// Where the UAA logs people in.
    pub authorization_endpoint: String,
    /// Where the UAA gives tokens.
    pub token_endpoint: String,
    /// The oldest command line that works.
    pub min_cli_version: Option<String>,
    /// The command line that works best.
    pub min_recommended_cli_version: Option<String>,
    /// The version of the Cloud Foundry interface.
    pub api_version: String,
}
