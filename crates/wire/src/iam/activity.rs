//! When somebody or an API key has authenticated last: `include_activity`.

use serde::{Deserialize, Serialize};

/// The activity of a user, a service ID or an API key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Activity {
    /// The last time: UTC, as `2017-11-01T12:00+0000`; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_authn: Option<String>,
    /// How often: once for a login, and for each request or batch with the API key itself.
    pub authn_count: u64,
}
